package console

import (
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

	"github.com/callhours/callhours/console/languages"
	"github.com/callhours/callhours/preview"
)

// drawing is what a picture is made of.
type drawing struct {
	language *languages.Language
	route    string
	from     time.Time // a local midnight
	days     int
	spans    []preview.Span
	lanes    []preview.Lane
	now      time.Time
	// calendarName is a calendar's name for people.
	calendarName func(string) string
}

// picture is a stretch of days: a row for each, drawn on the clock of the route's zone from 0 to
// 24.
type picture struct {
	Days  []row
	Weeks bool // a calendar's page: rows of seven days, with titles instead of lanes
	Lanes []laneKey
	Marks map[string]bool // what is drawn and has to be explained, by the names that pages use
	More  int             // events and spans that are not drawn

	left int // bars that there is still room for
}

// laneKey is a calendar of a picture.
type laneKey struct {
	Calendar string
	Empty    bool
	Unknown  string
}

// maxBars is how many bars a picture has.
const maxBars = 2500

// row is one local day.
type row struct {
	At       time.Time // its midnight, or when it begins
	Today    bool
	Weekend  bool
	Bands    []bar
	Lanes    []dayLane
	Now      float64  // where the clock stands, in per cent; below zero on other days
	Shift    string   // what the clocks do, "" on ordinary days
	ShiftBy  string   // and by how much: "+1 h"
	Skipped  []bar    // hours that the clocks skip
	Repeated []bar    // hours that they show twice
	Height   int      // of the bands, in pixels
	Hours    []string // when it is open: "09:00\u201312:00"; of a week's row
	Notes    []note
	MoreN    int    // notes that are left out
	Href     string // the days from here on
}

// Plain says that nothing happens on the day: one state from midnight to midnight, without a title
// and without an event.
func (r row) Plain() bool {
	return len(r.Bands) == 1 && len(r.Lanes) == 0 && len(r.Notes) == 0 && r.Shift == ""
}

// dayLane is a calendar on one day.
type dayLane struct {
	Calendar string
	Bars     []bar
	Rows     int // 1 to maxRows: events that are on at once stand below each other
	Height   int // in pixels
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
	Y, H, Base int       // where it is drawn, in pixels, and the line its words stand on
	Words      bool      // they may fit
}

// The heights of what is drawn, in pixels.
const (
	bandHeight  = 28
	stripHeight = 14 // of the bands of a day in a row of seven
	laneGap     = 3
	laneHeight  = 16
)

