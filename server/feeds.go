package server

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/feeds"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/preview"
)

// calendar is a calendar of the configuration: what it asks of the store of feeds, and how it is
// used.
type calendar struct {
	*feeds.Subscription
	zone         *time.Location
	absent       bool
	only, except []calendars.Filter

	taken *calendars.Calendar // what the timelines have of it, before only and except; guarded by Server.mu
	why   string              // why it is unknown; likewise

	steps   int64 // what comparing its events took; likewise
	refused bool  // it would take too much, see Generation.use; likewise
}

// calendar makes what a configured one asks for.
func (b *builder) calendar(c *config.Calendar) *calendar {
	own := &calendar{
		zone: b.zone(c.Timezone), absent: c.IfUnknown == "absent",
		Subscription: &feeds.Subscription{
			Calendar: c.Name, File: c.File, Files: b.filesFor(c), Refresh: c.Refresh,
			Limits:      ical.Limits(c.Limits),
			ShrinkGuard: c.ShrinkGuard, ExpireAfter: c.ExpireAfter, Source: feeds.Source{Owner: c.Owner},
		},
	}
	own.only, own.except = b.filters(c)
	if c.Holidays != nil {
		b.holidays(own, c.Holidays)
	}
	if own.File != "" {
		b.unread = append(b.unread, &unreadCalendar{config: c, calendar: own})
		return own
	}
	if !c.URL.Given() {
		return own // which was reported
	}
	own.Source = feeds.Source{
		Owner: c.Owner, DenyPrivate: c.DenyPrivate, URL: c.URL.Reveal(), UserAgent: c.UserAgent, CAFile: c.CAFile,
		CAFiles: b.filesFor(c),
	}
	if c.Withdrawn() {
		own.Source.Withdrawn = true
		if c.URL.Withdrawn() {
			own.Source.URL = "https://withdrawn.invalid/" + c.Name
		}
		return own
	}
	if c.Basic != nil {
		own.Source.Username, own.Source.Password = c.Basic.Username, c.Basic.Password.Reveal()
	}
	for name, value := range c.Headers {
		if own.Source.Header == nil {
			own.Source.Header = map[string][]string{}
		}
		own.Source.Header[name] = []string{value.Reveal()}
	}
	if err := own.Source.Validate(); err != nil {
		b.wrong(c.Pos, "calendar %q: %s", c.Name, err)
	}
	if c.CAFile != "" {
		if err := b.loader.CheckCAFile(c.Owner, b.filesFor(c), c.CAFile); err != nil && b.files == nil {
			b.missing(c, "ca_file: ", err)
		}
	}
	return own
}

// holidays makes a calendar read the holidays that it is of, in a file that is nowhere but in memory.
func (b *builder) holidays(own *calendar, h *config.Holidays) {
	worked, err := h.Calendar()
	if err != nil { // a program that knows fewer places has accepted it
		b.wrong(h.Pos, "%s", err)
		return
	}
	clock := b.clock
	if clock == nil {
		clock = func() time.Time { return b.now }
	}
	own.File, own.Files, own.Holidays = h.File(), worked.Files(clock), worked.Place().Code()
}

// sourceFile names the file that a calendar is read from; "" for a feed.
func sourceFile(c *config.Calendar) string {
	if c.Holidays != nil {
		return c.Holidays.File()
	}
	return c.File
}

// filesFor is where the files of a calendar are: those of a tenant's lie below its own directory.
func (b *builder) filesFor(c *config.Calendar) fs.FS {
	if b.files == nil && c.Home != "" {
		return below(c.Home)
	}
	return b.files
}

// below is what lies in a tenant's directory, wherever links lead.
func below(home string) fs.FS { return files.Below(home) }

// missing notes that a file cannot be read that a calendar names. It is no reason to refuse what
// was accepted before.
func (b *builder) missing(c *config.Calendar, key string, err error) {
	near := ""
	if at, ok := errors.AsType[*files.Error](err); ok && errors.Is(err, fs.ErrNotExist) && b.suggests(c.Pos.File) {
		near = b.file.SuggestFile(at.Path, c.Home)
	}
	m := diag.Mistakef(c.Pos, "calendar %q: %s%s%s", c.Name, key, reason(err), near)
	if b.isSpared(c) {
		b.absent = append(b.absent, m)
	} else {
		b.mistakes = append(b.mistakes, m)
	}
}

// isSpared reports whether a calendar's file may be missing; see builder.spared.
func (b *builder) isSpared(c *config.Calendar) bool {
	return b.spared != nil && b.spared(b.file.Inputs.TenantFile(c.Pos.File))
}

