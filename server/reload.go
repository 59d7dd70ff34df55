package server

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars/feeds"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/preview"
)

// Reload reads the files again, builds a generation and swaps it in, whole. What is wrong with the
// files of one tenant keeps that tenant's former files; anything else keeps the former generation.
// The error then is a [Refusal]. Feeds that are asked for as before are neither fetched nor
// forgotten; of new ones a copy or one attempt is waited for, start_timeout at most. One reload
// runs at a time, and none before calls are answered: one that comes earlier waits.
func (s *Server) Reload(ctx context.Context) error { return s.reload(ctx, nil) }

// Refusal is what is wrong with the files.
type Refusal struct {
	Err      error    // every mistake, a line each
	Rejected []string // tenants whose former files are used; none: the whole former generation answers
}

// Error gives the mistakes and, on its last line, what answers now.
func (r *Refusal) Error() string { return r.Err.Error() + "\n" + r.outcome() }

// Unwrap gives the mistakes.
func (r *Refusal) Unwrap() error { return r.Err }

func (r *Refusal) outcome() string {
	switch len(r.Rejected) {
	case 0:
		return "the former configuration answers"
	case 1:
		return "tenant " + r.Rejected[0] +
			" is refused, and its last accepted files are used, if any; everything else is live"
	}
	return "tenants " + strings.Join(r.Rejected, ", ") +
		" are refused, and their last accepted files are used, if any; everything else is live"
}

// reload is Reload, for the owners whose files have changed, or by hand: nil. A panic on the way is
// a refusal of everything: nothing is live before it is whole.
func (s *Server) reload(ctx context.Context, of *changes) error {
	return s.guard.Do(metrics.PanicConfig, "reload", func() error { return s.reloadFiles(ctx, of) })
}