// layOut says where a bar of a row is drawn.
func layOut(bars []bar, y, height int) {
	for i := range bars {
		b := &bars[i]
		b.Y, b.H, b.Base = y, height, height/2+4
		b.Words = height > stripHeight && b.W > 2.5 && b.Half == 0
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
func newRow(l *languages.Language, midnight, now time.Time) (row, []piece) {
	ps := pieces(midnight)
	weekday := midnight.Weekday()
	r := row{
		At: midnight, Weekend: weekday == time.Saturday || weekday == time.Sunday, Now: -1,
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
		if math.Abs(step) > 1e-9 {
			r.ShiftBy = formatShift(step)
		}
		switch {
		case step > 1e-9:
			r.Skipped = append(r.Skipped, bar{X: before, W: step})
			r.Shift = l.Text("the clocks go forward: %s to %s is skipped", formatClock(before), formatClock(p.x))
		case step < -1e-9:
			r.Repeated = append(r.Repeated, bar{X: p.x, W: -step})
			r.Shift = l.Text("the clocks go back: %s to %s comes twice, first above, then below", formatClock(p.x),
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

// formatShift is how far the clocks are moved, in per cent of a day: "+1 h", "\u221230 min".
func formatShift(x float64) string {
	sign := "+"
	if x < 0 {
		sign = "\u2212"
	}
	if minutes := int(math.Abs(x)*14.4 + 0.5); minutes%60 != 0 {
		return fmt.Sprintf("%s%d min", sign, minutes)
	}
	return fmt.Sprintf("%s%d h", sign, int(math.Abs(x)*0.24+0.5))
}

// newPicture draws days below each other, with the calendars' events.
func newPicture(d drawing) picture {
	pic := picture{Marks: map[string]bool{}, left: maxBars}
	drawn := make([]bool, len(d.lanes))
	for i := range d.days {
		midnight := preview.Midnight(d.from, i)
		r, ps := newRow(d.language, midnight, d.now)
		pic.drawBands(&r, ps, d, bandHeight)
		r.Notes, _ = d.titles(midnight, ps[len(ps)-1].to)
		for n, l := range d.lanes {
			own := pic.drawLane(l, ps, d)
			if len(own.Bars) > 0 {
				drawn[n], r.Lanes = true, append(r.Lanes, own)
			}
		}
		pic.add(r)
	}
	for n, l := range d.lanes {
		pic.More += l.More
		pic.Lanes = append(pic.Lanes, laneKey{l.Calendar, !drawn[n], l.Unknown})
	}
	return pic
}

// add appends a row and remembers which marks it has.
func (p *picture) add(r row) {
	for _, b := range r.Bands {
		p.Marks[b.State] = true
	}
	for _, l := range r.Lanes {
		for _, b := range l.Bars {
			p.Marks["event"] = p.Marks["event"] || !b.Faint
			p.Marks["faint"] = p.Marks["faint"] || b.Faint
		}
	}
	for _, n := range r.Notes {
		p.Marks["event"] = p.Marks["event"] || n.State == "" && !n.Faint
		p.Marks["faint"] = p.Marks["faint"] || n.Faint
	}
	for mark, is := range map[string]bool{
		"today": r.Today, "skipped": len(r.Skipped) > 0, "repeated": len(r.Repeated) > 0, "weekend": r.Weekend,
	} {
		p.Marks[mark] = p.Marks[mark] || is
	}
	p.Days = append(p.Days, r)
}

// fits says whether there is room for so many bars more, and takes it.
func (p *picture) fits(bars []bar) bool {
	if p.left < len(bars) {
		p.More++
		return false
	}
	p.left -= len(bars)
	return true
}

// drawBands draws what a route does on a day.
func (p *picture) drawBands(r *row, ps []piece, d drawing, height int) {
	for _, s := range d.spans {
		if !s.End.After(r.At) || !s.Start.Before(ps[len(ps)-1].to) {
			continue
		}
		if bars := placeBars(ps, s.Start, s.End, d.newBand(s)); p.fits(bars) {
			r.Bands = append(r.Bands, bars...)
		}
	}
	layOut(r.Bands, 0, height)
	r.Height = height
}

// drawLane draws the events of a calendar on a day.
func (p *picture) drawLane(l preview.Lane, ps []piece, d drawing) dayLane {
	own := dayLane{Calendar: l.Calendar, Rows: 1}
	var taken [maxRows]time.Time // until when each row is
	for _, e := range l.Events {
		if !e.End.After(ps[0].from) || !e.Start.Before(ps[len(ps)-1].to) {
			continue
		}
		n := 0
		for n < maxRows-1 && taken[n].After(e.Start) {
			n++
		}
		taken[n] = e.End
		bars := placeBars(ps, e.Start, e.End, d.newEventBar(e))
		if !p.fits(bars) {
			continue
		}
		layOut(bars, laneGap+n*(laneHeight+1), laneHeight)
		own.Bars, own.Rows = append(own.Bars, bars...), max(own.Rows, n+1)
	}
	own.Height = laneGap + own.Rows*(laneHeight+1) - 1
	return own
}

// spanWords is a span's branch and its title in one, and the title; "" where it does not say more.
func spanWords(s preview.Span) (words, title string) {
	label, title := s.Label(), s.Title()
	switch {
	case title == "" || strings.EqualFold(title, label) || strings.EqualFold(title, s.Branch):
		return label, ""
	case len(title) > len(label) && strings.EqualFold(title[:len(label)], label):
		return title, title
	}
	return label + " \u00b7 " + title, title
}

func (d drawing) newBand(s preview.Span) bar {
	label, _ := spanWords(s)
	b := bar{State: s.DisplayState(), Branch: s.Branch, Label: label, Start: s.Start, End: s.End}
	b.Tip = label
	if b.State != s.Branch {
		b.Tip += ", " + stateName(d.language, b.State)
	}
	b.Tip += ", " + formatPeriod(d.language, s.Start, s.End)
	if b.State == "unknown" { // of other spans the label has the title that decides
		b.Tip += ": " + s.Reason
	}
	b.Href = "/try?" + url.Values{"route": {d.route}, "at": {s.Start.Format(time.RFC3339)}}.Encode()
	return b
}

func (d drawing) newEventBar(e preview.LaneEvent) bar {
	l := d.language
	b := bar{Label: e.Summary, Faint: !e.Counts, Start: e.Start, End: e.End}
	if b.Label == "" {
		b.Label = l.Text("(no title)")
	}
	b.Tip = l.Text("%s, in calendar %s, %s", b.Label, d.calendarName(e.Calendar), formatPeriod(l, e.Start, e.End))
	if e.AllDay {
		b.Tip += l.Text(", all day")
	}
	if b.Faint {
		b.Tip += l.Text("; this route ignores it")
	}
	at := e.Start
	if at.Before(d.from) {
		at = d.from
	}
	id := anchor(e.Event)
	b.Href = "/calendars/" + escapePath(e.Calendar) + "?" +
		url.Values{"from": {at.Format(time.DateOnly)}, "zone": {e.Start.Location().String()}, "open": {id}}.Encode() +
		"#" + id
	return b
}

// formatPeriod says a stretch of time: "Wed 25 Nov 09:00 to 12:00".
func formatPeriod(l *languages.Language, start, end time.Time) string {
	from, to := l.Weekday(start)+start.Format(" 15:04"), l.Weekday(end)+end.Format(" 15:04")
	if preview.DayNumber(start) == preview.DayNumber(end) {
		to = end.Format("15:04")
	}
	return l.Text("%s to %s", from, to)
}

// Shifts are the days on which the clocks change, in words.
func (p picture) Shifts() []row {
	var list []row
	for _, d := range p.Days {
		if d.Shift != "" {
			list = append(list, d)
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
