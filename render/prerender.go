package render

import (
	"context"
	"time"
)

// PrerenderFailure is a branch that would not answer the ordinary call at a moment.
type PrerenderFailure struct {
	At time.Time // in the route's zone: when its segment begins
	Failure
}

// eachSegment is for how long every segment is rehearsed. Later ones hardly differ but by their
// events.
const eachSegment = 7 * 24 * time.Hour

// Bounds of one rehearsal.
const (
	maxRehearsed = 100_000 // events that are looked at: a feed may have thousands on at once
	maxRendered  = 2_000   // answers that are rendered
)

// Prerender renders what the ordinary call gets in each segment of [from, until), with the events
// that decide then, and gives what fails, each branch and error once. After a week only segments
// are rendered whose branch or events have not been seen before. It keeps nothing, so that live
// calls find what is kept for them. What it takes is spent of an effort.
func (s *State) Prerender(ctx context.Context, from, until time.Time, effort *Effort) []PrerenderFailure {
	type said struct {
		branch int
		text   string
	}
	type event struct { // rather than a pointer: each look at an event makes another one
		calendar, file string
		line           int
	}
	type decided struct {
		branch  int
		unknown bool
		events  [3]event
	}
	most, rendered, starts := maxRehearsed, 0, 0
	defer func() { effort.Spend(rendered*stepsOfAnswer + starts*stepsOfStart) }()
	seen, had := map[said]bool{}, map[decided]bool{}
	var failed []PrerenderFailure
	for at := range s.Starts(from, until) {
		if ctx.Err() != nil {
			return failed
		}
		starts++
		d := s.Decide(nil, at)
		key := decided{branch: d.Branch, unknown: d.Unknown}
		if most -= d.Weight(most + 1); most < 0 {
			return failed
		}
		events := d.Events()
		for i, e := range events[:min(len(events), len(key.events))] {
			key.events[i] = event{e.Calendar, e.Event.File, e.Event.Line}
		}
		if had[key] && at.Sub(from) > eachSegment {
			continue
		}
		had[key] = true
		if rendered++; rendered > maxRendered {
			return failed
		}
		a := Answer{Decision: d, Events: events, Reason: d.Reason()}
		s.answer(ctx, &a, s.newEventViews(a.Events), nil, at)
		if ctx.Err() != nil {
			return failed // what was interrupted has not failed
		}
		for _, f := range a.Failures {
			key := said{f.Branch, f.Err.Error()}
			if !seen[key] && f.Reason != Deliberate { // which is meant
				seen[key] = true
				failed = append(failed, PrerenderFailure{at, f})
			}
		}
	}
	return failed
}
