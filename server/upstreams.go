package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/server/listen"
	"github.com/callhours/callhours/upstream"
)

// upstreams are the Pivot servers that answer branches of a route, by branch; nil for those that render.
type upstreams []*upstream.Upstream

// upstream makes that of a branch. Connections are those of the owner of the route; which addresses may be reached is up
// to who wrote the URL.
func (b *builder) upstream(r *config.Route, branch *config.Branch) *upstream.Upstream {
	from := branch.Upstream
	o := upstream.Options{
		URL:  diag.Text{Pos: from.URL.Pos, S: from.URL.Reveal()},
		Data: branch.Data.Values, Timeout: from.Timeout,
		Bearer: from.Bearer.Reveal(), Authorities: from.CA, DenyPrivate: from.DenyPrivate, Withdrawn: from.Withdrawn(),
		Cluster: pivot.Cluster{Version: pivot.Version(b.file.KazooVersion), Modules: b.file.ExtraModules},
		Lenient: from.Lenient,
	}
	if r.Tenant != nil {
		o.Owner = r.Tenant.Owner
	}
	if from.Basic != nil {
		o.Username, o.Password = from.Basic.Username, from.Basic.Password.Reveal()
	}
	for name, value := range from.Headers {
		if o.Header == nil {
			o.Header = http.Header{}
		}
		o.Header[name] = []string{value.Reveal()}
	}
	if !from.URL.Given() {
		return &upstream.Upstream{} // which was reported
	}
	u, mistakes := upstream.New(o)
	b.mistakes = append(b.mistakes, mistakes...)
	return u
}

// allUpstreams are those of a generation.
func (g *Generation) allUpstreams() (all []*upstream.Upstream) {
	for _, r := range g.routes {
		for _, u := range g.upstreams[r] {
			if u != nil {
				all = append(all, u)
			}
		}
	}
	return all
}

// ask asks the upstream of the branch that is to answer, outside of its owner's turn: a call that waits for another
// server takes no processor. Where that fails the fallback is rendered; false: the call is refused.
func (c *calls) ask(w http.ResponseWriter, r *http.Request, route *served, rec *record, now time.Time) bool {
	branch, began := rec.answer.Branch, c.passing()
	answer, err := c.pools.Ask(r.Context(), route.asked[branch], upstream.Request{
		Call: rec.call, Method: r.Method, Query: r.URL.RawQuery, Body: pivot.BodyOf(rec.call), Header: r.Header,
		Client: clientOf(r),
	})
	failed, isKnown := errors.AsType[*upstream.Error](err)
	if err != nil && !isKnown { // Ask has no other
		failed = &upstream.Error{Reason: upstream.Refused, Err: err}
	}
	if failed == nil || failed.Reason != upstream.Circuit {
		c.metrics.ObserveUpstream(c.passing().Sub(began))
	}
	if failed != nil {
		route.metrics.IncUpstream(branch, string(failed.Reason))
		return c.render(w, r, route, rec, now, failed)
	}
	route.metrics.IncUpstream(branch, "ok")
	a := &rec.answer
	a.Asks, a.Status, a.Body = false, http.StatusOK, answer.Body
	rec.status, rec.twiml = a.Status, answer.ContentType == upstream.TwiML
	return true
}

// clientOf is the address that a request came from.
func clientOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// closes reports whether answers on a connection end it. Kazoo's HTTP client has two connections to a host and port,
// and lets further calls wait behind a slow answer there; it opens another one for a call if none is left open.
func (l *live) closes(conn *listen.Conn) bool {
	return l.asks && (!l.apart || conn.Listener() > 0)
}

// describeUpstream says what is sent to the upstream of a branch.
func (g *Generation) describeUpstream(r *render.Route, branch int, call *pivot.Call) preview.UpstreamRequest {
	u := g.upstreams[r][branch]
	described := preview.UpstreamRequest{
		Method: http.MethodPost, Headers: map[string]string{}, Timeout: u.Timeout().Seconds(),
		Waits: g.kazooWaits(u.Timeout()),
	}
	sent, err := u.Request(sampleRequest(call))
	if err != nil {
		described.URL, described.Error = u.String(), err.Error()
		return described
	}
	delete(sent.Header, "X-Request-Id")
	described.URL, described.Headers = u.Show(sent)
	described.Body = string(sent.Body)
	return described
}

// sampleRequest is what Kazoo sends for a call with method post.
func sampleRequest(call *pivot.Call) upstream.Request {
	r := upstream.Request{
		Call: call, Method: http.MethodPost,
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
	}
	if call == nil {
		r.Call = &pivot.Call{}
		return r
	}
	r.Body = pivot.FormOf(call)
	return r
}

// AskingPreview is a [Generation.Preview] that asks upstreams for questions that want that. How long they take is told by
// now.
func (g *Generation) AskingPreview(now func() time.Time) *preview.Preview {
	pools := upstream.NewPools(nil)
	o := g.previewOptions(g.timelines.Uses(), nil)
	o.Ask = func(ctx context.Context, r *render.Route, branch int, call *pivot.Call) (preview.UpstreamAnswer, bool) {
		defer pools.Close()
		began := now()
		answer, err := pools.Ask(ctx, g.upstreams[r][branch], sampleRequest(call))
		got := preview.UpstreamAnswer{Body: answer.Body, TwiML: answer.ContentType == upstream.TwiML, Took: now().Sub(began)}
		if failed, ok := errors.AsType[*upstream.Error](err); ok {
			got.Reason, got.Err = render.Reason("upstream_"+failed.Reason), failed
		}
		return got, true
	}
	return preview.New(o)
}
