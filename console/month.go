package console

import (
	"strings"
	"time"

	"github.com/callhours/callhours/preview"
)

// shownWeeks is how many weeks the month's page has: the present one and those after it.
const shownWeeks = 5

// maxNotes is how many titles stand on a day of it.
const maxNotes = 3

// note is a title that stands on a day.
type note struct {
	State string // of the span; "" for an event
	From  string // when it begins, on the clock, where that is on this day
	Text  string
	Label string // of the span's branch, where the title does not begin with it
	Faint bool   // the route ignores the event
}

// newMonth draws weeks as rows of seven days, with titles instead of lanes.
func newMonth(d drawing) picture {
	pic := picture{Weeks: true, Marks: map[string]bool{}, left: maxBars}
	for i := range d.days {
		midnight := preview.Midnight(d.from, i)
		r, ps := newRow(d.language, midnight, d.now)
		end := ps[len(ps)-1].to
		pic.drawBands(&r, ps, d, stripHeight)
		r.Hours = openHours(r)
		notes, covered := d.titles(midnight, end)
		r.Notes = append(notes, d.wholeDays(midnight, end, covered)...)
		if len(r.Notes) > maxNotes {
			r.MoreN = len(r.Notes) - maxNotes
			r.Notes = r.Notes[:maxNotes]
		}
		r.Href = dayHref(d.route, "week", midnight)
		pic.add(r)
	}
	for _, l := range d.lanes {
		pic.More += l.More
		pic.Lanes = append(pic.Lanes, laneKey{l.Calendar, len(l.Events) == 0, l.Unknown})
	}
	return pic
}

// openHours are the hours of a day at which a route is open: "09:00\u201312:00", "13:00\u201317:00".
func openHours(r row) []string {
	var list []string
	end := 0.0 // of the last ones
	for _, b := range r.Bands {
		if b.State != "open" {
			continue
		}
		to := formatClock(b.X + b.W)
		if n := len(list); n > 0 && b.X <= end+1e-9 { // another title, or an hour that comes twice
			from, _, _ := strings.Cut(list[n-1], "\u2013")
			list[n-1] = from + "\u2013" + to
		} else {
			list = append(list, formatClock(b.X)+"\u2013"+to)
		}
		end = max(end, b.X+b.W)
	}
	if len(list) > maxNotes {
		list = append(list[:maxNotes], "\u2026")
	}
	return list
}

// titles are those of a day's spans that have one, and said is what the events that decided them are
// titled, in lower case.
func (d drawing) titles(midnight, end time.Time) (notes []note, said map[string]bool) {
	said = map[string]bool{}
	for _, s := range d.spans {
		if !s.End.After(midnight) || !s.Start.Before(end) {
			continue
		}
		said[strings.ToLower(s.Event)] = true
		words, title := spanWords(s)
		if title == "" || said["\x00"+words] {
			continue
		}
		said["\x00"+words] = true
		n := note{State: s.DisplayState(), Text: title}
		if words != title {
			n.Label = s.Label()
		}
		if s.Start.After(midnight) {
			n.From = s.Start.Format("15:04")
		}
		notes = append(notes, n)
	}
	return notes, said
}

// wholeDays are the titles of events that are on for the whole day and did not decide it.
func (d drawing) wholeDays(midnight, end time.Time, said map[string]bool) (notes []note) {
	for _, l := range d.lanes {
		for _, e := range l.Events {
			title := strings.ToLower(e.Summary)
			if e.Start.After(midnight) || e.End.Before(end) || title == "" || said[title] {
				continue
			}
			said[title] = true
			notes = append(notes, note{Text: e.Summary, Faint: !e.Counts})
		}
	}
	return notes
}