func (s *Server) reloadFiles(ctx context.Context, of *changes) error {
	if s.options.Installation == nil {
		return errors.New("there is no configuration to reload")
	}
	select {
	case <-s.started: // what is loading now would otherwise take the place of what is loaded here
	case <-s.life.Done():
		return errors.New("callhours is stopping")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s.reloading.Lock()
	defer s.reloading.Unlock()
	s.tell("RELOADING=1")
	defer func() { s.tell("READY=1", "STATUS="+s.summary()) }()
	begun, former := s.options.Now(), s.options.Generation
	if l := s.live.Load(); l != nil {
		former = l.Generation
	}
	how := loading{
		accepted: former.file.Inputs, former: former, cautious: of != nil,
		known: former.file.Inputs, marks: s.options.Loaded.marks, byHand: of == nil,
	}
	if of != nil {
		how.hold = begun
		how.inputs = config.NewInputs(s.options.Installation.Files)
		how.inputs.Keep(former.file.Inputs, of.kept, of.slow)
	}
	loaded := s.options.Installation.load(how)
	if of != nil {
		loaded.keep(s.read, s.refusals, of.kept)
	}
	s.refusals = loaded.refusals
	s.waiting = loaded.waiting
	s.read, s.readSums = loaded.inputs, loaded.inputs.OwnerSums()
	g := loaded.Generation
	if g == nil {
		return s.logReload(ctx, &loaded, begun)
	}
	if series := g.series(); !reflect.DeepEqual(series, former.series()) {
		s.logUnseen(s.options.Metrics.Configure(series))
	}
	s.store.Subscribe(g.subscriptions())
	s.await(ctx, g)
	if keys := g.restartKeys(s.options.Generation); len(keys) > 0 {
		s.options.Log.WarnContext(ctx, "some keys take effect at the next start", slog.Any("keys", keys))
	}
	s.swap(g)
	s.options.Log.InfoContext(ctx, "reloaded", slog.String("configuration", g.file.Path),
		slog.Int("routes", len(g.routes)), slog.Int("calendars", len(g.calendars)),
		slog.String("generation", g.name), slog.Duration("took", s.options.Now().Sub(begun)))
	s.saveAccepted(ctx, g)
	return s.logReload(ctx, &loaded, begun)
}

// logReload shows how reading the files went: in the log, in the metrics and in the status. The
// error is a Refusal.
func (s *Server) logReload(ctx context.Context, l *Loaded, at time.Time) error {
	defer s.admin.console.Changed()
	m := s.options.Metrics
	s.mu.Lock()
	s.status.Tried, s.status.Failed, s.status.Mistakes = at, len(l.Mistakes)+len(l.kept) > 0 || l.err != nil,
		said(append(slices.Clone(l.Mistakes), l.kept...), l.inputs)
	if l.err != nil {
		s.status.Mistakes = append(s.status.Mistakes,
			preview.FileMessage{File: s.options.Installation.Path, Message: l.err.Error()})
	}
	if g := l.Generation; g != nil {
		s.status.Rejected, s.status.FromAccepted = append([]string{}, l.Rejected...), l.FromAccepted
		for _, t := range g.file.Tenants {
			m.SetTenantAccepted(t.Name)
		}
		for _, name := range l.Rejected {
			m.SetTenantRejected(name)
		}
	}
	s.mu.Unlock()
	if len(l.Mistakes)+len(l.kept) > 0 || l.err != nil {
		m.SetReloadRejected()
	}
	if len(l.Mistakes) == 0 && l.err == nil {
		return nil
	}
	for _, mistake := range l.Mistakes {
		if !s.allowLine(l.inputs, mistake.File) {
			continue
		}
		s.options.Log.ErrorContext(ctx, "mistake in the configuration", slog.String("mistake", mistake.Error()))
	}
	if l.err != nil {
		s.options.Log.ErrorContext(ctx, "mistake in the configuration", slog.String("mistake", l.err.Error()))
	}
	var shown diag.Mistakes
	for _, m := range l.Mistakes {
		shown = append(shown, withoutQuotes(m, l.inputs))
	}
	refusal := &Refusal{Err: shown.Err(), Rejected: l.Rejected}
	if l.err != nil {
		refusal.Err = l.err
	}
	switch {
	case l.FromAccepted:
		s.options.Log.ErrorContext(ctx, "the files are refused; the accepted copy answers",
			slog.Int("mistakes", len(l.Mistakes)))
	case l.Generation != nil:
		s.options.Log.ErrorContext(ctx, "some tenants are refused; their last accepted files are used, if any",
			slog.Any("tenants", l.Rejected))
	default:
		s.options.Log.ErrorContext(ctx, "reload is refused; the former configuration answers",
			slog.Int("mistakes", max(1, len(l.Mistakes)))) // which are logged above
	}
	return refusal
}

// saveAccepted keeps the files of a generation that has gone live, for the next start.
func (s *Server) saveAccepted(ctx context.Context, g *Generation) {
	dir := s.options.Generation.file.StateDir
	s.state.keepsAccepted = true
	if dir == "" || s.options.Installation == nil || s.accepted == g.acceptance() || s.state.isReadOnly() {
		return
	}
	err := saveAccepted(dir, g, s.options.Now())
	if err == nil {
		s.accepted, s.state.failed = g.acceptance(), 0
		return
	}
	if errors.Is(err, errNewerAccepted) {
		s.accepted = g.acceptance() // it is not tried again
	} else {
		s.state.failed++
		s.options.Metrics.IncStateWriteFailed()
	}
	if s.state.failed > 1 {
		return // the log has said so
	}
	s.options.Log.WarnContext(ctx, "the accepted configuration cannot be kept; it will not survive a restart",
		slog.String("error", err.Error()))
}

// subscriptions are what the calendars ask of the store.
func (g *Generation) subscriptions() []*feeds.Subscription {
	var list []*feeds.Subscription
	for _, c := range g.calendars {
		list = append(list, c.Subscription)
	}
	return list
}

// restartKeys names the keys that differ from the generation that the server was started with,
// and that are read then alone.
func (g *Generation) restartKeys(first *Generation) []string {
	a, b := g.file, first.file
	keys := []string{}
	for key, same := range map[string]bool{
		"listen": slices.EqualFunc(a.Listen, b.Listen, func(a, b diag.Text) bool { return a.S == b.S }), "admin_listen": a.AdminListen.S == b.AdminListen.S,
		"metrics_listen":   a.MetricsListen.S == b.MetricsListen.S,
		"tls":              sameTLS(a.TLS, b.TLS),
		"admin_web_config": a.AdminWebConfig.S == b.AdminWebConfig.S,
		"database":         sameDatabase(a.Database, b.Database),
		"state_dir":        a.StateDir == b.StateDir, "log": a.Log.Format == b.Log.Format,
		"hosts":        maps.Equal(a.FetchesPerMinute, b.FetchesPerMinute),
		"limits.bytes": g.largestBody() <= first.largestBody(),
	} {
		if !same {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func sameTLS(a, b *config.TLS) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// largestBody is the largest body that a calendar may have, in bytes; 0: the default.
func (g *Generation) largestBody() int {
	bytes := g.file.Limits.Bytes
	for _, c := range g.calendars {
		bytes = max(bytes, c.Limits.Bytes)
	}
	return bytes
}
