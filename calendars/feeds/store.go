// Package feeds brings calendars: it fetches what is subscribed to, reads what lies in files, and
// keeps the last good copy.
//
// A [Fetcher] makes one attempt at a [Source] and says in words what came of it; no secret of an
// address or header is in them, private addresses are refused where that is wanted, and an answer
// is a calendar or an error. A [Store] makes attempts again and again for its [Subscription]s, for
// as long as Run runs: not sooner than each host wants, in turns for each owner, and with pauses
// after what failed. It replaces a copy only by a body that is a calendar, whole, and not suddenly
// much smaller; it keeps copies on disk across restarts, within what each owner may take there and
// in memory. [Store.State] says what a calendar is worth now. [Load] and a [Loader] read files
// once.
//
// It does not know what an event means, what a route asks, or what a configuration looks like. It
// reads no clock of its own: moments come from its options. Everything is safe for concurrent use
// but a Loader. What the disk or the network does costs the feed that waits for it, and no other
// owner's.
package feeds

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/durable"
	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/internal/suspect"
	"github.com/callhours/callhours/metrics"
)

// Options are what a Store needs.
type Options struct {
	Fetch func(context.Context, Source, Validators) Fetched // that of a Fetcher
	// Dir is where last good copies are kept; "" keeps none. With ReadOnly they are read and left
	// as they are.
	Dir      string
	ReadOnly bool // until Write is called
	// Disk is how files are written; the zero Disk is the operating system's.
	Disk durable.Disk
	// Program is what reads bodies, such as "callhours/1.2": events that another one has compiled
	// are not used.
	Program string
	// PerMinute is how often a host may be asked, by its name as Source.Host gives it. Hosts that
	// are not named are asked as often as their feeds want.
	PerMinute map[string]int
	Log       *slog.Logger
	Metrics   *metrics.Metrics // nil counts nothing
	Now       func() time.Time
	// Changed is told that a calendar has other events, or has become known. It is called by
	// several goroutines at once, so that no owner waits for what another one's calendar costs, and
	// the attempt that brought it ends only then; nil tells nobody.
	Changed func(calendar string)
}

// Store keeps calendars fresh: it fetches feeds and reads files again and again, keeps the last
// good copy of each in memory and on disk, and replaces it only by a body that is a calendar.
// Calendars share the feed of a source; feeds live on when the subscriptions change. A Store is
// safe for concurrent use.
type Store struct {
	options  Options
	guard    *contain.Guard
	suspects *suspect.Marks
	parse    func([]ical.File, ical.Limits) (*calendars.Calendar, error) // ReadFiles
	expand   func(*calendars.Calendar, time.Time)                        // expand
	copies   copies
	readers  chan struct{} // holds one for each body that is being read
	large    *allowance    // see room
	shown    *allowance    // of shownAtOnce

	subscribing sync.Mutex // held by Subscribe and Write, which wait for the disk without mu; guards cleared
	cleared     time.Time  // when copies were last looked for that nobody uses; zero: never

	wake chan struct{} // tells Run that the queue has changed

	mu         sync.Mutex // guards the following
	subscribed map[string]*subscribed
	feeds      map[string]*feed  // by key
	hosts      map[string]*host  // by name
	owners     map[string]*owner // by name; "": the operator
	queue      queue
	running    int            // attempts of hosts
	reading    int            // those of files
	unread     []*owner       // of files that wait and may be read, in order
	turns      []*owner       // of hosts with something to begin, in order
	begun      []*feed        // attempts that due has not given to Run yet
	awaited    map[*feed]bool // those that Ready waits for: nothing is known of them, and no attempt has ended
	first      chan struct{}  // closed when nothing is waited for by Ready
	progress   chan struct{}  // closed and made anew when less may be waited for
	unwritten  error          // why copies cannot be kept, as the log has said it; nil: they can
}

// subscribed is a calendar's subscription.
type subscribed struct {
	*Subscription
	feed   *feed
	former *kept // what it had from another source, until the present one has answered well once; nil: nothing
}

// copy is what the calendar is read from at present; nil if there is nothing.
func (s *subscribed) copy() *kept {
	if k := s.feed.kept.on(s.terms()); k.calendar != nil {
		return k
	}
	return s.former
}

const (
	// maxReaders is how many bodies are taken apart at a time, which bounds the memory.
	maxReaders = 2
	// spread is the time over which the feeds are asked of which there are copies when the program
	// starts.
	spread = 5 * time.Minute
	// clearEvery is how often copies are looked for that nobody uses.
	clearEvery = time.Hour
	// maxAhead is how far in the future a copy may be dated, by a clock that has been set since.
	maxAhead = 5 * time.Minute
)

