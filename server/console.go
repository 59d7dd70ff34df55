package server

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/console"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/server/listen"
)

// previewCache holds the Preview of the live generation until something changes: each compiles
// calendars of its own.
type previewCache struct {
	mu      sync.Mutex // guards preview
	preview *preview.Preview
}

func (a *previewCache) clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.preview = nil
}

// preview answers questions about the configuration that is live, with its calendars as they are
// now; nil before calls are answered.
func (s *Server) preview() *preview.Preview {
	s.previewCache.mu.Lock()
	defer s.previewCache.mu.Unlock()
	if s.previewCache.preview == nil {
		l := s.live.Load()
		if l == nil {
			return nil
		}
		s.previewCache.preview = l.previewWith(l.timelines.Uses(), s.routeProblems)
	}
	return s.previewCache.preview
}

// newConsole makes the console.
func (s *Server) newConsole() *console.Console {
	return console.New(console.Options{
		Now: s.options.Now, RealNow: s.options.RealNow, Version: s.options.Version, Preview: s.preview,
		Feeds: s.store.Feeds, Texts: s.store.Texts, Calendar: s.calendar,
		Client: listen.ClientOf, Zone: s.zone,
		Status:   s.Status,
		Findings: func() ([]preview.Finding, int) { return s.Findings(), s.pendingFindings() },
		Unmatched: func(ctx context.Context) []preview.UnmatchedCall {
			return s.unmatchedCalls(ctx, 0, maxUnmatched)
		},
		UnmatchedCount: s.decisions.unmatchedCount, Decisions: s.decisions.traces, Hours: s.hoursAddress,
		Address: s.consoleAddress(s.options.Generation.file),
		Refresh: func(ctx context.Context, calendar string) error {
			_, err := s.refreshAsked(ctx, calendar)
			return err
		},
		Reload: s.reloadAsked,
	})
}

// zone is that of the live configuration; nil where it names none.
func (s *Server) zone() *time.Location {
	l := s.live.Load()
	if l == nil || l.file.Timezone.S == "" {
		return nil
	}
	zone, err := zones.Load(l.file.Timezone.S)
	if err != nil { // it was checked when the configuration was loaded
		return nil
	}
	return zone
}

// calendar is a page of one calendar of the live configuration.
func (s *Server) calendar(name string) (console.Calendar, bool) {
	l := s.live.Load()
	if l == nil {
		return console.Calendar{}, false
	}
	use, zone, ok := l.Calendar(name)
	if !ok {
		return console.Calendar{}, false
	}
	c := console.Calendar{Use: use, Zone: zone, Problems: l.timelines.Problems(name)}
	for _, r := range l.routesByCalendar[name] {
		c.Routes = append(c.Routes, r.Name)
	}
	if len(l.routesByCalendar[name]) > 0 && use.Zone == nil {
		c.Zone = l.routesByCalendar[name][0].Zone
	}
	if !use.Snapshot.Unknown() {
		c.Warnings = use.Snapshot.Calendar.Warnings(calendars.View{Zone: c.Zone}, s.options.Now())
	}
	return c, true
}

// hoursAddress is where the hours of a route can be subscribed to: the path alone without a public
// address of the Pivot listener; "" where nobody has a token for them.
func (s *Server) hoursAddress(route string) string {
	l := s.live.Load()
	if l == nil || len(l.readers.routes[route].tokens) == 0 {
		return ""
	}
	return l.file.PublicURL.Pivot + openHours + route + ".ics"
}

// consoleAddress gives the address of the console: the public one, or for this machine that of
// admin_listen, with which the process was started.
func (s *Server) consoleAddress(started *config.File) func() (address string, isPublic bool) {
	scheme := PeopleScheme(started)
	return func() (string, bool) {
		if l := s.live.Load(); l != nil && l.file.PublicURL.Console != "" {
			return l.file.PublicURL.Console, true
		}
		at := started.AdminListen.S
		if open := s.adminAt.Load(); open != nil { // whose port the system may have chosen
			at = (*open).String()
		}
		host, port, err := net.SplitHostPort(at)
		if err != nil { // it was checked when the configuration was loaded
			return "", false
		}
		if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
			host = "localhost"
		}
		return scheme + "://" + net.JoinHostPort(host, port), false
	}
}

// publicHost is the host name of the console's public address; "" without one.
func (s *Server) publicHost() string {
	l := s.live.Load()
	if l == nil || l.file.PublicURL.Console == "" {
		return ""
	}
	u, err := url.Parse(l.file.PublicURL.Console)
	if err != nil { // it was checked when the configuration was loaded
		return ""
	}
	return u.Hostname()
}

// PeopleScheme is "https" where a configuration's admin_web_config brings a certificate, else
// "http".
func PeopleScheme(f *config.File) string {
	if path := f.AdminWebConfig.S; path != "" && listen.WebConfigHasTLS(path) {
		return "https"
	}
	return "http"
}
