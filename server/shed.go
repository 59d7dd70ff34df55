package server

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/server/listen"
	"github.com/callhours/callhours/upstream"
)

// anyonesPatience is how long a call may have waited that is answered, whoever's it is, while there
// are too many.
const anyonesPatience = time.Second

// Why a call is refused with 503, as the log's reason, and what that means.
const (
	tenantBusy = "tenant_busy"
	overload   = "overload"

	tenantBusyDetail = "this tenant's calls come too often or take too long, and are refused so that others' are answered"
	overloadDetail   = "there are more calls than can be answered in time"
)

// decide finds the answer to a call; false: it is refused.
func (c *calls) decide(w http.ResponseWriter, r *http.Request, route *served, rec *record, now time.Time) bool {
	return c.render(w, r, route, rec, now, nil) && (!rec.answer.Asks || c.ask(w, r, route, rec, now))
}

// render renders the answer to a call in its owner's turn, or what answers instead of an upstream that failed; false: it
// is refused.
func (c *calls) render(w http.ResponseWriter, r *http.Request, route *served, rec *record, now time.Time,
	failed *upstream.Error,
) bool {
	o, conn, began := route.owner, listen.ConnOf(r), c.passing()
	if rec.late && c.owners.loads.isHeavy(&o.load, began) || !o.enter() {
		rec.call = nil // it is not needed any more, and many may wait
		o.wait(r.Context(), conn, nil)
		return c.refuse(w, conn, route, rec)
	}
	defer o.leave()
	if !o.take(r.Context(), conn) {
		return c.refuse(w, conn, route, rec)
	}
	defer o.giveBack()
	defer c.running.Add(-1)
	if c.running.Add(1) > c.most {
		rec.shed = true
		c.shed(w, conn, nil)
		return false
	}
	rec.route = route
	began = c.passing()
	if failed == nil {
		rec.state = route.State()
		rec.answer = rec.state.Answer(r.Context(), rec.call, now)
	} else {
		rec.state.Fail(r.Context(), &rec.answer, render.Reason("upstream_"+failed.Reason), failed, rec.call, now)
	}
	rec.status = rec.answer.Status
	c.charge(rec.live, o, c.passing().Sub(began))
	return true
}

// refuse refuses a call for its owner's sake.
func (c *calls) refuse(w http.ResponseWriter, conn *listen.Conn, route *served, rec *record) bool {
	rec.shed = true
	c.charge(rec.live, route.owner, 0)
	c.shed(w, conn, route)
	return false
}

// charge counts what a call took for its owner.
func (c *calls) charge(l *live, o *owner, took time.Duration) {
	if !l.oneOwns {
		c.owners.loads.add(&o.load, took+callCosts, c.passing())
	}
}

// shed tells a call to use its fallback: for the sake of others a call of a tenant's route, else
// one of too many.
func (c *calls) shed(w http.ResponseWriter, conn *listen.Conn, route *served) {
	c.metrics.IncShed()
	c.metrics.ObserveRequest(http.StatusServiceUnavailable, 0)
	lines, reason, detail := &c.overload, overload, overloadDetail
	attrs := append(make([]slog.Attr, 0, 6), slog.Int("status", http.StatusServiceUnavailable))
	if route != nil {
		attrs = append(attrs, slog.String("route", route.Name))
		if tenant := calendars.TenantOf(route.Name); tenant != "" {
			lines, reason, detail = &route.owner.lines, tenantBusy, tenantBusyDetail
			attrs = append(attrs, slog.String("tenant", tenant))
			c.metrics.TenantShed(tenant)
		}
	}
	lines.Do(c.passing(), func(more int) {
		writeLine(c.log.Handler(), c.now(), slog.LevelWarn, append(attrs, slog.String("reason", reason),
			slog.String("detail", detail), slog.Int("more", more)))
	})
	if conn.ShouldClose() {
		w.Header().Set("Connection", "close")
	}
	listen.WriteText(w, http.StatusServiceUnavailable, "too many calls at a time")
}
