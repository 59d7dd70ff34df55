package server

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/callhours/callhours/preview"
)

// api answers what people ask about the decisions of the configuration that is live, with its calendars as they are now.
type api struct {
	preview   func() *preview.Preview // nil before calls are answered
	now       func() time.Time
	decisions func(route string, most int) []preview.Trace // nil where there is no such route
}

// explain is callhours explain: route, or path, account and dialed; caller, at, and any parameter of a call as param=NAME=VALUE.
func (a *api) explain(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	q := preview.Question{Route: asked.Get("route"), Path: asked.Get("path"), At: a.now()}
	var err error
	if q.Call, err = preview.Call(asked.Get("account"), asked.Get("dialed"), asked.Get("caller"), asked["param"]); err != nil {
		plain(w, http.StatusBadRequest, "param "+err.Error())
		return
	}
	if q.Route == "" && q.Path == "" && q.Call == nil {
		plain(w, http.StatusBadRequest, "which call? name a route, or a path, account or dialed number that finds one")
		return
	}
	p := a.preview()
	at, err := a.moment(p, q, asked)
	if err == nil {
		q.At = at
		var e *preview.Explanation
		if e, err = p.Explain(r.Context(), q); err == nil {
			answerJSON(w, e)
			return
		}
	}
	plain(w, http.StatusBadRequest, err.Error())
}

// hours is callhours hours: route, from, days (14), and format: json, text or ics.
func (a *api) hours(w http.ResponseWriter, r *http.Request) {
	const most = 3660
	asked := r.URL.Query()
	q := preview.Question{Route: asked.Get("route")}
	days, err := 14, error(nil)
	if text := asked.Get("days"); text != "" {
		days, err = strconv.Atoi(text)
	}
	format := asked.Get("format")
	switch {
	case q.Route == "":
		err = errors.New("of which route? name a route")
	case err != nil || days < 1 || days > most:
		err = fmt.Errorf("days %q: want 1 to %d", asked.Get("days"), most)
	case format != "" && format != "json" && format != "text" && format != "ics":
		err = fmt.Errorf("format %q is not known: want json, text or ics", format)
	}
	if err != nil {
		plain(w, http.StatusBadRequest, err.Error())
		return
	}
	p := a.preview()
	from, err := a.moment(p, q, asked)
	if err == nil && asked.Get("from") == "" {
		if format == "ics" {
			from, days = from.AddDate(0, 0, -preview.Past), days+preview.Past
		}
		y, m, d := from.Date()
		from = time.Date(y, m, d, 0, 0, 0, 0, from.Location())
	}
	var h *preview.Hours
	if err == nil {
		h, err = p.Hours(q.Route, from, days)
	}
	if err != nil {
		plain(w, http.StatusBadRequest, err.Error())
		return
	}
	// Nobody is left to tell when the peer has gone.
	switch format {
	case "ics":
		w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
		_ = h.ICS(w, a.now())
	case "text":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_ = h.Text(w)
	default:
		answerJSON(w, h)
	}
}

// remembered are the last decisions, the newest first: of a route, or of all calls; limit (100) says how many at most.
func (a *api) remembered(w http.ResponseWriter, r *http.Request) {
	const most = 1000
	asked := r.URL.Query()
	limit, err := 100, error(nil)
	if text := asked.Get("limit"); text != "" {
		limit, err = strconv.Atoi(text)
	}
	if err != nil || limit < 1 || limit > most {
		plain(w, http.StatusBadRequest, fmt.Sprintf("limit %q: want 1 to %d", asked.Get("limit"), most))
		return
	}
	list := a.decisions(asked.Get("route"), limit)
	if list == nil {
		_, err := a.preview().Zone(preview.Question{Route: asked.Get("route")})
		plain(w, http.StatusBadRequest, fmt.Sprint(err))
		return
	}
	answerJSON(w, map[string]any{"decisions": list})
}

// routes are what the ordinary calls of routes get now: q and state choose, offset and limit (100) page through them.
func (a *api) routes(w http.ResponseWriter, r *http.Request) {
	const most = 1000
	asked := r.URL.Query()
	number := func(key string, otherwise, least, most int) (int, error) {
		text := asked.Get(key)
		if text == "" {
			return otherwise, nil
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most {
			return 0, fmt.Errorf("%s %q: want %d to %d", key, text, least, most)
		}
		return n, nil
	}
	offset, err := number("offset", 0, 0, 1_000_000)
	limit, wrong := number("limit", 100, 1, most)
	if err = cmp.Or(err, wrong); err != nil {
		plain(w, http.StatusBadRequest, err.Error())
		return
	}
	answerJSON(w, a.preview().Now(a.now(), preview.Filter{Text: asked.Get("q"), State: asked.Get("state")}, offset, limit))
}

// moment is the one that is asked about, at= or from=, in the zone of the route that answers; now without one.
func (a *api) moment(p *preview.Preview, q preview.Question, asked url.Values) (time.Time, error) {
	zone, err := p.Zone(q)
	if err != nil {
		return time.Time{}, err
	}
	for _, key := range []string{"at", "from"} {
		if text := asked.Get(key); text != "" {
			at, err := preview.Moment(text, zone)
			if err != nil {
				return at, fmt.Errorf("%s %w", key, err)
			}
			return at, nil
		}
	}
	return a.now().In(zone), nil
}
