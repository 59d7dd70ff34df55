package routes

import (
	"encoding/binary"
	"iter"
	"math"
	"slices"
	"sort"
	"sync/atomic"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/zones"
)

// Segments are a route's calendars compiled for a window: spans of time in which no calendar
// condition of the route changes, nor the events behind it. They are immutable, but for where the
// last search ended and what is kept of crowds, and safe for concurrent use.
type Segments struct {
	route     *Route
	from, to  int64                   // Unix seconds, [from, to)
	last      atomic.Uint32           // the segment that was found last: the next call is mostly in the same
	starts    []uint32                // of the segments, in seconds after from, ascending; the first is 0
	pictures  pictures                // by segment: which of holds is its own
	verdicts  []verdict               // by picture, where no condition asks about the call; else nil
	holds     []uint64                // pictures, each once, words each: a bit for every leaf that holds
	words     int                     // in holds, for one picture
	unknown   []uint64                // a bit for every leaf one of whose calendars is unknown
	timelines [][]*calendars.Timeline // by leaf, then by calendar of the leaf; nil: unknown
	why       map[string]string       // why a calendar is unknown, by its name
	crowds    crowds
	short     string // see Short
	refused   string // see Refused
}

// Compile compiles the route for the window [from, to). timelines gives a calendar's timeline by
// its name, compiled for the route's zone and day for a window no smaller, or nil when the calendar
// is unknown, and why. A route that takes more than totals have room for is compiled for the
// beginning of the window alone, see [Segments.Short]; where even that takes too much, all of its
// calendars are unknown, see [Segments.Refused].
func (r *Route) Compile(timelines func(calendar string) (*calendars.Timeline, string), from, to time.Time,
	totals Totals,
) *Segments {
	known, why := map[string]*calendars.Timeline{}, map[string]string{}
	for _, name := range r.Calendars() {
		t, reason := timelines(name)
		if known[name] = t; t == nil {
			why[name] = reason
		}
	}
	s, takes := r.compile(known, from, to, totals.room(r.Name, wholeWindow))
	short, refused := totals.count(r.Name, takes, wholeWindow), ""
	if short != "" {
		if soon := from.Add(Soon); soon.Before(to) {
			to = soon
		}
		s, takes = r.compile(known, from, to, totals.room(r.Name, shortWindow))
		refused = totals.count(r.Name, takes, shortWindow)
	}
	if refused != "" {
		s, _ = r.compile(nil, from, to, cost{})
		for _, name := range r.Calendars() {
			if why[name] == "" {
				why[name] = refused
			}
		}
	}
	s.why, s.short, s.refused = why, short, refused
	return s
}

// Short is why the window ends early, since the route takes too much; "" where it does not.
func (s *Segments) Short() string { return s.short }

// Refused is why all calendars of the route are unknown, whatever they hold, because it takes too
// much; "" where they are not.
func (s *Segments) Refused() string { return s.refused }

// Size is what the segments take, in amounts of some ten bytes.
func (s *Segments) Size() int { return len(s.starts) + len(s.holds) }

// touching is how far beyond a window an occurrence may lie that a condition on whole days finds in
// it.
const touching = 48 * time.Hour

// compile makes segments of the timelines; those that are not known are nil. takes is what that
// took; where it is more than most, compile has ended there, and what it gives is not to be used.
func (r *Route) compile(known map[string]*calendars.Timeline, from, to time.Time, most cost) (s *Segments, takes cost) {
	s = &Segments{
		// 136 years; a horizon has ten at most
		route: r, from: from.Unix(), to: min(to.Unix(), from.Unix()+math.MaxUint32),
		words:   (len(r.leaves) + 63) / 64,
		unknown: make([]uint64, (len(r.leaves)+63)/64),
	}
	first, last := s.from-int64(touching/time.Second), s.to+int64(touching/time.Second)
	number := map[string]int{}
	for name, t := range known {
		if t != nil {
			number[name] = t.Busy(first, last, most.steps+1)
		}
	}
	for _, l := range r.leaves {
		for _, name := range l.calendars {
			if takes.steps += number[name]; takes.steps > most.steps {
				return nil, takes
			}
		}
	}
	all, n := map[string]*occurrences{}, 0
	for name, t := range known {
		if t != nil {
			all[name] = &occurrences{}
			all[name].all, all[name].events, all[name].which = t.Within(first, last, number[name])
			n += 2 * len(all[name].all)
		}
	}
	for _, l := range r.leaves {
		for _, name := range l.calendars {
			if of := all[name]; of != nil {
				if takes.steps += of.compared(&l.filter); takes.steps > most.steps {
					return nil, takes
				}
			}
		}
	}
	edges := make([]edge, 0, min(n, most.edges))
	left := (most.steps - takes.steps) * comparedInStep // for regular expressions and names
	for i, l := range r.leaves {
		ts := make([]*calendars.Timeline, len(l.calendars))
		for k, name := range l.calendars {
			if ts[k] = known[name]; ts[k] == nil {
				set(s.unknown, i)
				continue
			}
			edges, takes.edges = s.edges(edges, i, all[name], most.edges, &left)
			if left < 0 { // which took all of it
				return nil, cost{most.edges + 1, most.steps}
			}
			if takes.edges > most.edges {
				return nil, takes
			}
		}
		s.timelines = append(s.timelines, ts)
	}
	takes.steps = most.steps - left/comparedInStep
	if takes = s.sweep(edges, takes, most); !takes.within(most) {
		return nil, takes
	}
	if !r.dependsOnCall {
		verdicts := make([]verdict, max(1, len(s.holds)/max(1, s.words)))
		for i := range s.starts {
			if v := &verdicts[s.pictures.at(i)]; !v.known {
				d := s.evaluate(nil, i)
				*v = verdict{int32(d.Branch), int32(d.matched), d.Unknown, true}
			}
		}
		s.verdicts = verdicts
	}
	return s, takes
}

