package feeds

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/suspect"
	"github.com/callhours/callhours/metrics"
)

// Run makes the attempts as they fall due, until ctx ends, and returns when those that run have
// ended.
func (s *Store) Run(ctx context.Context) {
	var attempts sync.WaitGroup
	defer attempts.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due, wait := s.due()
		for _, f := range due {
			attempts.Go(func() { s.guard.Run(metrics.PanicFeed, f.subject, func() { s.runAttempt(ctx, f) }) })
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-s.wake:
		}
	}
}

// due takes the feeds off the queue whose attempts may start now, and returns them with how long to
// wait until it is called again.
func (s *Store) due() (due []*feed, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scheduler.due(s.options.Now())
}

// releaseHost frees an attempt's place at its host.
func (s *Store) releaseHost(h *host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h.running--
	s.scheduler.markReady(h)
	s.wakeRun()
}

// wakeRun makes Run look at the queue again.
func (s *Store) wakeRun() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// outcome is the result of an attempt.
type outcome struct {
	Fetched
	files         []ical.File // with OK: the body, or the files
	location      string      // what may be shown of the source
	unconditional bool
	fingerprint   string // of files
	skipped       bool   // of files: nothing shows that they have changed, and they were not read
}

// runAttempt makes one attempt and publishes its outcome.
func (s *Store) runAttempt(ctx context.Context, f *feed) {
	s.mu.Lock()
	now := s.options.Now()
	sub, conditions := f.subscriptions[0], f.requestValidators(now)
	s.mu.Unlock()
	l := s.newLeases(f.owner)
	defer l.memory.release()
	if f.host == nil {
		var o outcome
		if err := s.guard.Do(metrics.PanicFeed, f.subject, func() error {
			o = s.readFiles(ctx, f, sub, now, &l.memory)
			return nil
		}); err != nil {
			o = outcome{Fetched: panicked(err), location: sub.location()}
		}
		s.finishAttempt(f, o, &l.memory)
		return
	}
	l.place = &hostPlace{store: s, subject: f.subject, owner: f.owner}
	l.place.hold(f.host)
	var fetched Fetched
	if err := s.guard.Do(metrics.PanicFeed, f.subject, func() error {
		fetched = s.options.Fetch(withLeases(ctx, l), sub.Source, conditions)
		return nil
	}); err != nil {
		fetched = panicked(fmt.Errorf("%s: %w", sub.location(), err))
	}
	l.place.leave()
	o := outcome{Fetched: fetched, location: sub.location(), unconditional: conditions == Validators{}}
	if fetched.Result == metrics.OK {
		o.files, o.Body = []ical.File{fetched.File()}, nil
	}
	if ctx.Err() != nil { // what ends with the program says nothing of the feed
		o = outcome{skipped: true}
	}
	s.finishAttempt(f, o, &l.memory)
}

// panicked is the result of an attempt that a panic ended.
func panicked(err error) Fetched { return Fetched{Result: metrics.ServerError, Err: err} }

