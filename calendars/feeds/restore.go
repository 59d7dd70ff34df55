package feeds

import (
	"crypto/sha256"
	"errors"
	"log/slog"
	"maps"
	"path"
	"runtime"
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

// restoration is a feed's copy that is read from disk.
type restoration struct {
	feed         *feed
	terms        terms
	subscription *Subscription // the first that asks for it
	loaded
}

// startCleanup makes the directories and starts to remove unused copies. It sends whether copies
// can be kept.
func (s *Store) startCleanup(list []*Subscription, now time.Time) <-chan error {
	// A directory that cannot be written is told of by what keeps copies there.
	_ = s.suspects.Open(now)
	cleared := make(chan error, 1)
	prepared := s.copies.prepare()
	if prepared == nil && s.lastCleanup.IsZero() { // the attempts that write begin only now
		prepared = s.copies.removePartial()
	}
	if prepared != nil || now.Sub(s.lastCleanup) < cleanupInterval {
		cleared <- prepared
		return cleared
	}
	s.lastCleanup = now
	go func() { // it looks at thousands of files, while others are read
		cleared <- s.guard.Do(metrics.PanicState, "copies of feeds", func() error {
			more, err := s.copies.removeUnused(now, list)
			if more {
				go s.guard.Run(metrics.PanicState, "copies of feeds", s.removeRemaining)
			}
			return err
		})
	}()
	return cleared
}

// diskCopies is what subscriptions have on disk.
type diskCopies struct {
	copies map[string]loaded    // by name
	former map[string]*snapshot // what calendars had from another source, by calendar
}

// readDisk reads the copies of subscriptions that are not in memory, and where there is none, what
// the calendar had from another source. It waits for the disk, so callers do not hold mu.
func (s *Store) readDisk(list []*Subscription) diskCopies {
	// the first that asks for a copy, by its name; by calendar
	feeds, missing := map[string]*Subscription{}, map[string]*Subscription{}
	s.mu.Lock()
	isAnswering := len(s.subscribers) > 0
	for _, sub := range list {
		var snap *snapshot
		if f := s.feeds[sub.key()]; f != nil {
			snap = f.snapshots.get(sub.terms())
		}
		name := sub.copyName()
		if snap == nil && sub.File == "" && feeds[name] == nil {
			feeds[name] = sub
		}
		before := s.subscribers[sub.Calendar]
		if (snap == nil || snap.calendar == nil) && (sub.Known == nil || snap != nil) &&
			(before == nil || before.current() == nil || before.Source.Owner != sub.Source.Owner) {
			missing[sub.Calendar] = sub
		}
	}
	s.mu.Unlock()
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	if isAnswering { // tenants' calls meanwhile have the other half of the processors
		places = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))
	}
	found := diskCopies{map[string]loaded{}, map[string]*snapshot{}}
	counted, names := &tally{bytes: map[string]int{}}, slices.Sorted(maps.Keys(feeds))
	copies := make([]loaded, len(names))
	parallel.Each(len(names), func(i int) {
		name, sub := names[i], feeds[names[i]]
		places <- struct{}{}
		defer func() { <-places }()
		if copies[i] = s.load(name, sub.terms(), "feed of calendar "+sub.Calendar); copies[i].snapshot == nil {
			copies[i] = s.loadEarlier(sub, name)
		}
		if !counted.fits(sub.Source.Owner, copies[i].snapshot) {
			copies[i].snapshot = nil
		}
	})
	for i, name := range names {
		found.copies[name] = copies[i]
	}
	for _, calendar := range slices.Sorted(maps.Keys(missing)) {
		sub := missing[calendar]
		own := sub.copyName()
		if found.copies[own].snapshot != nil {
			continue
		}
		if name := s.copies.pointer(sub); name != "" && name != own {
			if snap := s.load(name, sub.terms(), "calendar "+calendar).snapshot; counted.fits(sub.Source.Owner, snap) {
				found.former[calendar] = snap
			}
		}
	}
	return found
}

// tally bounds what is read from disk for each tenant before it is known which of it fits: twice
// the limit.
type tally struct {
	mu    sync.Mutex
	bytes map[string]int
}

