package render

import (
	"context"
	"net/http"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
)

// answer renders the branch of a decision, or the fallback.
func (s *State) answer(ctx context.Context, a *Answer, seen *eventViews, call *pivot.Call, now time.Time) {
	if s.asks(a, a.Decision.Branch) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.route.options.Within)
	defer cancel()
	tried := [2]int{a.Decision.Branch, s.route.options.Fallback}
	for i, index := range tried {
		if i > 0 && index == tried[0] {
			break
		}
		if s.asks(a, index) {
			return
		}
		body, err := s.render(ctx, index, a, seen, call, now)
		if err == nil {
			a.Branch, a.Body, a.Status = index, body, http.StatusOK
			if body == nil {
				a.Status = http.StatusNotFound
			}
			return
		}
		a.Failures = append(a.Failures, Failure{index, reasonOf(err), err})
	}
	a.Branch, a.Status = -1, http.StatusInternalServerError
}

// asks reports whether a branch is answered by another Pivot server, and notes that in the answer.
func (s *State) asks(a *Answer, index int) bool {
	if !s.route.branches[index].asked {
		return false
	}
	a.Branch, a.Asks, a.Status, a.Body = index, true, 0, nil
	return true
}

// Fail notes that the Pivot server did not answer that a branch asks, and renders the fallback. Where that asks one too
// there is no answer: Kazoo does not wait for two.
func (s *State) Fail(ctx context.Context, a *Answer, reason Reason, err error, call *pivot.Call, now time.Time) {
	failed, fallback := a.Branch, s.route.options.Fallback
	a.Failures = append(a.Failures, Failure{failed, reason, err})
	a.Branch, a.Asks, a.Status = -1, false, http.StatusInternalServerError
	if s.route.branches[fallback].asked {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.route.options.Within)
	defer cancel()
	body, err := s.render(ctx, fallback, a, s.newEventViews(a.Events), call, now)
	switch {
	case err != nil:
		a.Failures = append(a.Failures, Failure{fallback, reasonOf(err), err})
	case body == nil:
		a.Branch, a.Status = fallback, http.StatusNotFound
	default:
		a.Branch, a.Body, a.Status = fallback, body, http.StatusOK
	}
}

// Asked reports whether another Pivot server answers a branch.
func (r *Route) Asked(index int) bool { return r.branches[index].asked }

// Place is where the answer of a branch is written.
func (r *Route) Place(index int) diag.Pos { return r.branches[index].place }

// Fallback is the index of the branch that answers when the chosen one does not render.
func (r *Route) Fallback() int { return r.options.Fallback }

// Unrescued are the branches that answer by the template of the fallback, where what that writes
// depends on the call, the moment or events: what makes such a branch fail makes the fallback fail
// too.
func (r *Route) Unrescued() []int {
	f := &r.branches[r.options.Fallback]
	if f.template == nil || len(f.reads.each)+len(f.reads.ahead)+len(f.reads.calendars) == 0 && !f.reads.event {
		return nil
	}
	var found []int
	for i := range r.branches {
		if b := &r.branches[i]; i != r.options.Fallback && b.template != nil && b.template.Name() == f.template.Name() {
			found = append(found, i)
		}
	}
	return found
}