// NewStore makes a Store without subscriptions. It reads nothing and starts nothing.
func NewStore(o Options) *Store {
	first := make(chan struct{})
	close(first)
	readOnly := &atomic.Bool{}
	readOnly.Store(o.ReadOnly)
	s := &Store{
		options:    o,
		guard:      contain.NewGuard(o.Log, o.Metrics),
		suspects:   suspect.New(marksOf(o)),
		parse:      calendars.ReadFiles,
		expand:     expand,
		copies:     copies{dir: o.Dir, disk: diskOf(o), quotas: newQuotas()},
		readers:    make(chan struct{}, maxReaders),
		large:      newAllowance(largeBodies),
		shown:      newAllowance(shownAtOnce),
		wake:       make(chan struct{}, 1),
		subscribed: map[string]*subscribed{},
		feeds:      map[string]*feed{},
		hosts:      map[string]*host{},
		owners:     map[string]*owner{},
		first:      first,
		progress:   make(chan struct{}),
	}
	s.copies.readOnly = readOnly
	return s
}

// Write begins to write copies, where Options.ReadOnly said that they were another's to write: what
// has been fetched since is fetched once more for it.
func (s *Store) Write() {
	s.subscribing.Lock()
	defer s.subscribing.Unlock()
	s.copies.readOnly.Store(false)
	s.suspects.SetWritable()
	prepared := s.copies.prepare()
	if prepared == nil {
		prepared = s.copies.mend()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrote(prepared)
	for _, f := range s.feeds {
		for _, k := range f.kept {
			k.unsaved = k.unsaved || k.pending
			k.pending = false
		}
	}
}

// Subscribe replaces the subscriptions. Feeds that are asked for as before go on as before; the
// copies of others are read from disk. A calendar whose source is another one keeps its events
// until that has answered well once. What goes wrong with the disk is logged and counted, and costs
// no more than what would survive a restart. While the disk does not answer, the former
// subscriptions hold.
func (s *Store) Subscribe(list []*Subscription) {
	s.subscribing.Lock()
	defer s.subscribing.Unlock()
	now := s.options.Now()
	s.copies.quotas.use(list)
	cleared := s.tidy(list, now)
	disk := s.fromDisk(list)
	former := s.replace(list, disk, <-cleared, now)
	s.copies.forgetPointers(former, list)
}

// replace makes subscriptions those that hold, and gives those that held before. It touches no
// disk.
func (s *Store) replace(list []*Subscription, disk onDisk, unkept error,
	now time.Time,
) (former map[string]*subscribed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrote(unkept)
	former = s.subscribed
	feeds := s.feeds
	s.subscribed, s.feeds = map[string]*subscribed{}, map[string]*feed{}
	var missing []*restoring
	for _, sub := range list {
		key := sub.key()
		f := s.feeds[key]
		if f == nil {
			if f = feeds[key]; f == nil {
				f = s.newFeed(key, sub)
			}
			f.subscriptions = nil
			s.feeds[key] = f
		}
		f.subscriptions = append(f.subscriptions, sub)
		s.subscribed[sub.Calendar] = &subscribed{Subscription: sub, feed: f}
		t := sub.terms()
		if f.kept.on(t) == nil {
			f.kept.put(t, &kept{})
			switch {
			case f.host != nil:
				missing = append(missing, &restoring{feed: f, terms: t, by: sub})
			case sub.Known != nil:
				f.kept.put(t, &kept{calendar: sub.Known, read: now})
				s.options.Metrics.Calendar(sub.Calendar).IncFetch(metrics.OK)
			}
		}
		if k := f.kept.on(t); sub.Known != nil && k.calendar != nil && k.calendar.Sum() != sub.Known.Sum() &&
			!t.doubts(k.calendar.Len(), sub.Known.Len()) {
			*k = kept{calendar: sub.Known, read: now} // it was read just now
		}
	}
	counted := s.ledger(nil)
	for name, own := range s.subscribed { // what may have to be kept from another source
		if before := former[name]; before != nil && before.copy() != nil {
			counted.add(own.feed.owner, before.copy().calendar)
		}
	}
	s.restore(missing, disk, counted)
	for _, own := range s.subscribed {
		if own.feed.kept.on(own.terms()).calendar == nil {
			own.former = s.former(former[own.Calendar], own, disk, counted)
		}
	}
	for key, f := range feeds {
		if s.feeds[key] == f {
			continue
		}
		s.queue.remove(f)
		s.dismiss(f)
	}
	s.forget(now)
	for _, f := range s.feeds {
		f.kept = slices.DeleteFunc(f.kept, func(c copyOn) bool {
			return !slices.ContainsFunc(f.subscriptions, func(s *Subscription) bool { return s.terms() == c.terms })
		})
		s.enter(f, now)
	}
	select {
	case <-s.first:
		s.first = make(chan struct{})
	default: // Who waits already waits for these too.
	}
	s.awaited = map[*feed]bool{}
	for _, f := range s.feeds {
		if f.lacks() && f.lastAt.IsZero() {
			s.awaited[f] = true
		}
	}
	s.checkFirst()
	s.wakeRun()
	return former
}

// newFeed is the feed of a source that is asked for the first time.
func (s *Store) newFeed(key string, sub *Subscription) *feed {
	f := &feed{
		key: key, subject: "feed of calendar " + sub.Calendar, host: s.host(sub), place: -1,
		ended: make(chan struct{}),
	}
	name := sub.Source.Owner
	if s.owners[name] == nil {
		s.owners[name] = newOwner(name)
	}
	f.owner = s.owners[name]
	if f.host != nil {
		f.share = f.host.share(f.owner)
	}
	return f
}

// host is that of a subscription; nil for files.
func (s *Store) host(sub *Subscription) *host {
	if sub.File != "" {
		return nil
	}
	name := sub.Source.Host()
	if s.hosts[name] == nil {
		s.hosts[name] = &host{}
		if n := s.options.PerMinute[name]; n > 0 {
			s.hosts[name].pace = time.Minute / time.Duration(n)
		}
	}
	return s.hosts[name]
}

// enter puts a feed into the queue: at once if somebody has no copy of it, else some time soon, so
// that a restart does not ask for everything at the same moment. One that is there already, or
// runs, stays as it is, unless it would be asked too late now.
func (s *Store) enter(f *feed, now time.Time) {
	most := time.Duration(0)
	if f.host != nil && (!f.lacks() || !f.lastAt.IsZero()) {
		most = min(f.interval(), spread)
	}
	switch {
	case f.running || f.waits:
	case f.place < 0:
		f.next = now.Add(time.Duration(rand.Float64() * float64(most)))
		s.queue.add(f)
	case f.failed == 0 && f.next.After(now.Add(f.interval()*11/10)):
		f.next = now.Add(f.interval())
		s.queue.add(f)
	}
}

// State is what a calendar is worth now.
func (s *Store) State(calendar string) calendars.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := s.subscribed[calendar]
	if sub == nil {
		return calendars.State{Why: calendars.NeverRead}
	}
	return sub.state(s.options.Now())
}

