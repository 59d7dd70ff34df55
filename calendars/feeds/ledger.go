package feeds

import (
	"fmt"
	"io/fs"
	"math"
	"sync"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
)

// ownerBytes is how much memory the events of all calendars of a tenant take together, packed. The
// operator's are not counted: who runs callhours decides what its machine is for.
const ownerBytes = 128 << 20

// ownerTooBig says that a calendar of a tenant has no place beside its others.
func ownerTooBig() error {
	return fmt.Errorf(
		"%w: all calendars of the tenant together take more than %d MiB; remove some, or share calendars with fewer events", ical.ErrTooBig, ownerBytes>>20)
}

// ledger counts what the copies of tenants take together, each once whatever many calendars use it:
// those that there were when it was made, and what was admitted since.
type ledger struct {
	mu    sync.Mutex
	taken map[*owner]map[*calendars.Calendar]bool
	bytes map[*owner]int
}

// ledger counts what one owner has, or, with nil, what all have. It is called with the lock.
func (s *Store) ledger(only *owner) *ledger {
	l := &ledger{taken: map[*owner]map[*calendars.Calendar]bool{}, bytes: map[*owner]int{}}
	for _, f := range s.feeds {
		if only != nil && f.owner != only {
			continue
		}
		for _, k := range f.kept {
			l.add(f.owner, k.calendar)
		}
		for _, sub := range f.subscriptions {
			if own := s.subscribed[sub.Calendar]; own != nil && own.former != nil {
				l.add(f.owner, own.former.calendar)
			}
		}
		for c := range f.owner.arriving {
			l.add(f.owner, c)
		}
	}
	return l
}

// add counts a calendar, or nil.
func (l *ledger) add(o *owner, c *calendars.Calendar) {
	if c == nil || o.name == "" || l.taken[o][c] {
		return
	}
	if l.taken[o] == nil {
		l.taken[o] = map[*calendars.Calendar]bool{}
	}
	l.taken[o][c] = true
	l.bytes[o] += c.Weight()
}

// admit counts a calendar, in the place of another one or nil, unless there is no place for it. A
// tenant that has more than it may, because its subscriptions have changed, may replace a calendar
// by one that takes no more.
func (l *ledger) admit(o *owner, c, instead *calendars.Calendar) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c == nil || o.name == "" || l.taken[o][c] {
		return nil
	}
	less := 0
	if instead != nil {
		less = instead.Weight()
	}
	if w := c.Weight(); w > less && l.bytes[o]-less+w > ownerBytes {
		return ownerTooBig()
	}
	l.add(o, c)
	return nil
}

// arrives notes that a calendar of an owner was read and is about to be kept, in the place of
// another one; done ends that.
func (s *Store) arrives(o *owner, c, instead *calendars.Calendar) (done func(), err error) {
	if o.name == "" || c == nil || c == instead {
		return func() {}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ledger(o).admit(o, c, instead); err != nil {
		return nil, err
	}
	if o.arriving == nil {
		o.arriving = map[*calendars.Calendar]int{}
	}
	o.arriving[c]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if o.arriving[c]--; o.arriving[c] == 0 {
			delete(o.arriving, c)
		}
	}, nil
}

// Loader reads the files of the calendars of one configuration. What several calendars of an owner
// name is read and taken apart once, and what those of a tenant name is read up to the memory that
// they may take together. It is for one goroutine.
type Loader struct {
	read  map[loadKey]loadedFiles
	bytes map[string]int    // that were read for each tenant, or what its calendars take, whichever is more
	globs map[string]*globs // by owner
	names map[string]int    // that were looked at for each tenant's globs
}

type loadKey struct {
	owner, pattern string
	limits         ical.Limits
}

type loadedFiles struct {
	calendar *calendars.Calendar
	err      error
}

// NewLoader makes a Loader that has read nothing.
func NewLoader() *Loader {
	return &Loader{
		read: map[loadKey]loadedFiles{}, bytes: map[string]int{}, globs: map[string]*globs{}, names: map[string]int{},
	}
}

// Load reads the files that a path or a glob names, for a calendar of owner, "" being the operator.
// former is what was read of them before; it is given back if they hold the same. nil: nothing was.
// The error is [Files]' or [ReadFiles]', or ErrTooBig where there is no place for it beside the
// other calendars of its owner.
func (l *Loader) Load(owner string, former *calendars.Calendar, fsys fs.FS, pattern string,
	limits ical.Limits,
) (*calendars.Calendar, error) {
	key := loadKey{owner, pattern, limits}
	done, ok := l.read[key]
	if !ok {
		done.calendar, done.err = l.load(owner, former, fsys, pattern, limits)
		l.read[key] = done
	}
	return done.calendar, done.err
}

func (l *Loader) load(owner string, former *calendars.Calendar, fsys fs.FS, pattern string,
	limits ical.Limits,
) (*calendars.Calendar, error) {
	if l.globs[owner] == nil {
		l.globs[owner] = &globs{once: true}
	}
	if owner == "" {
		names, _, err := match(fsys, pattern, l.globs[owner], time.Time{}, math.MaxInt)
		if err != nil {
			return nil, err
		}
		files, err := filesUpTo(fsys, names, limits.WithDefaults(), filesTimes*limits.WithDefaults().Bytes)
		if err != nil {
			return nil, err
		}
		return reread(former, files, limits)
	}
	if l.bytes[owner] > ownerBytes {
		return nil, ownerTooBig()
	}
	names, cost, err := match(fsys, pattern, l.globs[owner], time.Time{}, maxNames-l.names[owner])
	if l.names[owner] += cost; err != nil {
		return nil, err
	}
	full := limits.WithDefaults()
	files, err := filesUpTo(fsys, names, full, filesTimes*full.Bytes)
	if err != nil {
		return nil, err
	}
	length := 0
	for _, f := range files {
		length += len(f.Body)
	}
	l.bytes[owner] += length
	if l.bytes[owner] > ownerBytes {
		return nil, ownerTooBig()
	}
	calendar, err := reread(former, files, limits)
	if err != nil {
		return nil, err
	}
	l.bytes[owner] += max(0, calendar.Weight()-length)
	if l.bytes[owner] > ownerBytes {
		return nil, ownerTooBig()
	}
	return calendar, nil
}
