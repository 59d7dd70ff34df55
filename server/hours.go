package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
	"weak"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/server/listen"
)

const (
	// openHours is where the hours of a route stand on the Pivot listener, for those who have a token:
	// /-/hours/ROUTE.ics.
	openHours = "/-/hours/"
	// hoursAhead is how many days from today on they show.
	hoursAhead = 90

	// Whoever asks must not take from calls: a calendar is made when its turn comes, few requests
	// wait for theirs, and what was made is kept until a calendar or the day is another one.
	hoursAtOnce = 64
	// of these, of one tenant's routes, or of one of the operator's: readers that take nothing hold
	// a place until they are cut off.
	hoursOfOne = 4
	// for a turn, and how long that lasts (a calendar that is being compiled is compiled to its
	// end): nobody waits in vain for one other turn.
	hoursWait  = 10 * time.Second
	hoursLasts = 5 * time.Second
	// A tenant, or a route of the operator, has a quarter of a processor for its hours in the long
	// run, after two seconds at once.
	hoursShare = 4
	hoursBurst = 2 * time.Second

	hoursWithin        = 30 * time.Second // in which an answer is written, with both
	maxHours           = 4 << 20          // bytes of a calendar
	maxHourSpans       = 5000             // spans of a calendar; what comes later is left out
	maxHoursCacheBytes = 32 << 20         // bytes of all that are kept
)

// publisher gives the hours of routes to those who have a token for them.
type publisher struct {
	now     func() time.Time
	log     *slog.Logger
	running semaphore
	turns   *turns // in which calendars are made
	kept    hoursCache
}

// published is a calendar that was made.
type published struct {
	state weak.Pointer[render.State] // that it was made by, which is not to live for that
	day   string                     // of the route's zone, on which it was made
	tag   string                     // an ETag; it changes with what the calendar says
	body  []byte                     // nil: it would be too large
}

func newPublisher(now func() time.Time, log *slog.Logger, turns *turns) *publisher {
	return &publisher{now: now, log: log, turns: turns}
}

// reader is a route whose hours can be read, and the digests of the tokens that open them.
type reader struct {
	route  *render.Route
	tokens []*[sha256.Size]byte
}

// readers are the routes whose hours can be read.
type readers struct {
	routes map[string]reader // by name
	most   int               // how many tokens open one, at most
}

func newReaders(g *Generation) readers {
	all := readers{routes: map[string]reader{}}
	for _, r := range g.file.Routes {
		for _, token := range r.Hours {
			own := all.routes[r.Name]
			own.tokens = append(own.tokens, listen.Digest(token.Reveal()))
			all.routes[r.Name] = own
			all.most = max(all.most, len(own.tokens))
		}
	}
	for _, r := range g.routes {
		if own, ok := all.routes[r.Name]; ok {
			own.route = r
			all.routes[r.Name] = own
		}
	}
	return all
}

// admit finds the route of a name, if one of the tokens opens its hours. It compares as much for a
// route that is not there, or has no token, as for one that has the most, so that the time it takes
// tells nothing of which routes there are.
func (rs readers) admit(name string, tokens []string) *render.Route {
	own := rs.routes[name]
	if len(tokens) == 0 {
		tokens = []string{""}
	}
	ok := 0
	for _, token := range tokens {
		presented := listen.Digest(token)
		for i := range rs.most {
			expected, counts := presented, 0
			if i < len(own.tokens) {
				expected, counts = own.tokens[i], 1
			}
			ok |= counts & subtle.ConstantTimeCompare(expected[:], presented[:])
		}
	}
	if ok == 0 {
		return nil
	}
	return own.route
}

// serve answers for the hours of a route. A request without a token for it gets the same
// answer and the
// same line in the log, whether there is such a route or not.
func (p *publisher) serve(w http.ResponseWriter, r *http.Request, path string, l *live) {
	presented := listen.TakeCredentials(r)
	began := p.now()
	if l == nil {
		later(w)
		return
	}
	name := strings.TrimPrefix(path, openHours)
	plainName, isCalendar := strings.CutSuffix(name, ".ics")
	route := l.readers.admit(plainName, presented.Tokens)
	status, level := http.StatusNotFound, slog.LevelInfo
	attrs := make([]slog.Attr, 0, 5)
	attrs = append(attrs, slog.Int("status", status), slog.String("route", listen.HeaderText(shortened(plainName))))
	switch {
	case route == nil || !isCalendar:
		level = slog.LevelWarn
		attrs = presented.AppendAttrs(attrs)
		listen.WriteText(w, status, "nothing is here")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		status = http.StatusMethodNotAllowed
		w.Header().Set("Allow", "GET, HEAD")
		listen.WriteText(w, status, "only GET is allowed")
	case !p.running.acquire(ownerOf(route), hoursAtOnce, hoursOfOne):
		status = http.StatusServiceUnavailable
		later(w)
	default:
		defer p.running.release(ownerOf(route))
		// What is no connection has no deadline.
		_ = http.NewResponseController(w).SetWriteDeadline(p.turns.now().Add(hoursWithin))
		status = p.give(w, r, l, route)
	}
	attrs[0] = slog.Int("status", status)
	p.log.LogAttrs(r.Context(), level, "hours", append(attrs, slog.Duration("took", p.now().Sub(began)))...)
}

