package calendars

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/recur"
)

// The bounds of an event in words.
const (
	maxEventWords = 800   // bytes
	maxRuleText   = 200   // bytes of a rule that is shown as it is written
	maxShownDates = 4     // dates of an RDATE or EXDATE
	maxShownRules = 4     // rules
	maxWordSteps  = 5_000 // steps to find whether a rule falls on DTSTART; see [recur.Budget]
)

// Language is the language of sentences about events.
type Language struct {
	// Translate gives an English format in it, with the arguments in their places; [fmt.Sprintf]
	// for English.
	Translate func(format string, args ...any) string
	// Day writes a date with its day of the week, and with its year if that is asked for.
	Day func(day time.Time, year bool) string
}

// English is the language of the command line and of JSON.
func English() Language {
	return Language{Translate: fmt.Sprintf, Day: func(day time.Time, year bool) string {
		if year {
			return day.Format("Mon 2 Jan 2006")
		}
		return day.Format("Mon 2 Jan")
	}}
}

// InWords says when an event takes place, as it is written: "every weekday 09:00–17:00, except 24
// Dec". Days and floating times are those of the view, other times those of the event's own zone,
// which is named where it is another one. A rule for which there are no words stands there as it is
// written. What other events with its UID change is not in it. now, in Unix seconds, is the moment
// from which on dates are listed, and whose year goes without saying.
func InWords(e *Event, view View, now int64, in Language) string {
	w := &sentence{Event: e, in: in, times: &compiler{clock: newClock(view)}}
	w.now = w.times.clock.zoneClock(e.Start).Civil(now)
	w.year, _, _ = recur.DateOf(w.now)
	return cutWords(w.text(), maxEventWords)
}

// sentence puts an event into words.
type sentence struct {
	*Event
	in    Language
	times *compiler
	now   int64 // civil, on the event's wall clock
	year  int   // of now
}

func (w *sentence) text() string {
	start, length := w.Start.Civil, w.times.span(w.Event)
	first := w.once(start, length) + w.zone()
	switch {
	case w.Replaces != nil && w.Onwards:
		return w.in.Translate("%s, with all that follow, instead of %s", first, w.moment(w.civil(*w.Replaces)))
	case w.Replaces != nil:
		return w.in.Translate("%s, instead of %s", first, w.moment(w.civil(*w.Replaces)))
	case w.times.clock.endsBeforeStart(w.Event) && len(w.Dates) > 0:
		return w.in.Translate("on %s", w.dates(w.added()))
	case w.times.clock.endsBeforeStart(w.Event):
		return w.in.Translate("never, since it is to end before it begins on %s", w.date(start))
	}
	if len(w.Rules) > 0 {
		var rules []string
		for _, r := range w.Rules[:min(len(w.Rules), maxShownRules)] {
			rules = append(rules, w.repeated(r, first, w.clockTimes(start, length)+w.zone()))
		}
		first = rules[0]
		for _, rule := range rules[1:] {
			first = w.in.Translate("%s; and %s", first, rule)
		}
		if more := len(w.Rules) - maxShownRules; more > 0 {
			first = w.in.Translate("%s; and by other rules (%d)", first, more)
		}
	}
	if also := w.dates(w.added()); also != "" {
		first = w.in.Translate("%s, and also on %s", first, also)
	}
	for _, r := range w.Exclusions[:min(len(w.Exclusions), maxShownRules)] {
		if days, ok := r.Days(start, w.in.Translate); ok && r.Until == nil && r.Count == 0 && r.Interval() == 1 {
			first = w.in.Translate("%s, except %s", first, days)
		} else {
			first = w.in.Translate("%s, except by the rule %s", first, ruleText(r))
		}
	}
	if more := len(w.Exclusions) - maxShownRules; more > 0 {
		first = w.in.Translate("%s, except by other rules (%d)", first, more)
	}
	var not []int64
	for _, t := range w.Exceptions {
		not = append(not, w.civil(t))
	}
	if except := w.dates(not); except != "" {
		first = w.in.Translate("%s, except %s", first, except)
	}
	return first
}

// repeated is the series that a rule makes; first is DTSTART in words, and clock its time of day.
func (w *sentence) repeated(r *recur.Rule, first, clock string) string {
	days, ok := r.Days(w.Start.Civil, w.in.Translate)
	steps := &recur.Budget{Left: maxWordSteps}
	includes := r.Includes(w.Start.Civil, steps)
	if !ok || steps.Over() {
		return w.in.Translate("%s, and again by the rule %s", first, ruleText(r))
	}
	text := strings.TrimSuffix(days+" "+clock, " ")
	switch {
	case !includes:
		text = w.in.Translate("%s, then %s", first, text)
	case w.Start.Civil > w.now || r.Interval() > 1:
		text = w.in.Translate("%s, from %s on", text, w.date(w.Start.Civil))
	}
	switch {
	case r.Count == 1:
		text = w.in.Translate("%s, only once", text)
	case r.Count > 1:
		text = w.in.Translate("%s, %d times in all", text, r.Count)
	}
	if r.Until != nil {
		text = w.in.Translate("%s, until %s", text, w.date(w.until(*r.Until)))
	}
	return text
}

