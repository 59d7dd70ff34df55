package server

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/callhours/callhours/server/listen"
)

// The actions that somebody can ask for, as the log names them.
const (
	actionReload  = "reload"
	actionRefresh = "refresh"
)

// actor identifies who requested an action, and from where.
type actor struct {
	name   string // of the login, or of the client's certificate; "" for somebody who did not sign in
	remote string // address and port of the connection
}

// actorKey finds the actor of a request that may change something.
type actorKey struct{}

// actorOf is who asks the admin listener.
func actorOf(r *http.Request) actor {
	who := actor{name: listen.UserOf(r), remote: r.RemoteAddr}
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		who.name = cmp.Or(who.name, listen.HeaderText(r.TLS.VerifiedChains[0][0].Subject.CommonName))
	}
	return who
}

// attrs are an actor in a log line.
func (a actor) attrs() []any {
	if a.name == "" {
		return []any{slog.String("who", "not signed in"), slog.String("remote", a.remote)}
	}
	return []any{slog.String("who", a.name+" (signed in)"), slog.String("remote", a.remote)}
}

// isFromHere reports whether a request comes from this machine, and from no proxy on it: a proxy
// that forwards what others ask would lend them its address.
func isFromHere(r *http.Request) bool {
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"} {
		if len(r.Header.Values(header)) > 0 {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback()
}

// notFromElsewhere is what somebody is told who is not known and not on this machine.
const notFromElsewhere = "without a login this is done from this machine only; set admin_web_config to give people logins, " +
	"or ask on the machine itself, by its loopback address and through no proxy"

// allowAction answers a request that wants something done, unless it is a POST, not of another
// site's page, and of somebody who signed in or sits at this machine. The request that it gives has
// its actor in its context.
func (a *admin) allowAction(w http.ResponseWriter, r *http.Request) (*http.Request, bool) {
	who := actorOf(r)
	refusal := ""
	switch {
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", "POST")
		listen.WriteError(w, r, http.StatusMethodNotAllowed, "only POST is answered here")
		return nil, false
	case a.origins.Check(r) != nil:
		refusal = "a page of another site may not do that"
	case !a.requiresLogin() && !isFromHere(r):
		refusal = notFromElsewhere
	default:
		return r.WithContext(context.WithValue(r.Context(), actorKey{}, who)), true
	}
	a.refusals.Do(a.realNow(), func(more int) {
		a.log.With(who.attrs()...).WarnContext(r.Context(), "action",
			slog.String("result", "refused"), slog.String("path", listen.HeaderText(shortened(r.URL.Path))),
			slog.String("error", refusal), slog.Int("more", more))
	})
	listen.WriteError(w, r, http.StatusForbidden, refusal)
	return nil, false
}

// act does what somebody asked for, and records in the log who did what when, from where, and how it
// ended. The line is the audit trail of what needs no database.
func (s *Server) act(ctx context.Context, action, calendar string, do func(context.Context) error) error {
	who, _ := ctx.Value(actorKey{}).(actor)
	err := do(ctx)
	log := s.options.Log.With(slog.String("action", action)).With(who.attrs()...)
	if calendar != "" { // which may be any text
		log = log.With(slog.String("calendar", listen.HeaderText(shortened(calendar))))
	}
	if err != nil { // what is wrong stands in lines of its own
		log.WarnContext(ctx, "action", slog.String("result", "failed"))
		return err
	}
	log.InfoContext(ctx, "action", slog.String("result", "done"))
	return nil
}

// reloadAsked reloads the configuration for somebody. Who asked may go; a reload that has begun is
// finished.
func (s *Server) reloadAsked(ctx context.Context) error {
	return s.act(context.WithoutCancel(ctx), actionReload, "", s.Reload)
}

// refreshAsked fetches a calendar's feed for somebody.
func (s *Server) refreshAsked(ctx context.Context, calendar string) (status feedStatus, err error) {
	err = s.act(ctx, actionRefresh, calendar, func(ctx context.Context) error {
		status, err = s.refreshFeed(ctx, calendar)
		return err
	})
	return status, err
}