// verdict is what is decided while the same conditions on calendars hold.
type verdict struct {
	branch, tried  int32
	unknown, known bool
}

// edge is a moment at which an event of a leaf comes on or goes off: from the left, seconds after
// from in 32 bits, the leaf in 31, and in the last whether the event comes on. Numbers are sorted
// in half the time that it would take with fields.
type edge uint64

func (s *Segments) edge(at int64, leaf int, comesOn edge) edge {
	return edge(at-s.from)<<32 | edge(leaf)<<1 | comesOn
}

func (e edge) after() uint32 { return uint32(e >> 32) }
func (e edge) leaf() int     { return int(e >> 1 & math.MaxInt32) }

// step is what happens to the number of the leaf's events that are on.
func (e edge) step() int { return int(e&1)*2 - 1 }

// edges appends where the events of a calendar that a leaf admits begin and end inside the window,
// and says how many there are then: up to the first ones over most, which are not appended. What
// regular expressions and names take is taken off left; below 0 edges has ended.
func (s *Segments) edges(dst []edge, leaf int, of *occurrences, most int, left *int) (edges []edge, n int) {
	l := s.route.leaves[leaf]
	admitted := slices.Clone(of.fits(l.filter.Summary, left))
	rest := l.filter
	rest.Summary = nil
	var known *named
	if l.field != "" {
		known = of.lookFor(l.names, left)
	}
	for i, e := range of.events {
		if *left < 0 {
			return dst, len(dst)
		}
		admitted[i] = admitted[i] && rest.MatchWithin(e, left) && (known == nil || of.hasName(known, i, left))
	}
	for i, o := range of.all {
		if o.Start == o.End || !admitted[of.which[i]] {
			continue
		}
		start, end := o.Start, o.End
		if l.wholeDay {
			start, end = s.route.days(o)
		}
		start, end = max(start, s.from), min(end, s.to)
		if start >= end {
			continue
		}
		if len(dst)+2 > most {
			return dst, len(dst) + 2
		}
		dst = append(dst, s.edge(start, leaf, 1), s.edge(end, leaf, 0))
	}
	return dst, len(dst)
}

// sweep turns edges into segments. It says what that takes with what was taken before, and ends
// where that is more than most.
func (s *Segments) sweep(edges []edge, before, most cost) cost {
	slices.Sort(edges)
	last := uint32(s.to - s.from)
	on := make([]int, len(s.route.leaves))
	now := make([]uint64, s.words)
	pictures := map[string]uint32{}
	s.starts, s.pictures.many = make([]uint32, 1, len(edges)+1), make([]uint32, 0, len(edges)+1)
	takes := func() cost { // besides the first picture, which every route has
		return before.plus(cost{max(0, len(s.holds)-s.words), max(0, len(pictures)-1) * s.route.nodes})
	}
	for i := 0; i < len(edges); {
		if !takes().within(most) {
			return takes()
		}
		at := edges[i].after()
		if at > s.starts[len(s.starts)-1] && at < last {
			s.picture(pictures, now)
			s.starts = append(s.starts, at)
		}
		for ; i < len(edges) && edges[i].after() == at; i++ {
			if at == last {
				continue
			}
			leaf := edges[i].leaf()
			on[leaf] += edges[i].step()
			if on[leaf] > 0 {
				set(now, leaf)
			} else {
				unset(now, leaf)
			}
		}
	}
	s.picture(pictures, now)
	s.starts, s.holds = slices.Clone(s.starts), slices.Clone(s.holds) // which takes no more room than they need
	s.pictures = s.pictures.packed(len(s.holds) / max(1, s.words))
	return takes()
}

