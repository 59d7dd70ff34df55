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

// ledger counts the memory that copies of tenants take, each once however many calendars use it:
// those that existed when it was made, and those reserved since.
type ledger struct {
	mu      sync.Mutex
	counted map[*owner]map[*calendars.Calendar]bool
	bytes   map[*owner]int
}

// ledger counts what one owner has or, with nil, what all have. Callers hold mu.
func (s *Store) ledger(only *owner) *ledger {
	l := &ledger{counted: map[*owner]map[*calendars.Calendar]bool{}, bytes: map[*owner]int{}}
	for _, f := range s.feeds {
		if only != nil && f.owner != only {
			continue
		}
		for _, k := range f.snapshots {
			l.add(f.owner, k.calendar)
		}
		for _, sub := range f.subscriptions {
			if subscriber := s.subscribers[sub.Calendar]; subscriber != nil && subscriber.former != nil {
				l.add(f.owner, subscriber.former.calendar)
			}
		}
		for c := range f.owner.incoming {
			l.add(f.owner, c)
		}
	}
	return l
}

// add counts a calendar, or nil.
func (l *ledger) add(o *owner, c *calendars.Calendar) {
	if c == nil || o.name == "" || l.counted[o][c] {
		return
	}
	if l.counted[o] == nil {
		l.counted[o] = map[*calendars.Calendar]bool{}
	}
	l.counted[o][c] = true
	l.bytes[o] += c.Weight()
}

// reserve counts a calendar in the place of another one or nil, unless there is no room for it. A
// tenant over its limit, because its subscriptions have changed, may replace a calendar by one that
// takes no more.
func (l *ledger) reserve(o *owner, c, replaced *calendars.Calendar) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c == nil || o.name == "" || l.counted[o][c] {
		return nil
	}
	freed := 0
	if replaced != nil {
		freed = replaced.Weight()
	}
	if w := c.Weight(); w > freed && l.bytes[o]-freed+w > ownerBytes {
		return ownerTooBig()
	}
	l.add(o, c)
	return nil
}

// reserveMemory counts a calendar of an owner that was read and is about to be published in the
// place of another one; done ends that.
func (s *Store) reserveMemory(o *owner, c, replaced *calendars.Calendar) (done func(), err error) {
	if o.name == "" || c == nil || c == replaced {
		return func() {}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ledger(o).reserve(o, c, replaced); err != nil {
		return nil, err
	}
	if o.incoming == nil {
		o.incoming = map[*calendars.Calendar]int{}
	}
	o.incoming[c]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if o.incoming[c]--; o.incoming[c] == 0 {
			delete(o.incoming, c)
		}
	}, nil
}

// Loader reads the files of the calendars of one configuration. What several calendars of an owner
// name is read and taken apart once, and what those of a tenant name is read up to the memory that
// they may take together; CA files likewise. It is for one goroutine.
type Loader struct {
	large   func() (done func()) // see NewLoader
	read    map[loadKey]loadedFiles
	bytes   map[string]int      // that were read for each tenant, or what its calendars take, whichever is more
	globs   map[string]*globs   // by owner
	names   map[string]int      // that were looked at for each tenant's globs
	caFiles map[string]*caFiles // by owner
}

type loadKey struct {
	owner, pattern string
	limits         ical.Limits
}

type loadedFiles struct {
	calendar *calendars.Calendar
	err      error
}

// NewLoader makes a Loader that has read nothing. It calls large before it reads the files of a
// calendar that hold more than 256 KiB together, and done when their events are known, so that
// several Loaders can take turns for them; nil takes none.
func NewLoader(large func() (done func())) *Loader {
	return &Loader{
		large: large,
		read:  map[loadKey]loadedFiles{}, bytes: map[string]int{}, globs: map[string]*globs{}, names: map[string]int{},
		caFiles: map[string]*caFiles{},
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

// turn waits for the turn of large files, and gives what ends it.
func (l *Loader) turn(fsys fs.FS, names []string) (done func()) {
	if l.large == nil {
		return func() {}
	}
	// Reading says what is wrong with a file whose size cannot be asked.
	if _, size, err := fingerprint(fsys, names); err != nil || size <= smallBody {
		return func() {}
	}
	return l.large()
}

func (l *Loader) load(owner string, former *calendars.Calendar, fsys fs.FS, pattern string,
	limits ical.Limits,
) (*calendars.Calendar, error) {
	if l.globs[owner] == nil {
		l.globs[owner] = &globs{once: true}
	}
	if owner == "" {
		names, _, err := findFiles(fsys, pattern, l.globs[owner], time.Time{}, math.MaxInt)
		if err != nil {
			return nil, err
		}
		defer l.turn(fsys, names)()
		files, err := filesUpTo(fsys, names, limits.WithDefaults(), filesTimes*limits.WithDefaults().Bytes)
		if err != nil {
			return nil, err
		}
		return reuseOrRead(former, files, limits)
	}
	if l.bytes[owner] > ownerBytes {
		return nil, ownerTooBig()
	}
	names, cost, err := findFiles(fsys, pattern, l.globs[owner], time.Time{}, maxNames-l.names[owner])
	if l.names[owner] += cost; err != nil {
		return nil, err
	}
	defer l.turn(fsys, names)()
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
	calendar, err := reuseOrRead(former, files, limits)
	if err != nil {
		return nil, err
	}
	l.bytes[owner] += max(0, calendar.Weight()-length)
	if l.bytes[owner] > ownerBytes {
		return nil, ownerTooBig()
	}
	return calendar, nil
}