// store makes the store of feeds that a configuration asks for, with what is different between a
// server and one look.
func (g *Generation) store(o feeds.Options, userAgent string) *feeds.Store {
	o.Fetch = feeds.NewFetcher(feeds.FetcherOptions{
		UserAgent: userAgent, Bytes: g.largestBody(), Now: o.Now,
	}).Fetch
	o.Dir, o.PerMinute, o.Program = g.file.StateDir, g.file.FetchesPerMinute, userAgent
	return feeds.NewStore(o)
}

// FetchCalendars reads calendars as a server would have them that starts now: from its last good
// copies, and what has none from its feed, once. It writes nothing. Names that are not known, and
// files, which Build has read, are passed over. It waits for start_timeout at most; what is unknown
// then stays so, with the reason in its Snapshot.
func (g *Generation) FetchCalendars(ctx context.Context, userAgent string, now func() time.Time, names []string) {
	var feeds []string
	for _, c := range g.calendars {
		if c.File == "" && slices.Contains(names, c.Calendar) {
			feeds = append(feeds, c.Calendar)
		}
	}
	if len(feeds) == 0 {
		return
	}
	f := g.Watch(ctx, userAgent, now, feeds)
	f.Close()
	f.take()
}

// Watcher are calendars that are kept as fresh as a server would keep them.
type Watcher struct {
	g       *Generation
	store   *feeds.Store
	changed chan struct{}
	stop    context.CancelFunc
	ended   chan struct{}
}

// Watch begins to keep calendars fresh, by their names, until ctx ends or [Followed.Close]. It
// writes nothing, and has waited, for start_timeout at most, until something is known of each.
func (g *Generation) Watch(ctx context.Context, userAgent string, now func() time.Time, names []string) *Watcher {
	guard := contain.NewGuard(nil, nil)
	f := &Watcher{g: g, changed: make(chan struct{}, 1), ended: make(chan struct{})}
	f.store = g.store(feeds.Options{
		ReadOnly: true, Log: slog.New(slog.DiscardHandler), Now: now,
		Changed: func(string) {
			select {
			case f.changed <- struct{}{}:
			default:
			}
		},
	}, userAgent)
	var asked []*feeds.Subscription
	for _, c := range g.calendars {
		if slices.Contains(names, c.Calendar) {
			asked = append(asked, c.Subscription)
		}
	}
	f.store.Subscribe(asked)
	running, stop := context.WithCancel(ctx)
	f.stop = stop
	go func() {
		defer close(f.ended)
		guard.Loop(running, metrics.PanicFeed, "feeds", f.store.Run)
	}()
	waiting, cancel := context.WithTimeout(ctx, g.file.StartTimeout)
	defer cancel()
	// What is not there by then is unknown.
	_ = f.store.Ready(waiting)
	return f
}

// Changed has something to receive when a calendar has other events, or has become known.
func (f *Watcher) Changed() <-chan struct{} { return f.changed }

// take puts what is known of the calendars into the timelines.
func (f *Watcher) take() {
	for _, s := range f.store.Feeds() {
		for _, name := range s.Calendars {
			f.g.timelines.Set(name, f.g.use(f.g.byName[name], f.store.Snapshot(name)))
		}
	}
}

// Preview answers from the calendars as they are now.
func (f *Watcher) Preview() *preview.Preview {
	f.take()
	return f.g.Preview()
}

// Close ends the following.
func (f *Watcher) Close() {
	f.stop()
	<-f.ended
}

// updateFromStore puts what the store knows of a calendar into the timelines.
func (s *Server) updateFromStore(g *Generation, name string) {
	c, snapshot := g.byName[name], s.store.Snapshot(name)
	c.taken, c.why = snapshot.Calendar, snapshot.Why
	g.timelines.Set(name, g.use(c, snapshot))
	s.previewCache.clear()
}

// publishCalendarMetrics puts what is known of a calendar into its metrics, and what is wrong with it
// into the log. unmatched is how many of its events no route asks for.
func (s *Server) publishCalendarMetrics(g *Generation, name string, unmatched int, problems *problemReport) {
	m, snapshot := s.options.Metrics.Calendar(name), g.timelines.Use(name).Snapshot
	m.SetLastSuccess(snapshot.Dated())
	if snapshot.Unknown() {
		m.SetUnknown()
		attrs := []any{slog.String("calendar", name), slog.String("reason", snapshot.Why)}
		if snapshot.Err != nil {
			attrs = append(attrs, slog.String("error", snapshot.Err.Error()))
		}
		if s.problemLog.allow(s.options.Log, s.options.Now(), g.byName[name].Source.Owner) {
			s.options.Log.Warn("a calendar is unknown", attrs...)
		}
		return
	}
	m.SetKnown()
	m.SetEvents(snapshot.Calendar.Len())
	m.SetUnmatched(unmatched)
	s.publishEventMetrics(g, name, problems)
}

