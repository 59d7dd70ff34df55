package console

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/callhours/callhours/preview"
)

// picture is a stretch of days: a row for each, drawn on the clock of the route's zone from 0 to
// 24.
type picture struct {
	Days    []row
	Compact bool // a month: without words in the bars
	More    int  // events and spans that are not drawn
}

// maxBars is how many bars a picture has.
const maxBars = 2500

// row is one local day.
type row struct {
	At       time.Time // its midnight, or when it begins
	Today    bool
	Weekend  bool
	Monday   bool
	Bands    []bar
	Lanes    []dayLane
	Now      float64 // where the clock stands, in per cent; below zero on other days
	Shift    string  // what the clocks do, "" on ordinary days
	Skipped  []bar   // hours that the clocks skip
	Repeated []bar   // hours that they show twice
	Height   int     // in pixels
}

// dayLane is a calendar on one day.
type dayLane struct {
	Calendar string
	Unknown  string
	Base     int // the line that words stand on, in pixels
	Bars     []bar
	Rows     int // 1 to maxRows: events that are on at once stand below each other
}

// maxRows is how many events stand below each other in a lane; more of them share the last row.
const maxRows = 4

// bar is a stretch of one day in a band or lane. X and W are per cent of the 24 hours.
type bar struct {
	X, W       float64
	Half       int    // 1 or 2 where the clock shows the hour twice: the first or the second time
	State      string // of a band
	Branch     string // of a band
	Faint      bool   // of a lane: no condition counts the event
	Label      string
	Tip        string // all of it in words
	Href       string
	Start, End time.Time // of the whole span or event
	Y, H, Base int       // where it is drawn in its row, in pixels, and the line its words stand on
	Words      bool      // they may fit
}

// The heights of what a row has, in pixels: of a week, and of a month.
type heights struct{ band, gap, lane int }

var (
	weekly  = heights{band: 28, gap: 3, lane: 16}
	monthly = heights{band: 13, gap: 2, lane: 4}
)

// layOut says where a bar of a row is drawn.
func (h heights) layOut(bars []bar, y, height int) {
	for i := range bars {
		b := &bars[i]
		b.Y, b.H, b.Base = y, height, height/2+4
		b.Words = h == weekly && b.W > 2.5 && b.Half == 0
		if b.Half > 0 {
			b.H = height / 2
		}
		if b.Half == 2 {
			b.Y += height - b.H
		}
	}
}

// piece is a part of a local day in which the zone's offset does not change.
type piece struct {
	from, to time.Time
	x, width float64 // per cent
}

// pieces are the parts of the local day that begins at a moment.
func pieces(midnight time.Time) []piece {
	end := preview.Midnight(midnight, 1)
	var list []piece
	for at := midnight; at.Before(end); {
		to := end
		if _, change := at.ZoneBounds(); !change.IsZero() && change.Before(end) {
			to = change
		}
		hour, minute, second := at.Clock()
		x := float64(hour*3600+minute*60+second) / 864
		list = append(list, piece{at, to, x, to.Sub(at).Seconds() / 864})
		at = to
	}
	return list
}

// placeBars draws [start, end) in a day, as one bar for each piece that it touches, and cut where
// the clock shows an hour twice.
func placeBars(ps []piece, start, end time.Time, b bar) []bar {
	var list []bar
	add := func(x, w float64, half int) {
		if w <= 0 {
			return
		}
		b := b
		b.X, b.W, b.Half = x, w, half
		list = append(list, b)
	}
	for i, p := range ps {
		from, to := start, end
		if from.Before(p.from) {
			from = p.from
		}
		if to.After(p.to) {
			to = p.to
		}
		if !from.Before(to) {
			continue
		}
		x := p.x + from.Sub(p.from).Seconds()/864
		stop := x + to.Sub(from).Seconds()/864
		if lo, hi, half := repeatedPart(ps, i); half > 0 {
			add(x, min(stop, lo)-x, 0)
			add(max(x, lo), min(stop, hi)-max(x, lo), half)
			add(max(x, hi), stop-max(x, hi), 0)
			continue
		}
		add(x, stop-x, 0)
	}
	return list
}

