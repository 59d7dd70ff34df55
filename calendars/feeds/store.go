// Package feeds brings calendars: it fetches what is subscribed to, reads what lies in files, and
// keeps the last good copy.
//
// A [Fetcher] makes one attempt at a [Source] and says in words what came of it; no secret of an
// address or header is in them, private addresses are refused where that is wanted, and an answer
// is a calendar or an error. A [Store] makes attempts again and again for its [Subscription]s, for
// as long as Run runs: not sooner than each host wants, in turns for each owner, and with pauses
// after what failed. It replaces a copy only by a body that is a calendar, whole, and not suddenly
// much smaller; it keeps copies on disk across restarts, within what each owner may take there and
// in memory. [Store.Snapshot] says what a calendar is worth now. [Load] and a [Loader] read files
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
	options   Options
	guard     *contain.Guard
	suspects  *suspect.Marks
	parse     func([]ical.File, ical.Limits) (*calendars.Calendar, error) // ReadFiles
	expand    func(*calendars.Calendar, time.Time)                        // expand
	copies    copies
	readers   *semaphore // of maxReaders; see leases
	bodySlots *semaphore // of largeBodies
	textReads *semaphore // of shownAtOnce

	subscribeMu sync.Mutex // held by Subscribe and Write, which wait for the disk without mu; guards lastCleanup
	lastCleanup time.Time  // when unused copies were last removed; zero: never

	wake chan struct{} // the queue has changed

	mu          sync.Mutex // guards the following
	subscribers map[string]*subscriber
	feeds       map[string]*feed // by key
	scheduler   scheduler
	awaited     map[*feed]bool // those that Ready waits for: nothing is known of them, and no attempt has ended
	ready       chan struct{}  // closed when Ready awaits nothing
	progress    chan struct{}  // closed and made anew when less may be waited for
	writeError  error          // why copies cannot be kept, as last logged; nil: they can
}

// subscriber is a calendar with its subscription and feed.
type subscriber struct {
	*Subscription
	feed   *feed
	former *snapshot // what it had from another source, until the present one has answered well once; nil: nothing
}

// current is the copy that the calendar is read from; nil if there is none.
func (s *subscriber) current() *snapshot {
	if snap := s.feed.snapshots.get(s.terms()); snap.calendar != nil {
		return snap
	}
	return s.former
}

const (
	// maxReaders is how many bodies are decompressed, parsed or compiled at a time, and of a tenant
	// one, which bounds their memory and the processors that they take.
	maxReaders = 2
	// startSpread is the time over which feeds with copies are fetched after the program starts.
	startSpread = 5 * time.Minute
	// cleanupInterval is how often unused copies are removed.
	cleanupInterval = time.Hour
	// maxAhead is how far in the future a copy may be dated, by a clock that has been set since.
	maxAhead = 5 * time.Minute
)

// NewStore makes a Store without subscriptions. It reads nothing and starts nothing.
func NewStore(o Options) *Store {
	ready := make(chan struct{})
	close(ready)
	readOnly := &atomic.Bool{}
	readOnly.Store(o.ReadOnly)
	s := &Store{
		options:     o,
		guard:       contain.NewGuard(o.Log, o.Metrics),
		suspects:    suspect.New(suspectOptions(o)),
		parse:       calendars.ReadFiles,
		expand:      expand,
		copies:      copies{dir: o.Dir, disk: storeDisk(o), quotas: newQuotas()},
		readers:     newSemaphore(maxReaders),
		bodySlots:   newSemaphore(largeBodies),
		textReads:   newSemaphore(shownAtOnce),
		wake:        make(chan struct{}, 1),
		subscribers: map[string]*subscriber{},
		feeds:       map[string]*feed{},
		scheduler:   scheduler{perMinute: o.PerMinute, hosts: map[string]*host{}, owners: map[string]*owner{}, visited: map[*host]bool{}},
		ready:       ready,
		progress:    make(chan struct{}),
	}
	s.copies.readOnly = readOnly
	return s
}

