package calendars

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/callhours/callhours/calendars/ical"
)

// View is how events that belong to no zone are read: the same feed has another Timeline for
// another View.
type View struct {
	// Zone is that of all-day and floating events; nil is UTC.
	Zone *time.Location
	// DayStarts is when an all-day event begins and ends, from midnight on; 0 is midnight. For a
	// bar that closes at two, Sunday runs from 5:00 to Monday 5:00.
	DayStarts time.Duration
}

// Occurrence is one instance of an event. It is on in [Start, End); with Start == End it has no
// length and is never on.
type Occurrence struct {
	Start, End int64 // Unix seconds

	// Event has no rules and dates, unless it comes from All, AllOf, Within or Head: looking at one
	// occurrence takes no more because the series has ten thousand exceptions.
	Event *Event
}

// Same reports whether two occurrences of one Calendar are the same.
func (o Occurrence) Same(p Occurrence) bool {
	return o.Start == p.Start && o.End == p.End && o.Event.place == p.Event.place
}

func (o Occurrence) compare(p Occurrence) int {
	// Written out because it sorts a million of them: cmp.Or would compare the texts each time.
	if c := cmp.Compare(o.Start, p.Start); c != 0 {
		return c
	}
	if c := cmp.Compare(o.End, p.End); c != 0 {
		return c
	}
	if c := cmp.Compare(o.Event.UID, p.Event.UID); c != 0 {
		return c
	}
	return cmp.Compare(o.Event.RecurrenceID, p.Event.RecurrenceID)
}

// Timeline is the occurrences of a Calendar within a window, for one View. It is immutable. It
// holds no Event: those are unpacked for who asks.
type Timeline struct {
	calendar *Calendar
	from, to int64
	problems []ical.Problem
	steps    int // that its rules took

	// The occurrences in order: when they start and end, and where their events stand in the
	// calendar. For searching there is the latest end in each block of them, in each block of
	// blocks and so on, which lets a search pass what has ended.
	starts, ends instants
	places       []uint32
	blocks       []instants
}

// instants are Unix seconds: in half the room, counted from the first of them, where they lie
// within 136 years, as all but a few do.
type instants struct {
	base     int64
	offsets  []uint32
	absolute []int64
}

func newInstants(list []int64) (n instants) {
	if len(list) == 0 {
		return n
	}
	n.base = slices.Min(list)
	if slices.Max(list)-n.base > math.MaxUint32 {
		n.absolute = slices.Clone(list)
		return n
	}
	n.offsets = make([]uint32, len(list))
	for i, at := range list {
		n.offsets[i] = uint32(at - n.base)
	}
	return n
}

func (n *instants) len() int { return max(len(n.offsets), len(n.absolute)) }

func (n *instants) at(i int) int64 {
	if n.absolute != nil {
		return n.absolute[i]
	}
	return n.base + int64(n.offsets[i])
}

// after is the index of the first of the ascending instants that is after a moment.
func (n *instants) after(at int64) int {
	return sort.Search(n.len(), func(i int) bool { return n.at(i) > at })
}

const blockSize = 8

func newTimeline(c *Calendar, from, to int64, occurrences []Occurrence, problems []ical.Problem) *Timeline {
	slices.SortFunc(occurrences, Occurrence.compare)
	t := &Timeline{calendar: c, from: from, to: to, problems: problems}
	starts, ends := make([]int64, len(occurrences)), make([]int64, len(occurrences))
	t.places = make([]uint32, len(occurrences))
	for i, o := range occurrences {
		starts[i], ends[i], t.places[i] = o.Start, o.End, uint32(o.Event.place)
	}
	t.starts, t.ends = newInstants(starts), newInstants(ends)
	for len(ends) > blockSize {
		latest := make([]int64, 0, (len(ends)+blockSize-1)/blockSize)
		for block := range slices.Chunk(ends, blockSize) {
			latest = append(latest, slices.Max(block))
		}
		t.blocks = append(t.blocks, newInstants(latest))
		ends = latest
	}
	return t
}

// From is the beginning of the window, in Unix seconds.
func (t *Timeline) From() int64 { return t.from }

// To is the end of the window, in Unix seconds; what is on from there on is not known.
func (t *Timeline) To() int64 { return t.to }

// Last is when the last of the occurrences ends, in Unix seconds; 0 without any.
func (t *Timeline) Last() int64 {
	latest := &t.ends
	if n := len(t.blocks); n > 0 {
		latest = &t.blocks[n-1]
	}
	if latest.len() == 0 {
		return 0
	}
	last := latest.at(0)
	for i := range latest.len() {
		last = max(last, latest.at(i))
	}
	return last
}

// Len is how many occurrences All has.
func (t *Timeline) Len() int { return t.starts.len() }

// All are the occurrences that overlap the window, also those without length that start in it,
// sorted by start, end, UID and RECURRENCE-ID. As with Calendar.Events, they are not to be kept for
// long.
func (t *Timeline) All() []Occurrence {
	list, _, _ := t.AllOf()
	return list
}

// AllOf is All with the events of these occurrences, each once, and for each occurrence the index
// of its own.
func (t *Timeline) AllOf() (list []Occurrence, events []*Event, which []uint32) {
	return t.head(t.Len())
}

// Within is AllOf for the occurrences that are on at any moment of [from, to), in no order. n is
// how many there are, see [Timeline.Busy].
func (t *Timeline) Within(from, to int64, n int) (list []Occurrence, events []*Event, which []uint32) {
	return t.list(t.search(from, to), n)
}

