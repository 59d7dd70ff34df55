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
			attempts.Go(func() { s.guard.Run(metrics.PanicFeed, f.subject, func() { s.attempt(ctx, f) }) })
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

// wakeRun makes Run look at the queue again.
func (s *Store) wakeRun() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// brought is what an attempt brought.
type brought struct {
	Fetched
	files         []ical.File // with OK: the body, or the files
	where         string      // what may be shown of the source
	unconditional bool
	print         string // of files
	idle          bool   // of files: nothing shows that they have changed, and they were not read
}

// attempt makes one and takes in what came of it.
func (s *Store) attempt(ctx context.Context, f *feed) {
	s.mu.Lock()
	now := s.options.Now()
	sub, conditions := f.subscriptions[0], f.conditions(now)
	s.mu.Unlock()
	space := &room{own: f.owner.large, all: s.large}
	defer space.free()
	if f.host == nil {
		var o brought
		if err := s.guard.Do(metrics.PanicFeed, f.subject, func() error {
			o = s.readFiles(ctx, f, sub, now, space)
			return nil
		}); err != nil {
			o = brought{Fetched: failedBy(err), where: sub.where()}
		}
		s.end(f, o, space)
		return
	}
	// A slow one gives its place away before it has ended.
	release := sync.OnceFunc(func() { s.release(f.host) })
	patience := time.AfterFunc(slow, func() { s.guard.Run(metrics.PanicFeed, f.subject, release) })
	var fetched Fetched
	if err := s.guard.Do(metrics.PanicFeed, f.subject, func() error {
		fetched = s.options.Fetch(inRoom(ctx, space), sub.Source, conditions)
		return nil
	}); err != nil {
		fetched = failedBy(fmt.Errorf("%s: %w", sub.where(), err))
	}
	patience.Stop()
	release()
	o := brought{Fetched: fetched, where: sub.where(), unconditional: conditions == Validators{}}
	if fetched.Result == metrics.OK {
		o.files, o.Body = []ical.File{fetched.File()}, nil
	}
	if ctx.Err() != nil { // what ends with the program says nothing of the feed
		o = brought{idle: true}
	}
	s.end(f, o, space)
}

// failedBy is an attempt that a panic ended.
func failedBy(err error) Fetched { return Fetched{Result: metrics.ServerError, Err: err} }