// publishEventMetrics publishes what depends on the window too: how far a calendar reaches, and the
// events that cannot be used.
func (s *Server) publishEventMetrics(g *Generation, name string, problems *problemReport) {
	m := s.options.Metrics.Calendar(name)
	m.SetLastEvent(g.reach(name, s.options.Now()))
	m.SetRejected(problems.rejected)
	s.problemLog.write(s.options.Log, s.options.Now(), g.byName[name].Source.Owner, name, problems)
}

// problems reports the events of a calendar that cannot be used. It may unpack the calendar, and so
// the Server's lock is not to be held.
func (s *Server) problems(g *Generation, name string) *problemReport {
	return s.problemLog.report(name, g.timelines.Problems(name))
}

// feedStatus is a feed in the JSON of /api/v1/feeds. Times are RFC 3339 in UTC, null for never.
type feedStatus struct {
	Calendars []string            `json:"calendars"`
	Source    string              `json:"source"`
	Watched   bool                `json:"watched"` // it is a file, which is looked at all the time
	State     feeds.Freshness     `json:"state"`
	Read      *time.Time          `json:"read"`
	Age       float64             `json:"age_seconds"`
	Doubt     string              `json:"age_doubt"` // why read and age_seconds may be wrong, or are not known
	Result    metrics.FetchResult `json:"result"`
	Status    int                 `json:"status"`
	Error     string              `json:"error"`
	Attempted *time.Time          `json:"attempted"`
	Next      *time.Time          `json:"next"`
	Failed    int                 `json:"failed_attempts"`
	Skew      float64             `json:"clock_skew_seconds"`
	Title     string              `json:"title"`
	Timezone  string              `json:"x_wr_timezone"` // shown, and not used
	Events    int                 `json:"events"`
	Horizon   *time.Time          `json:"horizon"` // when the last event ends that is in sight
	Problems  int                 `json:"problems"`
}

// feeds are the feeds for pages and programs, a number from an offset on, until nobody waits any more.
func (s *Server) feeds(ctx context.Context, offset, limit int) []feedStatus {
	list := []feedStatus{}
	for _, st := range part(s.store.Feeds(), offset, limit) {
		if ctx.Err() != nil {
			break
		}
		list = append(list, s.feed(st))
	}
	return list
}

// refreshFeed makes an attempt to fetch a calendar's feed now.
func (s *Server) refreshFeed(ctx context.Context, calendar string) (feedStatus, error) {
	st, err := s.store.Refresh(ctx, calendar)
	if err != nil {
		return feedStatus{}, err
	}
	return s.feed(st), nil
}

func (s *Server) feed(st feeds.Status) feedStatus {
	now := s.options.Now()
	out := feedStatus{
		Calendars: st.Calendars, Source: st.Source, Watched: st.Watched, State: st.State,
		Read: timeOrNull(st.Read), Doubt: st.Doubt, Result: st.Result, Status: st.Code, Attempted: timeOrNull(st.Attempted), Next: timeOrNull(st.Next),
		Failed: st.Failed, Skew: st.Skew.Seconds(), Title: st.Title, Timezone: st.Timezone, Events: st.Events,
	}
	if out.Read != nil {
		out.Age = now.Sub(st.Read).Round(time.Second).Seconds()
	}
	if st.Err != nil {
		out.Error = st.Err.Error()
	}
	if l := s.live.Load(); l != nil {
		var last time.Time
		for _, name := range st.Calendars {
			if at := l.reach(name, now); at.After(last) {
				last = at
			}
			out.Problems = max(out.Problems, len(l.timelines.Problems(name)))
		}
		out.Horizon = timeOrNull(last)
	}
	out.Problems = cmp.Or(out.Problems, st.Problems)
	return out
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	// Of others JSON makes an error, and that of the whole list.
	if y := t.Year(); y < 0 || y > 9999 {
		t = time.Date(min(max(y, 0), 9999), time.December, 31, 23, 59, 59, 0, time.UTC)
	}
	return &t
}