// until is the last day of a rule with an UNTIL, as compiler.until has it.
func (w *sentence) until(u recur.Time) int64 {
	last := u.Civil
	switch {
	case w.Start.Form == recur.Date:
		return w.times.clock.date(ical.Time{Time: u})
	case u.Form == recur.Date:
		return last
	case u.Form != recur.Floating && w.Start.Form != recur.UTC:
		last = w.civil(ical.Time{Time: u})
	}
	if recur.SecondOfDay(last) < recur.SecondOfDay(w.Start.Civil) { // the start of that day comes too late
		last -= recur.Day
	}
	return last
}

// added are the starts that RDATEs add.
func (w *sentence) added() (civil []int64) {
	for _, d := range w.Dates {
		civil = append(civil, w.civil(d.Start))
	}
	return civil
}

// dates lists days, those to come first; "" for none.
func (w *sentence) dates(civil []int64) string {
	if len(civil) == 0 {
		return ""
	}
	for i := range civil {
		civil[i] = recur.Midnight(civil[i])
	}
	slices.Sort(civil)
	civil = slices.Compact(civil)
	ahead, _ := slices.BinarySearch(civil, recur.Midnight(w.now))
	shown := civil[ahead:min(len(civil), ahead+maxShownDates)]
	names := make([]string, len(shown))
	for i, day := range shown {
		names[i] = w.in.Translate("%[1]s", w.date(day)) // where languages have an article
	}
	more := len(civil) - len(shown)
	switch {
	case len(names) == 0 && more == 1:
		return w.in.Translate("1 earlier day")
	case len(names) == 0:
		return w.in.Translate("%d earlier days", more)
	case more > 0:
		return w.in.Translate("%s and %d more", strings.Join(names, ", "), more)
	case len(names) == 1:
		return names[0]
	}
	last := len(names) - 1
	return w.in.Translate("%s and %s", strings.Join(names[:last], ", "), names[last])
}

// once is an occurrence that starts at a civil time.
func (w *sentence) once(start int64, length span) string {
	if w.Start.IsDate() && length.wall == recur.Day {
		return w.in.Translate("all day on %s", w.date(start))
	}
	if w.Start.IsDate() {
		return w.in.Translate("all day from %s to %s", w.date(start), w.date(start+length.wall-1))
	}
	return w.date(start) + " " + w.clockTimes(start, length)
}

// clockTimes are the times of day of an occurrence; "" for a day.
func (w *sentence) clockTimes(start int64, length span) string {
	begin, total := recur.SecondOfDay(start), length.wall+length.exact
	end := begin + total
	switch {
	case w.Start.IsDate() && total <= recur.Day:
		return ""
	case w.Start.IsDate():
		return w.in.Translate("for %d days", total/recur.Day)
	case total == 0 && begin/recur.Hour == 1: // one o'clock is singular in Spanish
		return w.in.Translate("at 01:%s", strings.TrimPrefix(timeOfDay(begin), "01:"))
	case total == 0:
		return w.in.Translate("at %s", timeOfDay(begin))
	case end <= recur.Day:
		return timeOfDay(begin) + "–" + timeOfDay(end)
	case end < 2*recur.Day:
		return w.in.Translate("%s–%s the next day", timeOfDay(begin), timeOfDay(end-recur.Day))
	}
	return w.in.Translate("%s–%s %d days later", timeOfDay(begin), timeOfDay(recur.SecondOfDay(end)), end/recur.Day)
}

// zone names the event's zone where it is another one than the view's.
func (w *sentence) zone() string {
	seen := w.times.clock.view.Zone.String()
	switch {
	case w.Start.Form == recur.UTC && seen != time.UTC.String():
		return " (UTC)"
	case w.Start.Form == recur.Zoned && w.Start.Zone.String() != seen:
		return " (" + oneLine(w.Start.Zone.String()) + ")"
	}
	return ""
}

// civil is a time on the event's wall clock.
func (w *sentence) civil(t ical.Time) int64 {
	if t.Form == recur.Date { // a day, whoever looks at it
		return t.Civil
	}
	if w.Start.Form == recur.Date {
		return w.times.clock.date(t)
	}
	return w.times.clock.civilIn(t, w.Start)
}

// moment is a day, with its time of day for an event that has one.
func (w *sentence) moment(civil int64) string {
	if w.Start.IsDate() {
		return w.date(civil)
	}
	return w.date(civil) + " " + timeOfDay(recur.SecondOfDay(civil))
}

// date is the day of a civil time: "Thu 24 Dec", with its year where that is not the present one.
func (w *sentence) date(civil int64) string {
	day := time.Unix(civil, 0).UTC() // which shows civil time as it is
	return w.in.Day(day, day.Year() != w.year)
}

// timeOfDay writes seconds after midnight; 24:00 is the end of a day.
func timeOfDay(second int64) string {
	text := fmt.Sprintf("%02d:%02d", second/recur.Hour, second/recur.Minute%60)
	if second%60 != 0 {
		text += fmt.Sprintf(":%02d", second%60)
	}
	return text
}

// ruleText is a rule as it is written.
func ruleText(r *recur.Rule) string { return cutWords(oneLine(r.String()), maxRuleText) }

// oneLine is a text without what would break a line.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}

// cutWords cuts a text after at most so many bytes, and shows that.
func cutWords(text string, most int) string {
	if len(text) <= most {
		return text
	}
	cut := most - len("…")
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
