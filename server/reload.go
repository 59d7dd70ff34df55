package server

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/preview"
)

// Reload builds the configuration anew and swaps it in, whole. Until then, and if anything is wrong with it, the former one answers; the
// error then is everything that is wrong. Feeds that are asked for as before are neither fetched nor forgotten; of new ones a copy or one
// attempt is waited for, start_timeout at most. One reload runs at a time.
func (s *Server) Reload(ctx context.Context) error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	if s.options.Load == nil {
		return errors.New("there is no configuration to read again")
	}
	begun := s.options.Now()
	g, err := s.options.Load()
	if err != nil {
		s.options.Metrics.ReloadRefused()
		var mistakes diag.Mistakes
		if errors.As(err, &mistakes) {
			s.tried(begun, mistakes)
			for _, m := range mistakes {
				s.options.Log.ErrorContext(ctx, "mistake in the configuration", slog.String("mistake", m.Error()))
			}
		}
		s.options.Log.ErrorContext(ctx, "reload is refused; the former configuration answers", slog.String("error", strings.ReplaceAll(err.Error(), "\n", "; ")))
		return err
	}
	s.options.Metrics.Configure(g.series())
	s.store.Subscribe(g.subscriptions())
	s.await(ctx, g)
	if keys := g.restart(s.options.Generation); len(keys) > 0 {
		s.options.Log.WarnContext(ctx, "some keys take effect at the next start", slog.Any("keys", keys))
	}
	s.swap(g)
	s.options.Log.InfoContext(ctx, "configuration reloaded", slog.Int("routes", len(g.routes)), slog.Int("calendars", len(g.calendars)),
		slog.Duration("took", s.options.Now().Sub(begun)))
	return nil
}

// swap makes a generation the one that answers.
func (s *Server) swap(g *Generation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	s.status = preview.Status{Loaded: now, Tried: now, Mistakes: []preview.Said{}, Rejected: []string{}, Restart: g.restart(s.options.Generation)}
	for _, c := range g.calendars {
		s.take(g, c.Calendar)
	}
	g.Roll(now)
	s.rehearsals.forget()
	s.rehearsals.ask(g.routes)
	l := newLive(g, s.options.Metrics, &s.decisions)
	s.know(l, "")
	s.live.Store(l)
	s.calls.hours.forget()
	s.options.Metrics.Reloaded(now)
	logged := s.logged
	s.logged, s.odd = map[string][]calendars.Problem{}, map[string]int{}
	for _, c := range g.calendars {
		s.logged[c.Calendar] = logged[c.Calendar]
		s.show(g, c.Calendar)
	}
	for _, m := range g.warnings {
		s.options.Log.Warn("problem with a sample call", slog.String("problem", m.Error()))
	}
	s.Observe()
}

// tried notes that the files were refused.
func (s *Server) tried(at time.Time, mistakes diag.Mistakes) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Tried, s.status.Failed, s.status.Mistakes = at, true, said(mistakes)
}

// subscriptions are what the calendars ask of the store.
func (g *Generation) subscriptions() []*calendars.Subscription {
	var list []*calendars.Subscription
	for _, c := range g.calendars {
		list = append(list, c.Subscription)
	}
	return list
}

// restart names the keys that differ from the generation that the server was started with, and that are read then alone.
func (g *Generation) restart(first *Generation) []string {
	a, b := g.file, first.file
	keys := []string{}
	for key, same := range map[string]bool{
		"listen": a.Listen.S == b.Listen.S, "admin_listen": a.AdminListen.S == b.AdminListen.S, "tls": sameTLS(a.TLS, b.TLS),
		"state_dir": a.StateDir == b.StateDir, "log": a.Log.Format == b.Log.Format, "deny_private_addresses": a.DenyPrivate == b.DenyPrivate,
		"hosts": maps.Equal(a.PerMinute, b.PerMinute), "limits.bytes": g.largestBody() <= first.largestBody(),
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