func (t *tally) fits(owner string, snap *snapshot) bool {
	if snap == nil || owner == "" {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes[owner] += snap.calendar.Weight()
	return t.bytes[owner] <= 2*ownerBytes
}

// restore publishes the copies that were read from disk, as far as they fit in memory.
func (s *Store) restore(list []*restoration, disk diskCopies, ledger *ledger) {
	for _, r := range list {
		r.loaded = disk.copies[copyName(r.feed.owner.name, r.terms.copyFile(r.feed.key))]
		if !s.fitsInMemory(r.snapshot, r.feed, ledger) {
			r.snapshot = nil
		}
	}
	now := s.options.Now()
	for _, r := range list {
		if r.writeError != nil {
			s.recordWrite(r.writeError)
		}
		if r.snapshot == nil {
			continue
		}
		f := r.feed
		f.snapshots.set(r.terms, r.snapshot)
		f.validators, f.lastFull = r.validators, now
		age := now.Sub(r.snapshot.read)
		// the process before would have confirmed it since
		r.snapshot.stale = age > 2*f.interval() || age < -maxAhead || r.snapshot.undated
	}
}

// fitsInMemory reports whether a copy that was read from disk fits beside the other calendars of
// its owner, and logs it if not. nil fits.
func (s *Store) fitsInMemory(snap *snapshot, f *feed, ledger *ledger) bool {
	if snap == nil {
		return true
	}
	err := ledger.reserve(f.owner, snap.calendar, nil)
	if err != nil {
		s.options.Log.Warn("a copy of a feed cannot be used", slog.String("feed", f.subject),
			slog.String("error", diag.ErrorLine(err)))
	}
	return err == nil
}

// loaded is a copy that was read from disk.
type loaded struct {
	snapshot   *snapshot // nil: there is none that can be used
	validators Validators
	writeError error // why its compiled events could not be kept
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
	found, err := s.copies.load(name, t.Limits.WithDefaults().Bytes)
	if err != nil {
		return loaded{}, err
	}
	key := calendars.EncodingKey(s.options.Program, found.sum, t.Limits)
	var calendar *calendars.Calendar
	noneCompiled := contain.Do(func() (err error) {
		calendar, err = calendars.Decode(s.copies.compiled(name), key, t.Limits)
		return err
	})
	var writeError error
	if noneCompiled != nil {
		files := []ical.File{found.file()}
		err := s.suspects.ReadAgain(suspectSum(calendars.Sum(files), t.Limits), s.options.Now(), func() (err error) {
			calendar, err = s.parseAndExpand(files, t.Limits)
			return err
		})
		if err != nil {
			return loaded{}, err
		}
		writeError = s.copies.compile(name, calendar, key)
	}
	snap := &snapshot{calendar: calendar, read: found.read, savedSum: found.sum}
	if found.name == "" { // an earlier version wrote it
		snap.unsaved, snap.pending = !s.copies.isReadOnly(), true
	}
	if found.earlierFormat {
		snap.savedSum, snap.undated = [sha256.Size]byte{}, true
	}
	return loaded{snap, found.validators, writeError}, nil
}

// loadEarlier reads the copy that a calendar used under an earlier version of callhours, which had
// no directories of owners or did not tell owners apart; it is written under its present name after
// the next answer. In the first case the name proves whose it is, in the second the calendar's
// pointer: a new subscription of the same source gets nothing of it.
func (s *Store) loadEarlier(sub *Subscription, name string) (found loaded) {
	t := sub.terms()
	if former := path.Base(name); former != name {
		found = s.load(former, t, "calendar "+sub.Calendar)
	}
	if former := s.copies.earlierPointer(sub); found.snapshot == nil && former != "" && former != name &&
		slices.Contains(sub.earlierFiles(), former) {
		found = s.load(former, t, "calendar "+sub.Calendar)
	}
	if snap := found.snapshot; snap != nil {
		snap.savedSum, snap.unsaved, snap.pending = [sha256.Size]byte{}, !s.copies.isReadOnly(), true
	}
	return found
}

// former is what a calendar had from another source: of the subscriptions before, else on disk.
// Another owner's of the same name is another calendar.
func (s *Store) former(before, subscriber *subscriber, disk diskCopies, ledger *ledger) *snapshot {
	if before != nil && before.current() != nil && before.Source.Owner == subscriber.Source.Owner {
		snap := *before.current()
		return &snap
	}
	if snap := disk.former[subscriber.Calendar]; s.fitsInMemory(snap, subscriber.feed, ledger) {
		return snap
	}
	return nil
}
