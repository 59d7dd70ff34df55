package zones

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/callhours/callhours/calendars/recur"
)

// Observance is a STANDARD or DAYLIGHT of a VTIMEZONE (RFC 5545, 3.6.5): when its offset comes into
// force.
type Observance struct {
	Start    *recur.Time   // DTSTART
	From, To *int64        // TZOFFSETFROM and TZOFFSETTO, in seconds east of UTC
	Rules    []*recur.Rule // RRULE, not anchored
	Dates    []recur.Time  // RDATE
}

// Define makes a zone of its observances. Following their rules takes steps. changes is how often
// the clocks are changed in the zone, each of which stays in memory; more than most are an error.
func Define(name string, observances []Observance, steps *recur.Budget, limit int) (
	zone *time.Location, changes int, err error,
) {
	var onsets []onset
	for i := range observances {
		if onsets, err = observances[i].onsets(onsets, steps, limit); err != nil {
			return nil, 0, err
		}
	}
	zone, err = zoneOf(name, onsets)
	return zone, len(onsets), err
}

// onset is when an offset comes into force.
type onset struct {
	at       int64
	from, to int64 // the offsets before and after
}

// firstOnset and lastOnset bound how far a VTIMEZONE's rules are followed, as civil time. Outlook's
// begin in 1601.
var (
	firstOnset = recur.Civil(1900, 1, 1)
	lastOnset  = recur.Civil(2200, 1, 1)
)

// onsets appends when the observance comes into force.
func (o *Observance) onsets(dst []onset, b *recur.Budget, limit int) ([]onset, error) {
	switch {
	case o.Start == nil:
		return nil, errors.New("DTSTART is missing")
	case o.To == nil:
		return nil, errors.New("TZOFFSETTO is missing")
	}
	if o.From == nil {
		o.From = o.To
	}
	add := func(civil int64) {
		dst = append(dst, onset{at: civil - *o.From, from: *o.From, to: *o.To})
	}
	start := o.Start.Civil
	before := len(dst)
	for _, s := range o.Dates {
		if s.Form == recur.UTC {
			s.Civil += *o.From
		}
		add(s.Civil)
	}
	for _, r := range o.Rules {
		to := lastOnset
		if u := r.Until; u != nil {
			switch u.Form {
			case recur.UTC: // 3.6.5 wants it so
				to = min(to, u.Civil+*o.From+1)
			case recur.Date:
				to = min(to, u.Civil+recur.Day)
			default:
				to = min(to, u.Civil+1)
			}
		}
		for civil := range r.Anchor(start).Starts(start, firstOnset, to, b) {
			if add(civil); len(dst) > limit {
				return nil, fmt.Errorf("the clocks change more than %d times (limits.dates)", limit)
			}
		}
		if b.Over() {
			return nil, errors.New("its rules take too many steps (limits.steps)")
		}
	}
	// DTSTART is an onset of its own (3.6.5) without a rule, where the rule names it, and where the
	// rules name nothing: UNTIL before DTSTART, the 30th of February. Else it is none: Outlook's
	// rules begin on New Year's Day of 1601, when no clock was changed.
	if len(o.Rules) == 0 || len(dst) == before {
		add(start)
	}
	return dst, nil
}

// zoneOf makes a zone of its changes. Before the first, the offset is the one that it changes from.
func zoneOf(name string, onsets []onset) (*time.Location, error) {
	if len(onsets) == 0 {
		return nil, errors.New("it does not define when an offset begins")
	}
	slices.SortStableFunc(onsets, func(a, b onset) int { return cmp.Compare(a.at, b.at) })
	// The first is used by no change, which is how it is known as the one before them.
	offsets := []int64{onsets[0].from}
	indexes := make([]byte, len(onsets))
	for i, o := range onsets {
		k := slices.Index(offsets[1:], o.to) + 1
		if k == 0 {
			if k = len(offsets); k > math.MaxUint8 {
				return nil, fmt.Errorf("it has more than %d offsets", math.MaxUint8)
			}
			offsets = append(offsets, o.to)
		}
		indexes[i] = byte(k)
	}
	return time.LoadLocationFromTZData(name, compiled(onsets, indexes, offsets))
}

// compiled writes a zone in the form that time.LoadLocationFromTZData reads (RFC 9636, version 2).
// Nobody asks these zones for abbreviations or for what is daylight saving time, so they have
// neither.
func compiled(onsets []onset, indexes []byte, offsets []int64) []byte {
	header := func(times, kinds int) []byte {
		h := append([]byte("TZif2"), make([]byte, 15+12)...)
		for _, n := range [3]int{times, kinds, 1} {
			h = binary.BigEndian.AppendUint32(h, uint32(n))
		}
		return h
	}
	noName := byte(0)
	// The data of version 1 come first, and only have to be there: one offset, and the end of its
	// name.
	out := append(header(0, 1), 0, 0, 0, 0, 0, 0, noName)
	out = append(out, header(len(onsets), len(offsets))...)
	for _, o := range onsets {
		out = binary.BigEndian.AppendUint64(out, uint64(o.at))
	}
	out = append(out, indexes...)
	for _, offset := range offsets {
		out = append(binary.BigEndian.AppendUint32(out, uint32(int32(offset))), 0, 0)
	}
	return append(out, noName, '\n', '\n')
}
