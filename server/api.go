package server

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/server/listen"
)

// Bounds of lists that are paged through.
const (
	defaultLimit = 100
	maxLimit     = 1000
	maxOffset    = 1_000_000
)

// api answers what people ask about the decisions of the configuration that is live, with
// its calendars as they are now.
type api struct {
	preview   func() *preview.Preview // nil before calls are answered
	now       func() time.Time
	decisions func(route string, limit int) []preview.Trace // nil where there is no such route
}

// explain is callhours explain: route, or path, account and dialed; caller, at, and any parameter
// of a call as param=NAME=VALUE.
func (a *api) explain(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	q := preview.Question{Route: query.Get("route"), Path: query.Get("path"), At: a.now()}
	var err error
	if q.Call, err = preview.Call(query.Get("account"), query.Get("dialed"), query.Get("caller"),
		query["param"]); err != nil {
		listen.WriteError(w, r, http.StatusBadRequest, "param "+err.Error())
		return
	}
	if q.Route == "" && q.Path == "" && q.Call == nil {
		listen.WriteError(w, r, http.StatusBadRequest,
			"which call? name a route, or a path, account or dialed number that finds one")
		return
	}
	p := a.preview()
	at, err := a.timeParam(p, q, query)
	if err == nil {
		q.At = at
		var e *preview.Explanation
		if e, err = p.Explain(r.Context(), q); err == nil {
			answerJSON(w, r, e)
			return
		}
	}
	writeQueryError(w, r, err)
}

// writeQueryError answers that a question has no answer: because of how it is asked, or because it
// takes too long.
func writeQueryError(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		listen.WriteError(w, r, http.StatusServiceUnavailable, err.Error())
		return
	}
	listen.WriteError(w, r, http.StatusBadRequest, err.Error())
}

// hours is callhours hours: route, from, days (14), and format: json, text or ics.
func (a *api) hours(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	q := preview.Question{Route: query.Get("route")}
	days, err := intParam(query, "days", 14, 1, preview.MaxDays)
	format := query.Get("format")
	switch {
	case q.Route == "":
		err = errors.New("which route? set route=NAME")
	case err != nil:
		err = fmt.Errorf("%w; for later days, set from", err)
	case format != "" && format != "json" && format != "text" && format != "ics":
		err = fmt.Errorf("format %q is not known; use json, text or ics", format)
	}
	if err != nil {
		listen.WriteError(w, r, http.StatusBadRequest, err.Error())
		return
	}
	p := a.preview()
	from, err := a.timeParam(p, q, query)
	if err == nil && query.Get("from") == "" {
		if format == "ics" {
			from, days = from.AddDate(0, 0, -preview.PastDays), days+preview.PastDays
		}
		y, m, d := from.Date()
		from = time.Date(y, m, d, 0, 0, 0, 0, from.Location())
	}
	var h *preview.Hours
	if err == nil {
		h, err = p.Hours(r.Context(), preview.Period{Route: q.Route, From: from, Days: days})
	}
	if err != nil {
		writeQueryError(w, r, err)
		return
	}
	// Nobody is left to tell when the peer has gone.
	switch format {
	case "ics":
		w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
		_ = h.ICS(w, a.now())
	case "text":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_ = h.Text(&diag.Terminal{To: w})
	default:
		spans := h.Spans
		h.Spans = nil
		answerList(w, r, h, "spans", spans, noMembers, h.Truncated)
	}
}

// listDecisions answers with the last decisions, the newest first: of a route, or of all calls;
// limit (100) says how many at most.
func (a *api) listDecisions(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	limit, err := intParam(query, "limit", defaultLimit, 1, maxLimit)
	if err != nil {
		listen.WriteError(w, r, http.StatusBadRequest, err.Error())
		return
	}
	list := a.decisions(query.Get("route"), limit)
	if list == nil {
		_, err := a.preview().Zone(preview.Question{Route: query.Get("route")})
		listen.WriteError(w, r, http.StatusBadRequest, fmt.Sprint(err))
		return
	}
	answerList(w, r, noMembers, "decisions", list, noMembers, "")
}

// routes answers with what the ordinary calls of routes get now: q and state choose, offset and
// limit (100) page through them.
func (a *api) routes(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	offset, err := intParam(query, "offset", 0, 0, maxOffset)
	limit, limitErr := intParam(query, "limit", defaultLimit, 1, maxLimit)
	if err = cmp.Or(err, limitErr); err != nil {
		listen.WriteError(w, r, http.StatusBadRequest, err.Error())
		return
	}
	found, err := a.preview().Routes(r.Context(), a.now(),
		preview.Filter{Text: query.Get("q"), State: query.Get("state")},
		offset, limit)
	if err != nil {
		writeQueryError(w, r, err)
		return
	}
	list := found.Routes
	found.Routes = nil
	answerList(w, r, noMembers, "routes", list, found, found.Truncated)
}

// timeParam is the moment of at= or from=, in the zone of the route that answers; now without
// either.
func (a *api) timeParam(p *preview.Preview, q preview.Question, query url.Values) (time.Time, error) {
	zone, err := p.Zone(q)
	if err != nil {
		return time.Time{}, err
	}
	for _, key := range []string{"at", "from"} {
		if text := query.Get(key); text != "" {
			at, err := preview.Moment(text, zone)
			if err != nil {
				return at, fmt.Errorf("%s %w", key, err)
			}
			return at, nil
		}
	}
	return a.now().In(zone), nil
}