// end takes in what came of an attempt, gives its room back, says what came, and sets the next one.
func (s *Store) end(f *feed, o brought, space *room) {
	var changed []string
	if !o.idle {
		if err := s.guard.Do(metrics.PanicFeed, f.subject, func() error {
			changed = s.take(f, &o)
			return nil
		}); err != nil {
			o.Result, o.Err = metrics.NotCalendar, err
		}
	}
	o.files = nil // the body is kept by now, or dropped
	space.free()
	if len(changed) > 0 { // whoever is told may take long, and others are fetched and read meanwhile
		s.mu.Lock()
		s.ended(f)
		s.mu.Unlock()
		s.wakeRun()
		s.tell(changed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	if !o.idle {
		s.guard.Run(metrics.PanicFeed, f.subject, func() { s.record(f, &o, now) })
	}
	if f.host != nil {
		f.share.ended(o.Fetched, now)
		f.reschedule(now, rand.Float64())
	} else {
		f.next = now.Add(s.pollEvery())
	}
	if len(changed) == 0 {
		s.ended(f)
	}
	if f.asked { // meanwhile
		f.next = f.byHand.next(now)
	}
	f.running = false
	close(f.ended)
	f.ended = make(chan struct{})
	if s.feeds[f.key] == f {
		s.queue.add(f)
	}
	if !f.lacks() || !f.lastAt.IsZero() {
		delete(s.awaited, f)
	}
	s.checkFirst()
	s.wakeRun()
}

// take makes the new copies, and returns the calendars that have other events by that, or are
// no longer expired.
func (s *Store) take(f *feed, o *brought) (changed []string) {
	s.mu.Lock()
	list := slices.Clone(f.kept)
	before := make([]kept, len(list))
	for i, k := range list {
		before[i] = *k.kept
	}
	s.mu.Unlock()
	if o.Err == nil && len(o.files) > 0 {
		o.Result = metrics.Unchanged
	}
	now := s.options.Now()
	body, parse := o.files, s.parseOnce()
	for i, k := range before {
		t, after, done := list[i].terms, k, func() {}
		switch {
		case len(body) > 0:
			var result metrics.FetchResult
			var err error
			after, done, result, err = s.read(f, k, t, body, now, parse)
			if err != nil {
				o.Err = err
				if f.host != nil {
					o.Err = fmt.Errorf("%s: %w", o.where, err)
				}
			}
			if result != metrics.Unchanged && (o.Result == metrics.Unchanged || err != nil) {
				o.Result = result
			}
		case o.Err == nil:
			after = k.confirmed(now)
		default:
			after.stale = true
		}
		func() {
			defer done()
			changed = append(changed, s.keep(f, t, k, after, o)...)
		}()
	}
	return changed
}

// parseOnce takes the bodies of one attempt apart, once for those that want it on the same limits.
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

// read is the copy after a body was read, with a place among those that read, and with one in
// memory until done. A body that makes the reader panic is one that cannot be used.
func (s *Store) read(f *feed, k kept, t terms, body []ical.File, now time.Time,
	parse func([]ical.File, ical.Limits) (*calendars.Calendar, error)) (
	after kept, done func(), result metrics.FetchResult, err error,
) {
	defer s.reads(f.owner)()
	s.mu.Lock()
	byHand := f.wanted
	s.mu.Unlock()
	err = s.guard.Do(metrics.PanicFeed, f.subject, func() (err error) {
		after, result, err = k.after(t, body, now, s.bodyReader(byHand, parse))
		return err
	})
	done = func() {}
	switch {
	case suspect.Is(err):
		result = metrics.NotCalendar
	case err != nil:
		return after, done, result, err
	default:
		if done, err = s.arrives(f.owner, after.calendar, k.calendar); err == nil {
			return after, done, result, nil
		}
		result = metrics.TooBig
	}
	k.stale = true
	return k, func() {}, result, err
}

// keep makes a copy the one that is used, here and on disk, and returns the calendars that have
// other events by that, or are no longer expired.
func (s *Store) keep(f *feed, t terms, before, after kept, o *brought) (changed []string) {
	isNew := after.calendar != before.calendar
	name := copyName(f.owner.name, t.file(f.key))
	var errs []error
	if f.host != nil {
		switch {
		case after.unsaved && !after.stale && len(o.files) > 0:
			errs = append(errs, s.write(name, t, &after, o)...)
		case after.read != before.read && after.stored != [sha256.Size]byte{}:
			if err := s.copies.confirm(name, after.stored, after.read); err != nil {
				// whatever is there now, it is not to be believed
				after.stored, after.unsaved = [sha256.Size]byte{}, true
				errs = append(errs, err)
			} else {
				errs = append(errs, nil)
			}
		}
	}
	moved := before.unsaved && !after.unsaved // what it pointed to may have been another file
	s.mu.Lock()
	defer s.mu.Unlock()
	k := f.kept.on(t)
	if k == nil { // nobody asks for it any more
		return nil
	}
	now := s.options.Now()
	expired := map[string]bool{} // calendars that expire_after makes unknown
	for _, sub := range f.subscriptions {
		if own := s.subscribed[sub.Calendar]; own != nil && own.ExpireAfter > 0 {
			expired[sub.Calendar] = own.state(now).Unknown()
		}
	}
	*k = after
	var pointing []*Subscription
	for _, sub := range f.subscriptions {
		own := s.subscribed[sub.Calendar]
		if own == nil || own.feed != f || sub.terms() != t || after.calendar == nil {
			continue
		}
		isOther := isNew || own.former != nil
		if isOther || expired[sub.Calendar] && !own.state(now).Unknown() {
			changed = append(changed, sub.Calendar)
		}
		if !isOther && !moved {
			continue
		}
		own.former = nil
		if f.host != nil {
			pointing = append(pointing, sub)
		}
	}
	s.mu.Unlock() // the disk may not answer for a while
	for _, sub := range pointing {
		errs = append(errs, s.copies.point(sub, name))
	}
	s.mu.Lock()
	for _, err := range errs {
		s.wrote(err)
	}
	if after.crowded && !before.crowded {
		f.owner.crowded(s.options.Log, f, s.options.Now())
	}
	if lost := before.events() - after.events(); isNew && 2*lost > before.events() {
		s.options.Log.Warn("a calendar has lost most of its events", slog.Any("calendars", f.names()),
			slog.Int("events", after.events()), slog.Int("before", before.events()))
	}
	return changed
}

// write keeps the body that an attempt brought, and what was read of it. A copy that cannot be
// written is written when the body comes again.
func (s *Store) write(name string, t terms, k *kept, o *brought) []error {
	body := o.files[0].Body
	sum := sha256.Sum256(body)
	err := s.copies.save(name, saved{body: body, charset: o.Charset, read: k.read, validators: o.Validators})
	k.stored, k.unsaved, k.pending, k.crowded = sum, err != nil, false, errors.Is(err, errNoRoom)
	if errors.Is(err, errReadOnly) {
		k.stored, k.unsaved, k.pending = [sha256.Size]byte{}, false, true
		return nil
	}
	if errors.Is(err, errNewer) { // the log has said so when it was read
		k.stored, k.unsaved = [sha256.Size]byte{}, false
		return nil
	}
	if err != nil {
		k.stored = [sha256.Size]byte{}
		return []error{err}
	}
	return []error{nil, s.copies.compile(name, k.calendar, calendars.EncodingKey(s.options.Program, sum, t.Limits))}
}

func (k kept) events() int {
	if k.calendar == nil {
		return 0
	}
	return k.calendar.Len()
}

// tell calls Changed.
func (s *Store) tell(changed []string) {
	if s.options.Changed == nil {
		return
	}
	for _, name := range changed {
		s.guard.Run(metrics.PanicCalendar, "calendar "+name, func() { s.options.Changed(name) })
	}
}

// record notes how an attempt went, counts it, and says what is worth saying.
func (s *Store) record(f *feed, o *brought, now time.Time) {
	if o.Err == nil {
		f.validators, f.maxAge = o.Validators, o.MaxAge
		if o.unconditional {
			f.whole = now
		}
	}
	for _, sub := range f.subscriptions {
		m := s.options.Metrics.Calendar(sub.Calendar)
		m.IncFetch(o.Result)
		if own := s.subscribed[sub.Calendar]; own != nil && own.feed == f && own.copy() != nil {
			m.SetLastSuccess(own.state(now).Dated())
		}
	}
	s.say(f, o, now)
	o.Body = nil
	f.last, f.lastAt, f.print = o.Fetched, now, o.print
}

// say logs that a feed begins to fail, fails for another reason or still, is well again, or has
// changed.
func (s *Store) say(f *feed, o *brought, now time.Time) {
	const repeat = time.Hour
	attrs := []any{slog.Any("calendars", f.names()), slog.String("result", string(o.Result))}
	if o.Err == nil {
		if f.failed > 0 {
			s.options.Log.Info("a feed is well again",
				append(attrs, slog.Duration("failed_for", now.Sub(f.failing).Round(time.Second)))...)
		} else if o.Result == metrics.OK && !f.lastAt.IsZero() {
			s.options.Log.Info("a feed has changed", attrs...)
		}
		f.failed, f.failing = 0, time.Time{}
	} else {
		if f.failed == 0 {
			f.failing = now
		}
		f.failed++
		if f.failed == 1 || f.last.Err == nil || f.last.Err.Error() != o.Err.Error() || now.Sub(f.said) >= repeat {
			f.said = now
			attrs = append(attrs, slog.String("error", diag.ErrorLine(o.Err)), slog.Time("since", f.failing))
			if f.lacks() {
				s.options.Log.Warn("a feed fails, and there is no copy", attrs...)
			} else {
				s.options.Log.Warn("a feed fails; its copy is used", attrs...)
			}
		}
	}
	if wrong, was := isWrong(o.Skew), isWrong(f.last.Skew); wrong && !was {
		s.options.Log.Warn("a server's clock and ours differ; one of them is wrong", slog.Any("calendars", f.names()),
			slog.Duration("ahead", o.Skew))
	}
}

// isWrong reports whether a server's clock is more than a minute off ours.
func isWrong(skew time.Duration) bool { return max(skew, -skew) > time.Minute }

// names are the calendars that ask for the feed.
func (f *feed) names() []string {
	var names []string
	for _, sub := range f.subscriptions {
		names = append(names, sub.Calendar)
	}
	slices.Sort(names)
	return names
}
