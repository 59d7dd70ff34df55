package feeds

import (
	"crypto/sha256"
	"errors"
	"log/slog"
	"maps"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/parallel"
	"github.com/callhours/callhours/metrics"
)

// restoring is a feed's copy that is read from disk.
type restoring struct {
	feed  *feed
	terms terms
	by    *Subscription // the first that asks for it
	loaded
}

// tidy makes the directories, and begins to remove what nobody uses. What comes of it says whether
// copies can be kept.
func (s *Store) tidy(list []*Subscription, now time.Time) <-chan error {
	// A directory that cannot be written is told of by what keeps copies there.
	_ = s.suspects.Open(now)
	cleared := make(chan error, 1)
	prepared := s.copies.prepare()
	if prepared == nil && s.cleared.IsZero() { // the attempts that write begin only now
		prepared = s.copies.mend()
	}
	if prepared != nil || now.Sub(s.cleared) < clearEvery {
		cleared <- prepared
		return cleared
	}
	s.cleared = now
	go func() { // it looks at thousands of files, while others are read
		cleared <- s.guard.Do(metrics.PanicState, "copies of feeds", func() error {
			more, err := s.copies.clear(now, list)
			if more {
				go s.guard.Run(metrics.PanicState, "copies of feeds", s.clearRest)
			}
			return err
		})
	}()
	return cleared
}

// onDisk is what subscriptions found on disk.
type onDisk struct {
	copies map[string]loaded // by name
	former map[string]*kept  // what calendars had from another source, by calendar
}

// fromDisk reads the copies of what subscriptions ask for that is not in memory, and where there is
// none, what the calendar had from another source. It waits for the disk, and so is called without
// mu.
func (s *Store) fromDisk(list []*Subscription) onDisk {
	// the first that asks for a copy, by its name; by calendar
	feeds, lacking := map[string]*Subscription{}, map[string]*Subscription{}
	s.mu.Lock()
	for _, sub := range list {
		var k *kept
		if f := s.feeds[sub.key()]; f != nil {
			k = f.kept.on(sub.terms())
		}
		name := sub.copyName()
		if k == nil && sub.File == "" && feeds[name] == nil {
			feeds[name] = sub
		}
		before := s.subscribed[sub.Calendar]
		if (k == nil || k.calendar == nil) && (sub.Known == nil || k != nil) &&
			(before == nil || before.copy() == nil || before.Source.Owner != sub.Source.Owner) {
			lacking[sub.Calendar] = sub
		}
	}
	s.mu.Unlock()
	found := onDisk{map[string]loaded{}, map[string]*kept{}}
	counted, names := &tally{bytes: map[string]int{}}, slices.Sorted(maps.Keys(feeds))
	copies := make([]loaded, len(names))
	parallel.Each(len(names), func(i int) {
		name, sub := names[i], feeds[names[i]]
		if copies[i] = s.load(name, sub.terms(), "feed of calendar "+sub.Calendar); copies[i].kept == nil {
			copies[i] = s.adopt(sub, name)
		}
		if !counted.fits(sub.Source.Owner, copies[i].kept) {
			copies[i].kept = nil
		}
	})
	for i, name := range names {
		found.copies[name] = copies[i]
	}
	for _, calendar := range slices.Sorted(maps.Keys(lacking)) {
		sub := lacking[calendar]
		own := sub.copyName()
		if found.copies[own].kept != nil {
			continue
		}
		if name := s.copies.pointed(sub); name != "" && name != own {
			if k := s.load(name, sub.terms(), "calendar "+calendar).kept; counted.fits(sub.Source.Owner, k) {
				found.former[calendar] = k
			}
		}
	}
	return found
}

// tally bounds what is read from disk for each tenant before it is known which of it there is place
// for: twice as much.
type tally struct {
	mu    sync.Mutex
	bytes map[string]int
}

