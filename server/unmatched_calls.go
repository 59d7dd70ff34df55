package server

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/server/listen"
)

// unmatchedCalls are a part of the last calls that found no route, those that are alike together, the
// latest first. What would have matched is said of the configuration that answers now: of that part
// only, for it costs a comparison with every path, and until the context ends. The rest has what was
// said when the call came, so that a list that took too long is cut by what writes it, which says so.
func (s *Server) unmatchedCalls(ctx context.Context, offset, limit int) []preview.UnmatchedCall {
	l := s.live.Load()
	if l == nil {
		return []preview.UnmatchedCall{}
	}
	type alike struct{ path, account, dialed, reason string }
	list, index := []preview.UnmatchedCall{}, map[alike]int{}
	s.decisions.eachUnmatched(func(t *trace) {
		key := alike{t.event, t.text(2), t.text(1), t.reason}
		i, ok := index[key]
		if !ok {
			i = len(list)
			index[key] = i
			list = append(list, preview.UnmatchedCall{
				Path: key.path, Account: key.account, Dialed: key.dialed, Reason: key.reason,
				Message: t.failure, Candidates: []string{}, Caller: t.text(0), First: t.at.UTC(), Last: t.at.UTC(),
			})
		}
		m := &list[i]
		m.Calls++
		if t.at.Before(m.First) {
			m.First = t.at.UTC()
		}
		if t.at.After(m.Last) {
			m.Last, m.Caller = t.at.UTC(), t.text(0)
		}
	})
	slices.SortFunc(list, func(a, b preview.UnmatchedCall) int {
		return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.Path, b.Path),
			strings.Compare(a.Account, b.Account), strings.Compare(a.Dialed, b.Dialed),
			strings.Compare(a.Reason, b.Reason))
	})
	list = part(part(list, 0, maxUnmatched), offset, limit)
	if len(list) == 0 {
		return list
	}
	places := l.places()
	for i := range list {
		if ctx.Err() != nil {
			break
		}
		l.explainUnmatched(&list[i], places)
	}
	return list
}

// maxCandidates is how many routes are named that a call may have been meant for.
const maxCandidates = 5

// explainUnmatched says why a call finds no route in the configuration that answers now, and which
// routes may have been meant; or that it finds one by now. Where the number is not remembered, what
// was said when the call came stays.
func (l *live) explainUnmatched(m *preview.UnmatchedCall, places map[string]routesOfPath) {
	m.Candidates = l.candidates(places[m.Path], m.Account, "")
	if m.Dialed == "" && routes.MissReason(m.Reason) == routes.NumberNotListed {
		return
	}
	// Every parameter has a name, so that there is no error.
	call, _ := preview.Call(m.Account, m.Dialed, "", nil)
	if call == nil {
		call = &pivot.Call{}
	}
	found, why := l.table.Match(m.Path, call)
	near := ""
	switch {
	case found != routes.None:
		m.Route, m.Candidates = l.routes[found].Name, []string{}
		m.Message = "route " + m.Route + " matches this call now"
	case why == routes.NoPath:
		m.Message, near = l.table.MissingPath(m.Path)
		m.Candidates = l.candidates(places[near], m.Account, m.Dialed)
	case why == routes.NumberNotListed:
		m.Message, near = l.table.MissingNumber(m.Path, m.Dialed)
		m.Candidates = l.candidates(places[m.Path], m.Account, near)
	default:
		m.Message = l.table.Missing(m.Path, why, m.Dialed)
		m.Candidates = l.candidates(places[m.Path], m.Account, m.Dialed)
	}
}

// routesOfPath are the routes that answer on a path, by their index.
type routesOfPath struct {
	all       []int
	byAccount map[string][]int // by account in lower case; "": those for all accounts
}

// places are the routes of each path.
func (l *live) places() map[string]routesOfPath {
	places := map[string]routesOfPath{}
	for i, r := range l.routes {
		p, ok := places[r.Path]
		if !ok {
			p.byAccount = map[string][]int{}
		}
		p.all = append(p.all, i)
		if len(r.Match.Accounts) == 0 {
			p.byAccount[""] = append(p.byAccount[""], i)
		}
		for _, account := range r.Match.Accounts {
			key := strings.ToLower(account.S)
			p.byAccount[key] = append(p.byAccount[key], i)
		}
		places[r.Path] = p
	}
	return places
}

// candidates are the routes of a path that a call may have been meant for: those that list the number,
// then those of its account and of all accounts. Of a path with many routes none is named for an
// account that has none of them.
func (l *live) candidates(p routesOfPath, account, number string) []string {
	names := []string{}
	add := func(indices []int, fits func(r *render.Route) bool) {
		for _, i := range indices {
			r := l.routes[i]
			if len(names) < maxCandidates && fits(r) && !slices.Contains(names, r.Name) {
				names = append(names, r.Name)
			}
		}
	}
	anything := func(*render.Route) bool { return true }
	if number != "" {
		add(p.all, func(r *render.Route) bool { return r.Lists(number) })
	}
	add(p.byAccount[strings.ToLower(account)], anything)
	add(p.byAccount[""], anything)
	if len(names) == 0 && len(p.all) <= maxCandidates {
		add(p.all, anything)
	}
	return names
}

// maxUnmatched is how many different calls without a route are listed, the latest ones.
const maxUnmatched = 1000

// eachUnmatched visits copies of the calls that found no route.
func (d *decisions) eachUnmatched(visit func(*trace)) {
	for _, r := range d.unmatchedRings() {
		r.mu.Lock()
		list := r.last(r.size)
		r.mu.Unlock()
		for i := range list {
			visit(&list[i])
		}
	}
}

func (d *decisions) unmatchedRings() []*ring {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Values(d.misses))
}

// unmatchedCount is how many calls are remembered that found no route.
func (d *decisions) unmatchedCount() (n int) {
	for _, r := range d.unmatchedRings() {
		r.mu.Lock()
		n += min(r.count, len(r.traces))
		r.mu.Unlock()
	}
	return n
}

// unmatchedPath is the path of a call without a route as it is remembered: without a token, and as a
// text of its own, which keeps nothing of the request.
func (rec *record) unmatchedPath() string {
	return strings.Clone(cutTrace(diag.Line(rec.live.table.ShownPath(rec.path))))
}

// serveUnmatched answers with the calls that found no route.
func (a *admin) serveUnmatched(w http.ResponseWriter, r *http.Request) {
	offset, limit, err := page(r)
	if err != nil {
		listen.WriteError(w, r, http.StatusBadRequest, err.Error())
		return
	}
	answerList(w, r, noMembers, "calls", a.unmatched(r.Context(), offset, limit), noMembers, "")
}