func (s *subscribed) state(now time.Time) calendars.State {
	k := s.copy()
	if k == nil {
		return calendars.State{Err: s.feed.last.Err, Why: calendars.NeverRead}
	}
	state := calendars.State{Calendar: k.calendar, Read: k.read, Stale: k.stale || k == s.former, Err: s.feed.last.Err}
	if k.crowded {
		state.Unkept = errNoRoom
	}
	switch {
	case k.read.Sub(now) > maxAhead:
		state.Doubt, state.Stale = calendars.FromFuture, true
	case k.undated:
		state.Doubt = undated
	}
	switch {
	case s.ExpireAfter <= 0:
	case state.Doubt == calendars.FromFuture:
		state.Calendar, state.Stale, state.Why = nil, false, noAge
	case now.Sub(k.read) > s.ExpireAfter:
		state.Calendar, state.Stale, state.Why = nil, false, expired
	}
	return state
}

// wrote takes in how writing to the disk went: what fails is counted each time, and logged when it
// begins and when the reason is another. That a tenant has too much there is said of that tenant.
func (s *Store) wrote(err error) {
	if errors.Is(err, errNoRoom) {
		return
	}
	if err == nil {
		s.unwritten = nil
		return
	}
	s.options.Metrics.IncStateWriteFailed()
	why := err // and not which of the files it was, where that can be left out
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		why = number
	} else if errors.Is(err, files.ErrHung) {
		why = files.ErrHung
	}
	if s.unwritten == nil || s.unwritten.Error() != why.Error() {
		s.unwritten = why
		s.options.Log.Warn("copies of feeds cannot be kept; they will not survive a restart",
			slog.String("error", diag.ErrorLine(err)))
	}
}

// Unkept is why copies of feeds cannot be kept at present; nil: they can, or are nowhere to be
// kept.
func (s *Store) Unkept() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unwritten
}

// diskOf is where a store writes. While anything there waits for the file system, everything else
// fails at once.
func diskOf(o Options) durable.Disk {
	disk := o.Disk
	disk.Root = o.Dir
	return disk
}
