package routes

import "time"

// look tells what the same call gets in other segments. What is decided there follows from the call
// and the picture of the segment: each condition on the call is asked once, and each picture looked
// at once, however many segments there are.
type look struct {
	segments *Segments
	caller   callTester
	branches []int32     // by picture, less one; 0: it was not looked at
	alive    func() bool // whether to look on; nil: always
	steps    int
	ended    bool // it was not
}

// each is after how many conditions a look asks whether it should go on.
const each = 1 << 12

func (d Decision) look(alive func() bool) look {
	s := d.segments
	l := look{segments: s, caller: callTester{call: d.call}, alive: alive}
	if s.verdicts == nil {
		l.branches = make([]int32, s.pictureCount())
		l.caller.said = make([]truth, s.route.callTests)
		for i := range l.caller.said {
			l.caller.said[i] = unknown
		}
	}
	return l
}

// branch is the one that the call gets in a segment.
func (l *look) branch(segment int) int {
	picture := l.segments.pictures.at(segment)
	if v := l.segments.verdicts; v != nil {
		return int(v[picture].branch)
	}
	if known := l.branches[picture]; known > 0 {
		return int(known) - 1
	}
	before := l.steps / each
	if l.steps += l.segments.route.nodes; l.alive != nil && l.steps/each > before {
		l.ended = l.ended || !l.alive()
	}
	branch := l.segments.evaluateFor(l.caller, segment).Branch
	l.branches[picture] = int32(branch) + 1
	return branch
}

// pictureCount is how many pictures there are.
func (s *Segments) pictureCount() int { return max(1, len(s.holds)/max(1, s.words)) }

// Until is when another branch takes over for the same call, in the route's zone; false when
// none does inside the window.
func (d Decision) Until() (time.Time, bool) {
	t, ok, _ := d.UntilWhile(nil)
	return t, ok
}

// UntilWhile is Until for as long as alive is true, which is asked now and then. The last
// result is false where it was not.
func (d Decision) UntilWhile(alive func() bool) (at time.Time, found, looked bool) {
	s := d.segments
	if d.segment == outside {
		return time.Time{}, false, true
	}
	l := d.look(alive)
	for i := d.segment + 1; i < len(s.starts) && !l.ended; i++ {
		if l.branch(i) != d.Branch {
			return time.Unix(s.start(i), 0).In(s.route.Zone), true, true
		}
	}
	return time.Time{}, false, !l.ended
}

// Since is when the branch took over that the same call takes now; false when it did before the
// window. Times are in the route's zone.
func (d Decision) Since() (time.Time, bool) {
	s := d.segments
	if d.segment == outside {
		return time.Time{}, false
	}
	l := d.look(nil)
	for i := d.segment; i > 0; i-- {
		if l.branch(i-1) != d.Branch {
			return time.Unix(s.start(i), 0).In(s.route.Zone), true
		}
	}
	return time.Time{}, false
}

// Span is a stretch of time that one branch, or branches of one state, answer. Times are in the
// route's zone.
type Span struct {
	Start, End time.Time
	Branch     string // the one that begins it
	State      State
}

// Next is the first span after the decision's moment in which the branch of that name, or a branch
// of that state, answers the same call; nil when none begins inside the window.
func (d Decision) Next(name string) *Span {
	span, _ := d.NextWhile(name, nil)
	return span
}

// NextWhile is Next for as long as alive is true, which is asked now and then. The last
// result is false where it was not.
func (d Decision) NextWhile(name string, alive func() bool) (*Span, bool) {
	s := d.segments
	if d.segment == outside {
		return nil, true
	}
	l := d.look(alive)
	is := func(i int) bool {
		b := s.route.Branches[l.branch(i)]
		return b.Name == name || string(b.State) == name
	}
	was := is(d.segment)
	for i := d.segment + 1; i < len(s.starts) && !l.ended; i++ {
		if !is(i) {
			was = false
			continue
		}
		if was {
			continue
		}
		b := s.route.Branches[l.branch(i)]
		span := &Span{Start: time.Unix(s.start(i), 0).In(s.route.Zone), Branch: b.Name, State: b.State}
		for ; i < len(s.starts) && !l.ended && is(i); i++ {
			span.End = time.Unix(s.end(i), 0).In(s.route.Zone)
		}
		return span, !l.ended
	}
	return nil, !l.ended
}