// repeatedPart is the part of a piece that the clock shows in another piece too, and whether this
// is the first or the second time; 0: it has none.
func repeatedPart(ps []piece, i int) (lo, hi float64, half int) {
	if i+1 < len(ps) && ps[i+1].x < ps[i].x+ps[i].width {
		return ps[i+1].x, ps[i].x + ps[i].width, 1
	}
	if i > 0 && ps[i].x < ps[i-1].x+ps[i-1].width {
		return ps[i].x, ps[i-1].x + ps[i-1].width, 2
	}
	return 0, 0, 0
}

// newRow is a local day without its bars.
func newRow(midnight, now time.Time) (row, []piece) {
	ps := pieces(midnight)
	weekday := midnight.Weekday()
	r := row{
		At: midnight, Weekend: weekday == time.Saturday || weekday == time.Sunday, Monday: weekday == time.Monday,
		Now: -1,
	}
	now = now.In(midnight.Location())
	for i, p := range ps {
		if !now.Before(p.from) && now.Before(p.to) {
			r.Today, r.Now = true, p.x+now.Sub(p.from).Seconds()/864
		}
		before := 0.0 // where the clock should stand
		if i > 0 {
			before = ps[i-1].x + ps[i-1].width
		}
		step := p.x - before
		switch {
		case step > 1e-9:
			r.Skipped = append(r.Skipped, bar{X: before, W: step})
			r.Shift = fmt.Sprintf("the clocks go forward: %s to %s is skipped", formatClock(before), formatClock(p.x))
		case step < -1e-9:
			r.Repeated = append(r.Repeated, bar{X: p.x, W: -step})
			r.Shift = fmt.Sprintf("the clocks go back: %s to %s comes twice, first above, then below", formatClock(p.x),
				formatClock(before))
		}
	}
	return r, ps
}

// formatClock is a place on the clock, in per cent, as people write it.
func formatClock(x float64) string {
	minutes := int(x*14.4 + 0.5)
	return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60)
}

// newPicture makes the picture of spans and lanes over days that begin at a local midnight.
func newPicture(route string, from time.Time, days int, spans []preview.Span, lanes []preview.Lane,
	now time.Time,
) picture {
	pic, h := picture{Compact: days > 7}, weekly
	if pic.Compact {
		h = monthly
	}
	left := maxBars
	fits := func(bars []bar) bool {
		if left < len(bars) {
			pic.More++
			return false
		}
		left -= len(bars)
		return true
	}
	for _, l := range lanes {
		pic.More += l.More
	}
	for i := range days {
		midnight := preview.Midnight(from, i)
		r, ps := newRow(midnight, now)
		end := ps[len(ps)-1].to
		for _, s := range spans {
			if s.End.After(midnight) && s.Start.Before(end) {
				if bars := placeBars(ps, s.Start, s.End, newBand(route, s)); fits(bars) {
					r.Bands = append(r.Bands, bars...)
				}
			}
		}
		h.layOut(r.Bands, 0, h.band)
		r.Height = h.band
		for _, l := range lanes {
			r.Height += h.gap
			own := dayLane{Calendar: l.Calendar, Unknown: l.Unknown, Base: r.Height + h.lane - 4, Rows: 1}
			var taken [maxRows]time.Time // until when each row is
			for _, e := range l.Events {
				if !e.End.After(midnight) || !e.Start.Before(end) {
					continue
				}
				n := 0
				for n < maxRows-1 && taken[n].After(e.Start) {
					n++
				}
				taken[n] = e.End
				bars := placeBars(ps, e.Start, e.End, newEventBar(e, from))
				if !fits(bars) {
					continue
				}
				h.layOut(bars, r.Height+n*(h.lane+1), h.lane)
				own.Bars, own.Rows = append(own.Bars, bars...), max(own.Rows, n+1)
			}
			r.Height += own.Rows*(h.lane+1) - 1
			r.Lanes = append(r.Lanes, own)
		}
		pic.Days = append(pic.Days, r)
	}
	return pic
}