func (t *tally) fits(owner string, k *kept) bool {
	if k == nil || owner == "" {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes[owner] += k.calendar.Weight()
	return t.bytes[owner] <= 2*ownerBytes
}

// restore puts the copies in place that were read from disk, as far as there is place for them.
func (s *Store) restore(list []*restoring, disk onDisk, counted *ledger) {
	for _, r := range list {
		if r.loaded = disk.copies[copyName(r.feed.owner.name, r.terms.file(r.feed.key))]; !s.places(r.kept, r.feed,
			counted) {
			r.kept = nil
		}
	}
	now := s.options.Now()
	for _, r := range list {
		if r.unwritten != nil {
			s.wrote(r.unwritten)
		}
		if r.kept == nil {
			continue
		}
		f := r.feed
		f.kept.put(r.terms, r.kept)
		f.validators, f.whole = r.validators, now
		age := now.Sub(r.kept.read)
		// the process before would have confirmed it since
		r.kept.stale = age > 2*f.interval() || age < -maxAhead || r.kept.undated
	}
}

// places reports whether there is place for a copy that was read from disk beside the other
// calendars of its owner, and says in the log where there is none. nil needs none.
func (s *Store) places(k *kept, f *feed, counted *ledger) bool {
	if k == nil {
		return true
	}
	err := counted.admit(f.owner, k.calendar, nil)
	if err != nil {
		s.options.Log.Warn("a copy of a feed cannot be used", slog.String("feed", f.subject),
			slog.String("error", diag.ErrorLine(err)))
	}
	return err == nil
}

// loaded is a copy that was read from disk.
type loaded struct {
	kept       *kept // nil: there is none that can be used
	validators Validators
	unwritten  error // why its compiled events could not be kept
}

// load reads a copy from disk: from its compiled events, else from its body. It needs no lock.
// subject names the copy in the log.
func (s *Store) load(name string, t terms, subject string) (copy loaded) {
	err := s.guard.Do(metrics.PanicFeed, subject, func() (err error) {
		copy, err = s.loadCopy(name, t)
		return err
	})
	if err != nil && !errors.Is(err, errNoCopy) {
		s.options.Log.Warn("a copy of a feed cannot be used", slog.String("error", diag.ErrorLine(err)))
	}
	return copy
}

func (s *Store) loadCopy(name string, t terms) (loaded, error) {
	on, err := s.copies.load(name, t.Limits.WithDefaults().Bytes)
	if err != nil {
		return loaded{}, err
	}
	key := calendars.EncodingKey(s.options.Program, on.sum, t.Limits)
	var calendar *calendars.Calendar
	noneCompiled := contain.Do(func() (err error) {
		calendar, err = calendars.Decode(s.copies.compiled(name), key, t.Limits)
		return err
	})
	var unwritten error
	if noneCompiled != nil {
		files := []ical.File{on.file()}
		err := s.suspects.ReadAgain(suspectSum(calendars.Sum(files), t.Limits), s.options.Now(), func() (err error) {
			calendar, err = s.parseAndExpand(files, t.Limits)
			return err
		})
		if err != nil {
			return loaded{}, err
		}
		unwritten = s.copies.compile(name, calendar, key)
	}
	k := &kept{calendar: calendar, read: on.read, stored: on.sum}
	if on.name == "" { // an earlier version wrote it
		k.unsaved, k.pending = !s.copies.isReadOnly(), true
	}
	if on.former {
		k.stored, k.undated = [sha256.Size]byte{}, true
	}
	return loaded{k, on.validators, unwritten}, nil
}

// adopt reads the copy that a calendar used under a version of callhours that had no directories of
// owners, or did not tell owners apart; it is written under its present name when the feed has
// answered. In the first case its name proves that it is its own, in the second the calendar's
// pointer: who asks for the same only now gets nothing of it.
func (s *Store) adopt(sub *Subscription, name string) (on loaded) {
	t := sub.terms()
	if former := path.Base(name); former != name {
		on = s.load(former, t, "calendar "+sub.Calendar)
	}
	if former := s.copies.formerlyPointed(sub); on.kept == nil && former != "" && former != name &&
		slices.Contains(sub.formerFiles(), former) {
		on = s.load(former, t, "calendar "+sub.Calendar)
	}
	if on.kept != nil {
		on.kept.stored, on.kept.unsaved, on.kept.pending = [sha256.Size]byte{}, !s.copies.isReadOnly(), true
	}
	return on
}

// former is what a calendar had from another source: of the subscriptions before, else on disk.
// Another owner's of the same name is another calendar.
func (s *Store) former(before, own *subscribed, disk onDisk, counted *ledger) *kept {
	if before != nil && before.copy() != nil && before.Source.Owner == own.Source.Owner {
		k := *before.copy()
		return &k
	}
	if k := disk.former[own.Calendar]; s.places(k, own.feed, counted) {
		return k
	}
	return nil
}
