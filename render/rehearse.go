package render

import (
	"context"
	"time"
)

// Rehearsed is a branch that would not answer the ordinary call at a moment.
type Rehearsed struct {
	At time.Time // in the route's zone: when its segment begins
	Failure
}

// Rehearse renders what the ordinary call gets in each segment of [from, until), with the events that decide then, and gives what fails, each
// branch and error once. It keeps nothing, so that live calls find what is kept for them.
func (s *State) Rehearse(ctx context.Context, from, until time.Time) []Rehearsed {
	type said struct {
		branch int
		text   string
	}
	seen := map[said]bool{}
	var failed []Rehearsed
	for _, at := range s.Starts(from, until) {
		if ctx.Err() != nil {
			return failed
		}
		d := s.Decide(nil, at)
		a := Answer{Decision: d, Events: d.Events(), Reason: d.Reason()}
		s.answer(ctx, &a, s.seen(a.Events), nil, at)
		for _, f := range a.Failures {
			key := said{f.Branch, f.Err.Error()}
			if !seen[key] {
				seen[key] = true
				failed = append(failed, Rehearsed{at, f})
			}
		}
	}
	return failed
}
