package calendars

import (
	"crypto/sha256"
	"errors"
	"log/slog"
	"slices"

	"github.com/callhours/callhours/internal/contain"
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

// restore reads the copies of feeds from disk, as far as there are any and place for them, on all processors.
func (s *Store) restore(list []*restoring, counted *ledger) {
	parallel.Each(len(list), func(i int) {
		r := list[i]
		name := r.terms.file(r.feed.key)
		if r.loaded = s.load(name, r.terms, r.feed.subject); r.kept == nil {
			r.loaded = s.adopt(r.by, name)
		}
		if !s.places(r.kept, r.feed, counted) {
			r.kept = nil
		}
	})
	now := s.options.Now()
	for _, r := range list {
		s.wrote(r.unwritten)
		if r.kept == nil {
			continue
		}
		f := r.feed
		f.kept.put(r.terms, r.kept)
		f.validators, f.whole = r.validators, now
		age := now.Sub(r.kept.read)
		r.kept.stale = age > 2*f.interval() || age < -maxAhead || r.kept.undated // the process before would have confirmed it since
	}
}

// places reports whether there is place for a copy that was read from disk beside the other calendars of its owner, and says in the log where there
// is none. nil needs none.
func (s *Store) places(k *kept, f *feed, counted *ledger) bool {
	if k == nil {
		return true
	}
	err := counted.admit(f.owner, k.calendar, nil)
	if err != nil {
		s.options.Log.Warn("a copy of a feed cannot be used", slog.String("feed", f.subject), slog.String("error", oneLine(err)))
	}
	return err == nil
}

// loaded is a copy that was read from disk.
type loaded struct {
	kept       *kept // nil: there is none that can be used
	validators Validators
	unwritten  error // why its compiled events could not be kept
}

// load reads a copy from disk: from its compiled events, else from its body. It needs no lock. subject names the copy in the log.
func (s *Store) load(name string, t terms, subject string) (copy loaded) {
	err := s.guard.Do(metrics.PanicFeed, subject, func() (err error) {
		copy, err = s.loadCopy(name, t)
		return err
	})
	if err != nil && !errors.Is(err, errNoCopy) {
		s.options.Log.Warn("a copy of a feed cannot be used", slog.String("error", oneLine(err)))
	}
	return copy
}

func (s *Store) loadCopy(name string, t terms) (loaded, error) {
	on, err := s.copies.load(name, t.Limits.withDefaults().Bytes)
	if err != nil {
		return loaded{}, err
	}
	key := compiledKey(s.options.Program, on.sum, t.Limits)
	var calendar *Calendar
	noneCompiled := contain.Do(func() (err error) {
		calendar, err = readCompiled(s.copies.compiled(name), key, t.Limits)
		return err
	})
	var unwritten error
	if noneCompiled != nil {
		files := []File{{Body: on.body}}
		err := s.suspects.ReadAgain(sumOf(files), s.options.Now(), func() (err error) {
			calendar, err = s.parse(files, t.Limits)
			return err
		})
		if err != nil {
			return loaded{}, err
		}
		unwritten = s.copies.compile(name, calendar, key)
	}
	k := &kept{calendar: calendar, read: on.read, stored: on.sum}
	if on.former {
		k.stored, k.unsaved, k.pending, k.undated = [sha256.Size]byte{}, !s.copies.isReadOnly(), true, true
	}
	return loaded{k, on.validators, unwritten}, nil
}

// adopt reads the copy that a calendar used under a version of callhours that did not tell owners apart; it is written under
// its present name when the feed has answered. The calendar's pointer proves that it is its own: who asks for the same only
// now gets nothing of it.
func (s *Store) adopt(sub *Subscription, name string) loaded {
	t := sub.terms()
	former := s.copies.formerlyPointed(sub)
	if former == "" || former == name || !slices.Contains(sub.formerFiles(), former) {
		return loaded{}
	}
	on := s.load(former, t, "calendar "+sub.Calendar)
	if on.kept != nil {
		on.kept.stored, on.kept.unsaved, on.kept.pending = [sha256.Size]byte{}, !s.copies.isReadOnly(), true
	}
	return on
}

// former is what a calendar had from another source: of the subscriptions before, else on disk. Another owner's of
// the same name is another calendar.
func (s *Store) former(before, own *subscribed, counted *ledger) *kept {
	if before != nil && before.copy() != nil && before.Source.Owner == own.Source.Owner {
		k := *before.copy()
		return &k
	}
	sub := own.Subscription
	if name := s.copies.pointed(sub); name != "" && name != sub.terms().file(sub.key()) {
		if k := s.load(name, sub.terms(), "calendar "+sub.Calendar).kept; s.places(k, own.feed, counted) {
			return k
		}
	}
	return nil
}
