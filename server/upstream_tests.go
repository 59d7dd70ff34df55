package server

import (
	"context"
	"errors"
	"slices"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/upstream"
)

// upstreams make a preview's upstreams answer as tests want. Those of a test come after those of its file, and win.
func (b *testBuilder) upstreams(o *preview.Options, written []config.TestUpstream) {
	asking := b.generation.askingBranches()
	for _, w := range written {
		if !slices.Contains(asking, w.Branch.S) {
			b.wrong(w.Branch.Pos, "no route has a branch %q with an upstream%s", w.Branch.S, diag.Suggest(w.Branch.S, asking))
		}
	}
	o.Ask = func(_ context.Context, r *render.Route, branch int, call *pivot.Call) (preview.UpstreamAnswer, bool) {
		for _, w := range slices.Backward(written) {
			if w.Branch.S == r.Branches[branch].Name {
				return b.generation.fixture(r, branch, call, w), true
			}
		}
		return preview.UpstreamAnswer{}, false
	}
}

// fixture is what a test says that an upstream answers, checked as that would be.
func (g *Generation) fixture(r *render.Route, branch int, call *pivot.Call, w config.TestUpstream) preview.UpstreamAnswer {
	u := g.upstreams[r][branch]
	sent, err := u.Request(sampleRequest(call))
	switch {
	case err != nil:
		return preview.UpstreamAnswer{Reason: render.UpstreamRefused, Err: err}
	case w.Fails != "":
		return preview.UpstreamAnswer{
			Reason: render.Reason("upstream_" + w.Fails), Err: errors.New(saidSo),
		}
	}
	answer, err := u.Check(w.Type, []byte(w.Body.S), sent)
	if err != nil {
		return preview.UpstreamAnswer{Reason: render.UpstreamInvalid, Err: err}
	}
	return preview.UpstreamAnswer{Body: answer.Body, TwiML: answer.ContentType == upstream.TwiML}
}

// askingBranches are the names of branches that ask an upstream, in order.
func (g *Generation) askingBranches() []string {
	var names []string
	for r, all := range g.upstreams {
		for i, u := range all {
			if u != nil {
				names = append(names, r.Branches[i].Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
