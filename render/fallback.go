package render

import (
	"context"
	"net/http"
	"time"

	"github.com/callhours/callhours/pivot"
)

// answer renders the branch of a decision, or the fallback.
func (s *State) answer(ctx context.Context, a *Answer, seen *eventViews, call *pivot.Call, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, s.route.options.Within)
	defer cancel()
	tried := [2]int{a.Decision.Branch, s.route.options.Fallback}
	for i, index := range tried {
		if i > 0 && index == tried[0] {
			break
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