// head is AllOf for the first n occurrences.
func (t *Timeline) head(n int) (list []Occurrence, events []*Event, which []uint32) {
	return t.list(func(yield func(int) bool) {
		for i := 0; i < n && yield(i); i++ {
		}
	}, n)
}

// list is AllOf for n occurrences, by their indices.
func (t *Timeline) list(indices iter.Seq[int], n int) (list []Occurrence, events []*Event, which []uint32) {
	components := t.calendar.unpack().components
	list, which = make([]Occurrence, 0, n), make([]uint32, 0, n)
	known := make([]uint32, len(components)) // indices of events, from 1; 0: not met yet
	for i := range indices {
		k, _ := slices.BinarySearchFunc(components, int(t.places[i]), func(e *Event, place int) int {
			return e.place - place
		})
		if known[k] == 0 {
			events = append(events, components[k])
			known[k] = uint32(len(events))
		}
		list, which = append(list, Occurrence{t.starts.at(i), t.ends.at(i), components[k]}), append(which, known[k]-1)
	}
	return list, events, which
}

// At appends to dst the occurrences that are on at a moment, in the order of All. A moment outside
// the window is the caller's mistake: what is on there is not known.
func (t *Timeline) At(dst []Occurrence, at int64) []Occurrence { return t.Between(dst, at, at+1) }

// Between is At for a span: it appends what is on at any moment of [from, to).
func (t *Timeline) Between(dst []Occurrence, from, to int64) []Occurrence {
	first := len(dst)
	for i := range t.search(from, to) {
		dst = append(dst, t.Occurrence(i))
	}
	slices.Reverse(dst[first:])
	return dst
}

// First is Between for the first ones alone: it appends at most so many, and says how many more
// there are. Only those are unpacked.
func (t *Timeline) First(dst []Occurrence, from, to int64, limit int) (list []Occurrence, more int) {
	n, ring := 0, make([]int, 0, min(limit, t.Len()))
	for i := range t.search(from, to) { // the last one first, so that those found last are kept
		switch {
		case len(ring) < limit:
			ring = append(ring, i)
		case limit > 0:
			ring[n%limit] = i
		}
		n++
	}
	for k := range len(ring) {
		dst = append(dst, t.Occurrence(ring[(n-1-k)%len(ring)]))
	}
	return dst, n - len(ring)
}

// Scan yields what is on at any moment of [from, to), the last one first, each with its index in
// All. The Event is the same variable each time, and has no more than what is said of it: its
// texts, and whether it is transparent, recurring or lasts whole days. Looking at many events takes
// no room.
func (t *Timeline) Scan(from, to int64) iter.Seq2[int, Occurrence] {
	return func(yield func(int, Occurrence) bool) {
		e := new(Event)
		for i := range t.search(from, to) {
			*e = Event{Event: ical.Event{Categories: e.Categories[:0]}}
			u := &unpacker{data: t.calendar.packed, offset: int(t.places[i]), zones: t.calendar.zones, detail: forScan}
			u.event(e)
			if !yield(i, Occurrence{t.starts.at(i), t.ends.at(i), e}) {
				return
			}
		}
	}
}

// Occurrence is the ith of All.
func (t *Timeline) Occurrence(i int) Occurrence {
	return Occurrence{t.starts.at(i), t.ends.at(i), t.calendar.event(int(t.places[i]))}
}

// Busy is how many occurrences are on at any moment of [from, to), counted up to most. It allocates
// nothing, and looks at no event.
func (t *Timeline) Busy(from, to int64, limit int) (n int) {
	for range t.search(from, to) {
		if n++; n >= limit {
			break
		}
	}
	return n
}

// Head is the beginning of All: at most so many occurrences.
func (t *Timeline) Head(limit int) []Occurrence {
	list, _, _ := t.head(min(limit, t.Len()))
	return list
}

// Count is how many occurrences are on at a moment. It allocates nothing.
func (t *Timeline) Count(at int64) (n int) {
	for range t.search(at, at+1) {
		n++
	}
	return n
}

// search yields the occurrences that are on at any moment of [from, to), the last one first.
func (t *Timeline) search(from, to int64) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := t.starts.after(to-1) - 1; i >= 0; {
			if over := t.countEndedBy(i, from); over > 0 {
				i -= over
				continue
			}
			if end := t.ends.at(i); end > from && t.starts.at(i) < end && !yield(i) {
				return
			}
			i--
		}
	}
}

// countEndedBy is how many occurrences, up to the ith, make the largest whole block in which all
// have ended by a moment; 0 if there is none.
func (t *Timeline) countEndedBy(i int, by int64) (over int) {
	size := 1
	for k := range t.blocks {
		if size *= blockSize; i%size != size-1 || t.blocks[k].at(i/size) > by {
			break
		}
		over = size
	}
	return over
}

// Edges are the moments nearest to a moment at which an occurrence starts or ends: the last one up
// to it, from if there is none after that, and the first one after it, to if there is none before
// that.
func (t *Timeline) Edges(at, from, to int64) (since, until int64) {
	since, until = from, to
	for i := range t.Len() {
		for _, edge := range [2]int64{t.starts.at(i), t.ends.at(i)} {
			if edge <= at {
				since = max(since, edge)
			} else {
				until = min(until, edge)
			}
		}
	}
	return since, until
}

// Problems are the events that were left out because they are over a limit. The slice must not be
// modified.
func (t *Timeline) Problems() []ical.Problem { return t.problems }
