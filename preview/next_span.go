package preview

import (
	"sync"
	"time"
	"weak"

	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
)

// maxScrapeTitles is how many events of a route NextSpan reads each time it is asked.
const maxScrapeTitles = 64

// NextSpan is when the span ends that the ordinary call of a route is in. It is for who asks again
// and again of many routes, as scrapes do: what was found is kept while it holds, and each time few
// events are looked at. The zero NextSpan is ready for use, by several at once.
type NextSpan struct {
	mu    sync.Mutex                 // guards the following
	state weak.Pointer[render.State] // that it was found in, which is not to live for that
	key   routes.SpanKey
	from  int64 // Unix seconds: the key holds in [from, until)
	until int64
	blind bool // what decides now would take more to find: nothing is known of titles
	found bool // another span begins at until; else it was not looked at beyond
	ended bool // nothing lies beyond in that state
}

// At is the end of the span in which a moment lies, in the route's zone; the zero time where none is
// in sight. looked is false where that is not known yet, since too many events lie ahead of it.
// match is the name that a condition finds then; "" without one, or where too many events are on.
func (n *NextSpan) At(s *render.State, r *render.Route, now time.Time) (end time.Time, match string, looked bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	left := maxScrapeTitles
	if at, state := now.Unix(), weak.Make(s); n.state != state || at < n.from || at >= n.until {
		d := s.Decide(nil, now)
		from, until, ok := d.Lasts()
		if !ok {
			n.state = weak.Pointer[render.State]{}
			return time.Time{}, "", true
		}
		key, read, ok := d.SpanKey(left)
		left -= read
		n.state, n.key, n.from, n.until = state, key, from, until
		n.blind, n.found, n.ended = !ok, false, false
	}
	if !n.found && !n.ended {
		n.look(s, left)
	}
	if n.found {
		return time.Unix(n.until, 0).In(r.Zone), n.key.Match, true
	}
	return time.Time{}, n.key.Match, n.ended
}

// look looks on from until, as far as it may read.
func (n *NextSpan) look(s *render.State, left int) {
	for d := range s.Decide(nil, time.Unix(n.until-1, 0)).Ahead() {
		if d.Branch != n.key.Branch || d.Unknown != n.key.Unknown {
			n.found = true
			return
		}
		if !n.blind {
			key, read, ok := d.SpanKey(left)
			if !ok && left < maxScrapeTitles {
				return // it may be enough the next time
			}
			if n.found = ok && key != n.key; n.found {
				return
			}
			left -= read
		}
		_, n.until, _ = d.Lasts()
	}
	n.ended = true
}
