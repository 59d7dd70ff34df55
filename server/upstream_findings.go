package server

import (
	"strings"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
)

// onTheWay is what a request and its answer take between Kazoo and callhours, at the most that is usual.
const onTheWay = 500 * time.Millisecond

// kazooWaits is the least req_timeout_ms of pivot actions whose calls an upstream may answer.
func (g *Generation) kazooWaits(timeout time.Duration) int {
	return int((timeout + g.file.AnswerWithin + onTheWay).Milliseconds())
}

// upstreamFindings are what works of upstreams and should be mended.
func (g *Generation) upstreamFindings() []preview.Finding {
	var found []preview.Finding
	var slow, fast []string
	first := diag.Pos{}
	longest := time.Duration(0)
	for _, r := range g.routes {
		all := g.upstreams[r]
		if all == nil {
			fast = append(fast, r.Name)
			continue
		}
		slow = append(slow, r.Name)
		for i, u := range all {
			if u == nil {
				continue
			}
			longest = max(longest, u.Timeout())
			if first == (diag.Pos{}) {
				first = r.Place(i)
			}
			if f, ok := g.upstreamFallback(r, i); ok {
				found = append(found, f)
			}
		}
	}
	if len(slow) > 0 && len(fast) > 0 && len(g.file.Listen) == 1 {
		found = append(found, preview.Findingf(first, "upstream_shares_listen",
			"%s share listen %q with %d that ask no upstream, so that every answer ends its connection; "+
				"add an address, such as listen: [%q, \":8081\"], and use its port in the voice_url of routes with an "+
				"upstream, with req_timeout_ms %d or more", namesOf(slow), g.file.Listen[0].S, len(fast),
			g.file.Listen[0].S, g.kazooWaits(longest)))
	}
	return found
}

// upstreamFallback finds a branch whose upstream nobody answers for.
func (g *Generation) upstreamFallback(r *render.Route, branch int) (preview.Finding, bool) {
	all, fallback := g.upstreams[r], r.Fallback()
	name := r.Branches[branch].Name
	var why string
	switch {
	case fallback == branch:
		if len(r.Branches) > 1 && g.asksElsewhere(r, branch) {
			return preview.Finding{}, false // reported for the branches before it
		}
		why = "is the route's fallback too"
	case all[fallback] == nil:
		return preview.Finding{}, false
	case all[branch].Same(all[fallback]):
		why = "asks the same upstream as its fallback, branch " + r.Branches[fallback].Name
	default:
		why = "has a fallback that asks an upstream too, branch " + r.Branches[fallback].Name +
			", which is not asked after another one has failed"
	}
	f := preview.Findingf(r.Place(branch), "upstream_no_fallback",
		"branch %s of route %s %s; when its upstream fails, Kazoo runs its `_` child; add a branch with a template, and name it as fallback",
		name, r.Name, why)
	f.Route, f.Branch = r.Name, name
	return f, true
}

// asksElsewhere reports whether a branch other than one asks an upstream.
func (g *Generation) asksElsewhere(r *render.Route, branch int) bool {
	for i, u := range g.upstreams[r] {
		if u != nil && i != branch {
			return true
		}
	}
	return false
}

// namesOf is a few names for a sentence.
func namesOf(names []string) string {
	const most = 3
	text := "routes " + strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		text += " and others"
	}
	return text
}
