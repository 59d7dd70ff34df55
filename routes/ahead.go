package routes

import "time"

// look tells what the same call gets in other segments. What is decided there follows from the call
// and the picture of the segment: each condition on the call is asked once, and each picture looked
// at once, however many segments there are.
type look struct {
	segments *Segments
	caller   callTester
	verdicts []verdict   // by picture
	alive    func() bool // whether to look on; nil: always
	steps    int
	ended    bool // it was not
}

// each is after how many conditions a look asks whether it should go on.
const each = 1 << 12

func (d Decision) look(alive func() bool) look {
	s := d.segments
	l := look{segments: s, caller: callTester{call: d.call}, verdicts: s.verdicts, alive: alive}
	if l.verdicts == nil {
		l.verdicts = make([]verdict, s.pictureCount())
		l.caller.said = make([]truth, s.route.callTests)
		for i := range l.caller.said {
			l.caller.said[i] = unknown
		}
	}
	return l
}

// branch is the one that the call gets in a segment.
func (l *look) branch(segment int) int { return int(l.verdict(segment).branch) }

// decide is what is decided for the call in a segment.
func (l *look) decide(segment int) Decision {
	v := l.verdict(segment)
	return Decision{
		Branch: int(v.branch), Unknown: v.unknown, segments: l.segments, segment: segment, matched: int(v.tried),
		call: l.caller.call,
	}
}

func (l *look) verdict(segment int) *verdict {
	v := &l.verdicts[l.segments.pictures.at(segment)]
	if v.known {
		return v
	}
	before := l.steps / each
	if l.steps += l.segments.route.nodes; l.alive != nil && l.steps/each > before {
		l.ended = l.ended || !l.alive()
	}
	d := l.segments.evaluateFor(l.caller, segment)
	*v = verdict{int32(d.Branch), int32(d.matched), d.Unknown, true}
	return v
}

// pictureCount is how many pictures there are.
func (s *Segments) pictureCount() int { return max(1, len(s.holds)/max(1, s.words)) }

// Until is when another branch takes over for the same call, in the route's zone; false when
// none does inside the window.
func (d Decision) Until() (time.Time, bool) {
	t, ok, _ := d.UntilWhile(nil)
	return t, ok
}

// UntilWhile is Until for as long as alive is true, which is called now and then. The last
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

// NextWhile is Next for as long as alive is true, which is called now and then. The last
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
