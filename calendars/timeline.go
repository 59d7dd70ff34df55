package calendars

import (
	"cmp"
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

// Timeline is the occurrences of a Calendar within a window, for one View. It is immutable.
type Timeline struct {
	from, to    int64
	occurrences []Occurrence
	problems    []Problem

	// For At: the starts, close together; the latest end among an occurrence and all before it, which ends a search; and
	// the latest end in each block, in each block of blocks and so on, which lets a search pass what one long occurrence
	// keeps in sight.
	starts  []int64
	reach   []int64
	blocks  [][]int64
	changes []int64 // when something starts or ends, ascending
}

const blockSize = 8

func newTimeline(from, to int64, occurrences []Occurrence, problems []Problem) *Timeline {
	slices.SortFunc(occurrences, Occurrence.compare)
	t := &Timeline{from: from, to: to, occurrences: occurrences, problems: problems}
	t.starts = make([]int64, len(occurrences))
	t.reach = make([]int64, len(occurrences))
	t.changes = make([]int64, 0, 2*len(occurrences))
	for i, o := range occurrences {
		t.starts[i], t.reach[i] = o.Start, o.End
		if i > 0 {
			t.reach[i] = max(t.reach[i-1], o.End)
		}
		if o.Start < o.End {
			for _, at := range [2]int64{o.Start, o.End} {
				if from <= at && at < to {
					t.changes = append(t.changes, at)
				}
			}
		}
	}
	ends := make([]int64, len(occurrences))
	for i, o := range occurrences {
		ends[i] = o.End
	}
	for len(ends) > blockSize {
		var latest []int64
		for block := range slices.Chunk(ends, blockSize) {
			latest = append(latest, slices.Max(block))
		}
		t.blocks = append(t.blocks, latest)
		ends = latest
	}
	slices.Sort(t.changes)
	t.changes = slices.Clip(slices.Compact(t.changes))
	return t
}

// From is the beginning of the window, in Unix seconds.
func (t *Timeline) From() int64 { return t.from }

// To is the end of the window, in Unix seconds; what is on from there on is not known.
func (t *Timeline) To() int64 { return t.to }

// Last is when the last of the occurrences ends, in Unix seconds; 0 without any.
func (t *Timeline) Last() int64 {
	if len(t.reach) == 0 {
		return 0
	}
	return t.reach[len(t.reach)-1]
}

// All are the occurrences that overlap the window, also those without length that start in it, sorted by start, end, UID
// and RECURRENCE-ID. The slice must not be modified.
func (t *Timeline) All() []Occurrence { return t.occurrences }

// At appends to dst the occurrences that are on at a moment, in the order of All. It does not allocate where dst has
// room. A moment outside the window is the caller's mistake: what is on there is not known.
func (t *Timeline) At(dst []Occurrence, at int64) []Occurrence { return t.Between(dst, at, at+1) }

// Between is At for a span: it appends what is on at any moment of [from, to).
func (t *Timeline) Between(dst []Occurrence, from, to int64) []Occurrence {
	i := firstAfter(t.starts, to-1) - 1
	first := len(dst)
	for i >= 0 && t.reach[i] > from {
		if over := t.passed(i, from); over > 0 {
			i -= over
			continue
		}
		if o := t.occurrences[i]; o.End > from && o.Start < o.End {
			dst = append(dst, o)
		}
		i--
	}
	slices.Reverse(dst[first:])
	return dst
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

// Next is when something starts or ends next, after a moment; false if nothing does before the end of the window.
func (t *Timeline) Next(at int64) (int64, bool) {
	i := firstAfter(t.changes, at)
	if i == len(t.changes) {
		return 0, false
	}
	return t.changes[i], true
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