func newBand(route string, s preview.Span) bar {
	label := s.Label()
	if title := s.Title(); title != "" && !strings.EqualFold(title, label) && !strings.EqualFold(title, s.Branch) {
		label += " \u00b7 " + title
	}
	b := bar{State: s.DisplayState(), Branch: s.Branch, Label: label, Start: s.Start, End: s.End}
	b.Tip = label
	if b.State != s.Branch {
		b.Tip += ", " + b.State
	}
	b.Tip += ", " + formatPeriod(s.Start, s.End) + ": " + s.Reason
	b.Href = "/try?" + url.Values{"route": {route}, "at": {s.Start.Format(time.RFC3339)}}.Encode()
	return b
}

func newEventBar(e preview.LaneEvent, from time.Time) bar {
	b := bar{Label: e.Summary, Faint: !e.Counts, Start: e.Start, End: e.End}
	if b.Label == "" {
		b.Label = "(no title)"
	}
	b.Tip = fmt.Sprintf("%s, in calendar %s, %s", b.Label, e.Calendar, formatPeriod(e.Start, e.End))
	if e.AllDay {
		b.Tip += ", all day"
	}
	if b.Faint {
		b.Tip += "; no condition of this route counts it"
	}
	at := e.Start
	if at.Before(from) {
		at = from
	}
	id := anchor(e.Event)
	b.Href = "/calendars/" + escapePath(e.Calendar) + "?" +
		url.Values{"from": {at.Format(time.DateOnly)}, "zone": {e.Start.Location().String()}, "open": {id}}.Encode() +
		"#" + id
	return b
}

// formatPeriod says a stretch of time: "Wed 25 Nov 09:00 to 12:00".
func formatPeriod(start, end time.Time) string {
	const layout = "Mon 2 Jan 15:04"
	if start.Format(time.DateOnly) == end.Format(time.DateOnly) {
		return start.Format(layout) + " to " + end.Format("15:04")
	}
	return start.Format(layout) + " to " + end.Format(layout)
}

// dayPicture is the picture of a card: one day, without lanes.
func dayPicture(s preview.RouteStatus) picture {
	r, ps := newRow(preview.Midnight(s.At, 0), s.At)
	for _, span := range s.Day {
		r.Bands = append(r.Bands,
			placeBars(ps, span.Start, span.End, bar{State: span.DisplayState(), Start: span.Start, End: span.End})...)
	}
	return picture{Days: []row{r}}
}

// Shifts are the days on which the clocks change, in words.
func (p picture) Shifts() []string {
	var list []string
	for _, d := range p.Days {
		if d.Shift != "" {
			list = append(list, d.At.Format("Mon 2 Jan: ")+d.Shift)
		}
	}
	return list
}

// tick is a label of the axis.
type tick struct {
	X      float64
	Label  string
	Anchor string // of the text
	Minor  bool   // left out where there is little room
}

func ticks() []tick {
	var list []tick
	for hour := 0; hour <= 24; hour += 3 {
		t := tick{float64(hour) / 0.24, fmt.Sprintf("%02d", hour), "middle", hour%6 != 0}
		switch hour {
		case 0:
			t.Anchor = "start"
		case 24:
			t.Anchor = "end"
		}
		list = append(list, t)
	}
	return list
}

// maxWords is how many changes of a day are said in words.
const maxWords = 24

// Words describe the day, for screen readers.
func (p picture) Words() string {
	var words []string
	for i, b := range p.Days[0].Bands {
		if i == maxWords {
			words = append(words, fmt.Sprintf("and %d changes more", len(p.Days[0].Bands)-i))
			break
		}
		words = append(words, b.State+" from "+b.Start.Format("15:04"))
	}
	return "today: " + strings.Join(words, ", ")
}
