package calendars

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// View is how events that belong to no zone are read: the same feed has another Timeline for another View.
type View struct {
	// Zone is that of all-day and floating events; nil is UTC.
	Zone *time.Location
	// DayStarts is when an all-day event begins and ends, from midnight on; 0 is midnight. For a bar that closes at two,
	// Sunday runs from 5:00 to Monday 5:00.
	DayStarts time.Duration
}

// Occurrence is one instance of an event. It is on in [Start, End); with Start == End it has no length and is never on.
type Occurrence struct {
	Start, End int64 // Unix seconds
	Event      *Event
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

// Timeline is the occurrences of a Calendar within a window, for one View. It is immutable. It holds no Event: those are unpacked for
// who asks.
type Timeline struct {
	calendar *Calendar
	from, to int64
	problems []Problem

	// The occurrences in order: when they start and end, and where their events stand in the calendar. For searching there is
	// the latest end in each block of them, in each block of blocks and so on, which lets a search pass what has ended.
	starts, ends []int64
	places       []uint32
	blocks       [][]int64
}

const blockSize = 8

func newTimeline(c *Calendar, from, to int64, occurrences []Occurrence, problems []Problem) *Timeline {
	slices.SortFunc(occurrences, Occurrence.compare)
	t := &Timeline{calendar: c, from: from, to: to, problems: problems}
	n := len(occurrences)
	t.starts, t.ends, t.places = make([]int64, n), make([]int64, n), make([]uint32, n)
	for i, o := range occurrences {
		t.starts[i], t.ends[i], t.places[i] = o.Start, o.End, uint32(o.Event.place)
	}
	for ends := t.ends; len(ends) > blockSize; {
		latest := make([]int64, 0, (len(ends)+blockSize-1)/blockSize)
		for block := range slices.Chunk(ends, blockSize) {
			latest = append(latest, slices.Max(block))
		}
		t.blocks = append(t.blocks, latest)
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
	latest := t.ends
	if n := len(t.blocks); n > 0 {
		latest = t.blocks[n-1]
	}
	if len(latest) == 0 {
		return 0
	}
	return slices.Max(latest)
}

// Len is how many occurrences All has.
func (t *Timeline) Len() int { return len(t.starts) }

// All are the occurrences that overlap the window, also those without length that start in it, sorted by start, end, UID
// and RECURRENCE-ID. As with Calendar.Events, they are not to be kept for long.
func (t *Timeline) All() []Occurrence {
	list := make([]Occurrence, len(t.starts))
	components := t.calendar.open().components
	for i, place := range t.places {
		k, _ := slices.BinarySearchFunc(components, int(place), func(e *Event, place int) int { return e.place - place })
		list[i] = Occurrence{t.starts[i], t.ends[i], components[k]}
	}
	return list
}

// At appends to dst the occurrences that are on at a moment, in the order of All. A moment outside the window is the caller's mistake:
// what is on there is not known.
func (t *Timeline) At(dst []Occurrence, at int64) []Occurrence { return t.Between(dst, at, at+1) }

// Between is At for a span: it appends what is on at any moment of [from, to).
func (t *Timeline) Between(dst []Occurrence, from, to int64) []Occurrence {
	first := len(dst)
	for i := range t.search(from, to) {
		dst = append(dst, Occurrence{t.starts[i], t.ends[i], t.calendar.event(int(t.places[i]))})
	}
	slices.Reverse(dst[first:])
	return dst
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
		for i := firstAfter(t.starts, to-1) - 1; i >= 0; {
			if over := t.passed(i, from); over > 0 {
				i -= over
				continue
			}
			if t.ends[i] > from && t.starts[i] < t.ends[i] && !yield(i) {
				return
			}
			i--
		}
	}
}

// passed is how many occurrences, up to the ith, make the largest whole block in which all have ended by a moment; 0 if there is
// none.
func (t *Timeline) passed(i int, by int64) (over int) {
	size := 1
	for _, latest := range t.blocks {
		if size *= blockSize; i%size != size-1 || latest[i/size] > by {
			break
		}
		over = size
	}
	return over
}

// Edges are the moments nearest to a moment at which an occurrence starts or ends: the last one up to it, from if there is none after
// that, and the first one after it, to if there is none before that.
func (t *Timeline) Edges(at, from, to int64) (since, until int64) {
	since, until = from, to
	for i, start := range t.starts {
		for _, edge := range [2]int64{start, t.ends[i]} {
			if edge <= at {
				since = max(since, edge)
			} else {
				until = min(until, edge)
			}
		}
	}
	return since, until
}

// firstAfter is the index of the first of the ascending times that is after a moment.
func firstAfter(times []int64, at int64) int {
	low, high := 0, len(times)
	for low < high {
		if middle := int(uint(low+high) >> 1); times[middle] <= at {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// Problems are the events that were left out because they are over a limit. The slice must not be modified.
func (t *Timeline) Problems() []Problem { return t.problems }