// ownerOf is the tenant whose route that is, else the route itself.
func ownerOf(route *render.Route) string {
	if tenant := calendars.TenantOf(route.Name); tenant != "" {
		return tenant
	}
	return "/" + route.Name
}

// later refuses who may come again; Kazoo never asks here.
func later(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "60")
	listen.WriteText(w, http.StatusServiceUnavailable, "not now")
}

// give sends the calendar of a route, or says that it has not changed.
func (p *publisher) give(w http.ResponseWriter, r *http.Request, l *live, route *render.Route) int {
	c := p.current(r, l, route)
	if c == nil || c.body == nil {
		later(w)
		return http.StatusServiceUnavailable
	}
	h := w.Header()
	h.Set("Etag", c.tag)
	h.Set("Cache-Control", "private, max-age=900")
	if fits(r.Header.Get("If-None-Match"), c.tag) {
		w.WriteHeader(http.StatusNotModified)
		return http.StatusNotModified
	}
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(c.body)))
	// Nobody is left to tell when the peer has gone; net/http leaves the body out for HEAD.
	_, _ = w.Write(c.body)
	return http.StatusOK
}

// fits compares an If-None-Match (RFC 9110, section 13.1.2), weakly.
func fits(asked, tag string) bool {
	for one := range strings.SplitSeq(asked, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// current is the calendar of a route as it is now; nil if it cannot be made in time.
func (p *publisher) current(r *http.Request, l *live, route *render.Route) *published {
	state, day := weak.Make(route.State()), p.now().In(route.Zone).Format(time.DateOnly)
	if c := p.kept.get(route); c != nil && c.state == state && c.day == day {
		return c
	}
	turn, done, err := p.turns.take(r.Context(), ownerOf(route), hoursWait)
	if err != nil {
		return nil
	}
	defer done()
	former := p.kept.get(route)
	if former != nil && former.state == state && former.day == day {
		return former // somebody else made it meanwhile
	}
	c := p.make(turn, l, route, former)
	if turn.Err() != nil {
		return nil // it is not whole
	}
	c.state, c.day = state, day
	p.kept.add(ownerOf(route), route, c)
	return c
}

// make makes the calendar of a route. One that says the same as the former is the former, with
// the time when that was made.
func (p *publisher) make(ctx context.Context, l *live, route *render.Route, former *published) *published {
	now := p.now()
	y, m, d := now.In(route.Zone).Date()
	from := time.Date(y, m, d-preview.PastDays, 0, 0, 0, 0, route.Zone)
	h, err := l.previewOf(route).Hours(ctx,
		preview.Period{Route: route.Name, From: from, Days: hoursAhead + preview.PastDays, Most: maxHourSpans})
	if err != nil { // nobody waits any more, since the route is there
		return &published{}
	}
	sum := sha256.New()
	if err := digestHours(sum, *h); err != nil { // there is nothing in it that could fail
		return &published{}
	}
	c := &published{tag: `W/"` + hex.EncodeToString(sum.Sum(nil)[:16]) + `"`}
	if former != nil && former.tag == c.tag {
		c.body = former.body
		return c
	}
	body := bounded{most: maxHours}
	if err := h.ICS(&body, now); err == nil {
		c.body = body.Bytes()
	}
	if c.body == nil || h.Truncated != "" {
		p.log.WarnContext(ctx, "the hours of a route are too many to be a calendar, which is cut",
			slog.String("route", route.Name),
			slog.Int("spans", len(h.Spans)), slog.Bool("given", c.body != nil))
	}
	return c
}

// digestHours writes what hours say, span by span.
func digestHours(w io.Writer, h preview.Hours) error {
	spans, out := h.Spans, json.NewEncoder(w)
	h.Spans = nil
	err := out.Encode(h)
	for i := 0; i < len(spans) && err == nil; i++ {
		err = out.Encode(&spans[i])
	}
	return err
}

// bounded takes so many bytes, and no write beyond them.
type bounded struct {
	bytes.Buffer
	most int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.most {
		return 0, errors.New("it is too long")
	}
	return b.Buffer.Write(p)
}

// previewOf answers for one route alone, at no more cost than that.
func (g *Generation) previewOf(r *render.Route) *preview.Preview {
	uses := map[string]calendars.Use{}
	for _, name := range r.Calendars() {
		uses[name] = g.timelines.Use(name)
	}
	return preview.New(preview.Options{
		Routes:    []*render.Route{r},
		Timelines: calendars.NewTimelines(uses, g.file.Horizon), Totals: g.totals,
	})
}