// Write begins to write copies, where Options.ReadOnly said that they were another's to write: what
// has been fetched since is fetched once more for it.
func (s *Store) Write() {
	s.subscribeMu.Lock()
	defer s.subscribeMu.Unlock()
	s.copies.readOnly.Store(false)
	s.suspects.SetWritable()
	prepared := s.copies.prepare()
	if prepared == nil {
		prepared = s.copies.removePartial()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recordWrite(prepared)
	for _, f := range s.feeds {
		for _, k := range f.snapshots {
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
	s.subscribeMu.Lock()
	defer s.subscribeMu.Unlock()
	s.subscribe(list, list)
}

// SubscribeLight is Subscribe at a start without the tenants whose copies are large, whose owners it
// returns: nobody else waits until these are read. Subscribe with the whole list follows.
func (s *Store) SubscribeLight(list []*Subscription) (heavy map[string]bool) {
	s.subscribeMu.Lock()
	defer s.subscribeMu.Unlock()
	heavy = s.copies.heavyOwners(list)
	s.subscribe(slices.DeleteFunc(slices.Clone(list), func(sub *Subscription) bool { return heavy[sub.Source.Owner] }), list)
	return heavy
}

// subscribe is Subscribe to a part of the list, all of whose copies stay.
func (s *Store) subscribe(part, list []*Subscription) {
	now := s.options.Now()
	s.copies.quotas.setInUse(list)
	cleared := s.startCleanup(list, now)
	disk := s.readDisk(part)
	former := s.replace(part, disk, <-cleared, now)
	s.copies.removePointers(former, list)
}

// replace replaces the subscriptions, and returns those before. It uses no disk.
func (s *Store) replace(list []*Subscription, disk diskCopies, writeError error,
	now time.Time,
) (former map[string]*subscriber) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recordWrite(writeError)
	former = s.subscribers
	feeds := s.feeds
	s.subscribers, s.feeds = map[string]*subscriber{}, map[string]*feed{}
	var missing []*restoration
	for _, sub := range list {
		key := sub.key()
		f := s.feeds[key]
		if f == nil {
			if f = feeds[key]; f == nil {
				f = s.scheduler.newFeed(key, sub)
			}
			f.subscriptions = nil
			s.feeds[key] = f
		}
		f.subscriptions = append(f.subscriptions, sub)
		s.subscribers[sub.Calendar] = &subscriber{Subscription: sub, feed: f}
		t := sub.terms()
		if f.snapshots.get(t) == nil {
			f.snapshots.set(t, &snapshot{})
			switch {
			case f.host != nil:
				missing = append(missing, &restoration{feed: f, terms: t, subscription: sub})
			case sub.Known != nil:
				f.snapshots.set(t, &snapshot{calendar: sub.Known, read: now})
				s.options.Metrics.Calendar(sub.Calendar).IncFetch(metrics.OK)
			}
		}
		if snap := f.snapshots.get(t); sub.Known != nil && snap.calendar != nil && snap.calendar.Sum() != sub.Known.Sum() &&
			!t.isSuspicious(snap.calendar.Len(), sub.Known.Len()) {
			*snap = snapshot{calendar: sub.Known, read: now} // it was read just now
		}
	}
	ledger := s.ledger(nil)
	for name, subscriber := range s.subscribers { // what may have to be kept from another source
		if before := former[name]; before != nil && before.current() != nil {
			ledger.add(subscriber.feed.owner, before.current().calendar)
		}
	}
	s.restore(missing, disk, ledger)
	for _, subscriber := range s.subscribers {
		if subscriber.feed.snapshots.get(subscriber.terms()).calendar == nil {
			subscriber.former = s.former(former[subscriber.Calendar], subscriber, disk, ledger)
		}
	}
	for key, f := range feeds {
		if s.feeds[key] == f {
			continue
		}
		s.scheduler.remove(f)
	}
	s.scheduler.evictUnused(s.feeds, now)
	for _, f := range s.feeds {
		f.snapshots = slices.DeleteFunc(f.snapshots, func(c termsSnapshot) bool {
			return !slices.ContainsFunc(f.subscriptions, func(s *Subscription) bool { return s.terms() == c.terms })
		})
		s.scheduler.schedule(f, now)
	}
	select {
	case <-s.ready:
		s.ready = make(chan struct{})
	default: // Ready is not over yet, and awaits these too.
	}
	s.awaited = map[*feed]bool{}
	for _, f := range s.feeds {
		if f.lacksCopy() && f.lastEnded.IsZero() {
			s.awaited[f] = true
		}
	}
	s.checkReady()
	s.wakeRun()
	return former
}

// Snapshot is what a calendar is worth now.
func (s *Store) Snapshot(calendar string) calendars.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := s.subscribers[calendar]
	if sub == nil {
		return calendars.Snapshot{Why: calendars.NeverRead}
	}
	return sub.snapshotAt(s.options.Now())
}

// snapshotAt is what the copy of the feed is worth to the calendar at a moment.
func (s *subscriber) snapshotAt(now time.Time) calendars.Snapshot {
	snap := s.current()
	if snap == nil {
		return calendars.Snapshot{Err: s.feed.last.Err, Why: calendars.NeverRead}
	}
	snapshot := calendars.Snapshot{
		Calendar: snap.calendar, Read: snap.read, Stale: snap.stale || snap == s.former, Err: s.feed.last.Err,
	}
	if snap.overQuota {
		snapshot.Unkept = errOverQuota
	}
	switch {
	case snap.read.Sub(now) > maxAhead:
		snapshot.Doubt, snapshot.Stale = calendars.FromFuture, true
	case snap.undated:
		snapshot.Doubt = undated
	}
	switch {
	case s.ExpireAfter <= 0:
	case snapshot.Doubt == calendars.FromFuture:
		snapshot.Calendar, snapshot.Stale, snapshot.Why = nil, false, noAge
	case now.Sub(snap.read) > s.ExpireAfter:
		snapshot.Calendar, snapshot.Stale, snapshot.Why = nil, false, expired
	}
	return snapshot
}

// recordWrite records the result of writing to the disk: each error is counted, and logged when it
// is the first or another one. A tenant's quota is reported elsewhere.
func (s *Store) recordWrite(err error) {
	if errors.Is(err, errOverQuota) {
		return
	}
	if err == nil {
		s.writeError = nil
		return
	}
	s.options.Metrics.IncStateWriteFailed()
	why := err // and not which of the files it was, where that can be left out
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		why = number
	} else if errors.Is(err, files.ErrHung) {
		why = files.ErrHung
	}
	if s.writeError == nil || s.writeError.Error() != why.Error() {
		s.writeError = why
		s.options.Log.Warn("copies of feeds cannot be kept; they will not survive a restart",
			slog.String("error", diag.ErrorLine(err)))
	}
}

// Unkept is why copies of feeds cannot be kept at present; nil: they can, or are nowhere to be
// kept.
func (s *Store) Unkept() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writeError
}

// storeDisk is where a store writes. While one file there hangs, all others fail at once.
func storeDisk(o Options) durable.Disk {
	disk := o.Disk
	disk.Root = o.Dir
	return disk
}