// picture ends a segment in which these leaves hold. There are few different pictures, which come
// again every week.
func (s *Segments) picture(known map[string]uint32, now []uint64) {
	key := make([]byte, 0, 64)
	for _, word := range now {
		key = binary.LittleEndian.AppendUint64(key, word)
	}
	which, ok := known[string(key)]
	if !ok {
		which = uint32(len(known))
		known[string(key)] = which
		s.holds = append(s.holds, now...)
	}
	s.pictures.many = append(s.pictures.many, which)
}

// pictures are numbers of pictures, a byte each where there are no more than that, as in all but a
// few routes.
type pictures struct {
	few  []uint8
	many []uint32
}

// packed are the pictures in as little room as n different ones need.
func (p pictures) packed(n int) pictures {
	if n > math.MaxUint8+1 {
		return pictures{many: slices.Clone(p.many)}
	}
	few := make([]uint8, len(p.many))
	for i, which := range p.many {
		few[i] = uint8(which)
	}
	return pictures{few: few}
}

func (p *pictures) at(segment int) int {
	if p.many != nil {
		return int(p.many[segment])
	}
	return int(p.few[segment])
}

// days are the local days that an occurrence touches, from the first one's beginning to the last
// one's end.
func (r *Route) days(o calendars.Occurrence) (start, end int64) {
	return r.day(o.Start, 0), r.day(o.End-1, 1)
}

// day is when the local day that a moment lies in begins, or one that many days later.
func (r *Route) day(at int64, later int) int64 {
	local := time.Unix(at, 0).In(r.Zone)
	y, m, d := local.Date()
	begins := func(d int) int64 {
		civil := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() + int64(r.DayStarts/time.Second)
		return zones.Instant(civil, r.Zone)
	}
	if at < begins(d) {
		d--
	}
	return begins(d + later)
}

func set(words []uint64, i int)      { words[i/64] |= 1 << (i % 64) }
func unset(words []uint64, i int)    { words[i/64] &^= 1 << (i % 64) }
func has(words []uint64, i int) bool { return words[i/64]&(1<<(i%64)) != 0 }

// Window is the span of time that was compiled, in the route's zone. Outside of it every calendar
// is unknown.
func (s *Segments) Window() (from, to time.Time) {
	return time.Unix(s.from, 0).In(s.route.Zone), time.Unix(s.to, 0).In(s.route.Zone)
}

// outside is the index of the segment of a moment outside the window.
const outside = -1

// find is the index of the segment that a moment lies in.
func (s *Segments) find(at int64) int {
	if at < s.from || at >= s.to {
		return outside
	}
	after := uint32(at - s.from)
	// Calls to many routes find little of each in the processor's caches, and a search looks all
	// around.
	if i := int(s.last.Load()); s.starts[i] <= after && (i+1 == len(s.starts) || after < s.starts[i+1]) {
		return i
	}
	found := sort.Search(len(s.starts), func(i int) bool { return s.starts[i] > after }) - 1
	s.last.Store(uint32(found))
	return found
}

// start is when a segment begins.
func (s *Segments) start(segment int) int64 { return s.from + int64(s.starts[segment]) }

// end is when a segment ends.
func (s *Segments) end(segment int) int64 {
	if segment+1 < len(s.starts) {
		return s.start(segment + 1)
	}
	return s.to
}

// Starts yields when segments begin in [from, until), and from itself first, in the route's zone.
func (s *Segments) Starts(from, until time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		if !yield(from.In(s.route.Zone)) {
			return
		}
		after := from.Unix()
		for i := sort.Search(len(s.starts), func(i int) bool { return s.start(i) > after }); i < len(s.starts) &&
			s.start(i) < until.Unix(); i++ {
			if !yield(time.Unix(s.start(i), 0).In(s.route.Zone)) {
				return
			}
		}
	}
}

// holds says whether a leaf's condition holds in a segment.
func (s *Segments) truth(leaf, segment int) truth {
	switch {
	case segment == outside:
		return unknown
	case has(s.holds[s.pictures.at(segment)*s.words:], leaf):
		return yes
	case has(s.unknown, leaf):
		return unknown
	}
	return no
}