// finishAttempt publishes the outcome of an attempt, frees its memory, notifies and logs, and
// schedules the next one.
func (s *Store) finishAttempt(f *feed, o outcome, memory *lease) {
	var changed []string
	if !o.skipped {
		if err := s.guard.Do(metrics.PanicFeed, f.subject, func() error {
			changed = s.updateCopies(f, &o)
			return nil
		}); err != nil {
			o.Result, o.Err = metrics.NotCalendar, err
		}
	}
	o.files = nil // the body is kept by now, or dropped
	memory.release()
	if len(changed) > 0 { // whoever is told may take long, and others are fetched and read meanwhile
		s.mu.Lock()
		s.scheduler.releaseSlot(f)
		s.mu.Unlock()
		s.wakeRun()
		s.notify(changed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	if !o.skipped {
		s.guard.Run(metrics.PanicFeed, f.subject, func() { s.recordOutcome(f, &o, now) })
	}
	if f.host != nil {
		f.share.finish(o.Fetched, now)
		f.reschedule(now, rand.Float64())
	} else {
		f.next = now.Add(s.pollInterval())
	}
	if len(changed) == 0 {
		s.scheduler.releaseSlot(f)
	}
	if f.requested { // meanwhile
		f.next = f.manualLimit.next(now)
	}
	f.running = false
	close(f.ended)
	f.ended = make(chan struct{})
	if s.feeds[f.key] == f {
		s.scheduler.queue.add(f)
	}
	if !f.lacksCopy() || !f.lastEnded.IsZero() {
		delete(s.awaited, f)
	}
	s.checkReady()
	s.wakeRun()
}

// updateCopies makes the new copies, and returns the calendars whose events have changed by that or
// are no longer expired.
func (s *Store) updateCopies(f *feed, o *outcome) (changed []string) {
	s.mu.Lock()
	list := slices.Clone(f.snapshots)
	before := make([]snapshot, len(list))
	for i, k := range list {
		before[i] = *k.snapshot
	}
	s.mu.Unlock()
	if o.Err == nil && len(o.files) > 0 {
		o.Result = metrics.Unchanged
	}
	now := s.options.Now()
	body, parse := o.files, s.parseOnce()
	for i, snap := range before {
		t, after, done := list[i].terms, snap, func() {}
		switch {
		case len(body) > 0:
			var result metrics.FetchResult
			var err error
			after, done, result, err = s.readCopy(f, snap, t, body, now, parse)
			if err != nil {
				o.Err = err
				if f.host != nil {
					o.Err = fmt.Errorf("%s: %w", o.location, err)
				}
			}
			if result != metrics.Unchanged && (o.Result == metrics.Unchanged || err != nil) {
				o.Result = result
			}
		case o.Err == nil:
			after = snap.confirm(now)
		default:
			after.stale = true
		}
		func() {
			defer done()
			changed = append(changed, s.publish(f, t, snap, after, o)...)
		}()
	}
	return changed
}

// parseOnce parses the body of one attempt, once for all copies with the same limits.
func (s *Store) parseOnce() func([]ical.File, ical.Limits) (*calendars.Calendar, error) {
	known := map[ical.Limits]*calendars.Calendar{}
	return func(files []ical.File, limits ical.Limits) (*calendars.Calendar, error) {
		if c := known[limits]; c != nil {
			return c, nil
		}
		c, err := s.parseAndExpand(files, limits)
		if err == nil {
			known[limits] = c
		}
		return c, err
	}
}

// readCopy is the copy after a body was read. It takes a place among the readers, and reserves
// memory until done. A body on which the reader panics cannot be used.
func (s *Store) readCopy(f *feed, snap snapshot, t terms, body []ical.File, now time.Time,
	parse func([]ical.File, ical.Limits) (*calendars.Calendar, error)) (
	after snapshot, done func(), result metrics.FetchResult, err error,
) {
	defer s.acquireTurn(f.owner)()
	s.mu.Lock()
	manual := f.manual
	s.mu.Unlock()
	err = s.guard.Do(metrics.PanicFeed, f.subject, func() (err error) {
		after, result, err = snap.replace(t, body, now, s.bodyReader(manual, parse))
		return err
	})
	done = func() {}
	switch {
	case suspect.Is(err):
		result = metrics.NotCalendar
	case err != nil:
		return after, done, result, err
	default:
		if done, err = s.reserveMemory(f.owner, after.calendar, snap.calendar); err == nil {
			return after, done, result, nil
		}
		result = metrics.TooBig
	}
	snap.stale = true
	return snap, func() {}, result, err
}

// publish makes a copy the one in use, in memory and on disk, and returns the calendars whose
// events have changed by that or are no longer expired.
func (s *Store) publish(f *feed, t terms, before, after snapshot, o *outcome) (changed []string) {
	isNew := after.calendar != before.calendar
	name := copyName(f.owner.name, t.copyFile(f.key))
	var errs []error
	if f.host != nil {
		switch {
		case after.unsaved && !after.stale && len(o.files) > 0:
			errs = append(errs, s.writeCopy(name, t, &after, o)...)
		case after.read != before.read && after.savedSum != [sha256.Size]byte{}:
			if err := s.copies.confirm(name, after.savedSum, after.read); err != nil {
				// whatever is there now, it is not to be believed
				after.savedSum, after.unsaved = [sha256.Size]byte{}, true
				errs = append(errs, err)
			} else {
				errs = append(errs, nil)
			}
		}
	}
	moved := before.unsaved && !after.unsaved // what it pointed to may have been another file
	s.mu.Lock()
	defer s.mu.Unlock()
	snap := f.snapshots.get(t)
	if snap == nil { // nobody asks for it any more
		return nil
	}
	now := s.options.Now()
	expired := map[string]bool{} // calendars that expire_after makes unknown
	for _, sub := range f.subscriptions {
		if subscriber := s.subscribers[sub.Calendar]; subscriber != nil && subscriber.ExpireAfter > 0 {
			expired[sub.Calendar] = subscriber.snapshotAt(now).Unknown()
		}
	}
	*snap = after
	var repointed []*Subscription
	for _, sub := range f.subscriptions {
		subscriber := s.subscribers[sub.Calendar]
		if subscriber == nil || subscriber.feed != f || sub.terms() != t || after.calendar == nil {
			continue
		}
		isOther := isNew || subscriber.former != nil
		if isOther || expired[sub.Calendar] && !subscriber.snapshotAt(now).Unknown() {
			changed = append(changed, sub.Calendar)
		}
		if !isOther && !moved {
			continue
		}
		subscriber.former = nil
		if f.host != nil {
			repointed = append(repointed, sub)
		}
	}
	s.mu.Unlock() // the disk may not answer for a while
	for _, sub := range repointed {
		errs = append(errs, s.copies.setPointer(sub, name))
	}
	s.mu.Lock()
	for _, err := range errs {
		s.recordWrite(err)
	}
	if after.overQuota && !before.overQuota {
		f.owner.logOverQuota(s.options.Log, f, s.options.Now())
	}
	if lost := before.count() - after.count(); isNew && 2*lost > before.count() {
		f.owner.log(s.options.Log, s.options.Now()).Warn("a calendar has lost most of its events",
			slog.Any("calendars", f.names()), slog.Int("events", after.count()), slog.Int("before", before.count()))
	}
	return changed
}

// writeCopy writes the body of an attempt and its compiled events. A copy that cannot be written is
// written when the body comes again.
func (s *Store) writeCopy(name string, t terms, snap *snapshot, o *outcome) []error {
	body := o.files[0].Body
	sum := sha256.Sum256(body)
	err := s.copies.save(name, saved{body: body, charset: o.Charset, read: snap.read, validators: o.Validators})
	snap.savedSum, snap.unsaved, snap.pending, snap.overQuota = sum, err != nil, false, errors.Is(err, errOverQuota)
	if errors.Is(err, errReadOnly) {
		snap.savedSum, snap.unsaved, snap.pending = [sha256.Size]byte{}, false, true
		return nil
	}
	if errors.Is(err, errNewer) { // the log has said so when it was read
		snap.savedSum, snap.unsaved = [sha256.Size]byte{}, false
		return nil
	}
	if err != nil {
		snap.savedSum = [sha256.Size]byte{}
		return []error{err}
	}
	return []error{nil, s.copies.compile(name, snap.calendar, calendars.EncodingKey(s.options.Program, sum, t.Limits))}
}

// count is how many events the copy has.
func (snap snapshot) count() int {
	if snap.calendar == nil {
		return 0
	}
	return snap.calendar.Len()
}

// notify calls Changed.
func (s *Store) notify(changed []string) {
	if s.options.Changed == nil {
		return
	}
	for _, name := range changed {
		s.guard.Run(metrics.PanicCalendar, "calendar "+name, func() { s.options.Changed(name) })
	}
}

// recordOutcome records, counts and logs how an attempt went.
func (s *Store) recordOutcome(f *feed, o *outcome, now time.Time) {
	if o.Err == nil {
		f.validators, f.maxAge = o.Validators, o.MaxAge
		if o.unconditional {
			f.lastFull = now
		}
	}
	for _, sub := range f.subscriptions {
		m := s.options.Metrics.Calendar(sub.Calendar)
		m.IncFetch(o.Result)
		subscriber := s.subscribers[sub.Calendar]
		if subscriber != nil && subscriber.feed == f && subscriber.current() != nil {
			m.SetLastSuccess(subscriber.snapshotAt(now).Dated())
		}
	}
	s.logOutcome(f, o, now)
	o.Body = nil
	f.last, f.lastEnded, f.fingerprint = o.Fetched, now, o.fingerprint
}

// logOutcome logs that a feed starts to fail, fails for another reason or still, has recovered, or
// has changed.
func (s *Store) logOutcome(f *feed, o *outcome, now time.Time) {
	const repeat = time.Hour
	attrs := []any{slog.Any("calendars", f.names()), slog.String("result", string(o.Result))}
	if o.Err == nil {
		if f.failures > 0 {
			f.owner.log(s.options.Log, now).Info("a feed is well again",
				append(attrs, slog.Duration("failed_for", now.Sub(f.failingSince).Round(time.Second)))...)
		} else if o.Result == metrics.OK && !f.lastEnded.IsZero() {
			f.owner.log(s.options.Log, now).Info("a feed has changed", attrs...)
		}
		f.failures, f.failingSince = 0, time.Time{}
	} else {
		if f.failures == 0 {
			f.failingSince = now
		}
		f.failures++
		if f.failures == 1 || f.last.Err == nil || f.last.Err.Error() != o.Err.Error() || now.Sub(f.lastLogged) >= repeat {
			f.lastLogged = now
			attrs = append(attrs, slog.String("error", diag.ErrorLine(o.Err)), slog.Time("since", f.failingSince))
			if f.lacksCopy() {
				f.owner.log(s.options.Log, now).Warn("a feed fails, and there is no copy", attrs...)
			} else {
				f.owner.log(s.options.Log, now).Warn("a feed fails; its copy is used", attrs...)
			}
		}
	}
	if wrong, was := isSkewed(o.Skew), isSkewed(f.last.Skew); wrong && !was {
		f.owner.log(s.options.Log, now).Warn("a server's clock and ours differ; one of them is wrong",
			slog.Any("calendars", f.names()), slog.Duration("ahead", o.Skew))
	}
}

// isSkewed reports whether a server's clock is more than a minute off ours.
func isSkewed(skew time.Duration) bool { return max(skew, -skew) > time.Minute }
