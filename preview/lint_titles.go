package preview

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/patterns"
	"github.com/callhours/callhours/routes"
)

// unmatchedEvents finds events that no condition counts and most likely should: those whose titles
// are nearly what is asked for, and a calendar none of whose events counts.
func (l *calendarLint) unmatchedEvents() {
	type miss struct {
		first *lintEvent
		times int
	}
	misses := map[string]*miss{} // by title and pattern
	var order []string
	counts, whole := 0, true
	for _, e := range l.upcoming {
		if e.matched {
			counts++
			continue
		}
		whole = whole && e.AllDay
		for _, a := range l.conditions {
			if !l.spend(a.Weight()) {
				break
			}
			pattern := a.Near(e.Event)
			if pattern == "" || a.HasNames() && !a.Negated && a.Admits(e.Event) { // see unclearShifts
				continue
			}
			key := patterns.Fold(e.Summary) + "\x00" + pattern
			if misses[key] == nil {
				misses[key], order = &miss{first: e}, append(order, key)
			}
			misses[key].times += e.count
			break
		}
	}
	for _, key := range order {
		m := misses[key]
		_, pattern, _ := strings.Cut(key, "\x00")
		l.report(m.first.Event, "near_miss",
			"%s (%s) matches no condition; did you mean a title matching %q?",
			displayTitle(m.first.Event), l.countFrom(m.times, m.first.first.Start), pattern)
	}
	if len(l.upcoming) == 0 || counts > 0 || l.config.MayBeEmpty || !l.complete {
		return
	}
	asked := make([]string, 0, len(l.conditions))
	opens := false
	for _, r := range l.routes {
		for _, a := range r.Criteria(l.config.Name) {
			opens = opens || !a.Negated && r.Branches[a.Branch].State == routes.Open
		}
	}
	for _, a := range l.conditions[:min(len(l.conditions), 4)] {
		asked = append(asked, a.Brief())
	}
	switch {
	case slices.ContainsFunc(l.upcoming, func(e *lintEvent) bool { return !isBusy(e.Summary) }):
		if opens || whole {
			l.report(nil, "events_unmatched",
				"calendar %s has %s from now on, such as %s, and no condition matches any; conditions: %s; correct the titles or the conditions",
				l.config.Name, countOf(len(l.upcoming), "event"), displayTitle(l.upcoming[0].Event),
				strings.Join(asked, ", "))
		}
	default:
		titled := "are titled " + displayTitle(l.upcoming[0].Event) + " and the like"
		if !slices.ContainsFunc(l.upcoming, func(e *lintEvent) bool { return strings.TrimSpace(e.Summary) != "" }) {
			titled = "have no title"
		}
		l.report(nil, "busy_only",
			"all events of calendar %s %s: it is shared as free or busy only, and conditions ask for titles; share it with all details", l.config.Name, titled)
	}
}

// countFrom is how many events there are, and when the first one starts.
func (l *calendarLint) countFrom(n int, first int64) string {
	if n == 1 {
		return "1 event, on " + l.formatTime(first)
	}
	return fmt.Sprintf("%d events, first on %s", n, l.formatTime(first))
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// isBusy reports whether a title is what a calendar shows to those who may not see its titles.
func isBusy(text string) bool {
	switch patterns.Fold(text) {
	case "", "busy", "free", "tentative", "away", "out of office", "working elsewhere", "private",
		"private appointment",
		"gebucht", "besetzt", "beschäftigt", "frei", "abwesend", "privat", "privater termin", "occupé", "occupée",
		"libre", "ocupado", "ocupada",
		"occupato", "bezet", "upptagen", "optaget", "opptatt", "zajęty", "varattu", "занят", "занято":
		return true
	}
	return false
}

// ambiguousTitles finds events that a route's conditions count both as open and as closed, by their
// titles.
func (l *calendarLint) ambiguousTitles() {
	const most = 50
	seen := map[string]bool{}
	said := map[string]bool{}
	for _, r := range l.routes {
		asks := slices.DeleteFunc(r.Criteria(l.config.Name), func(a routes.Criterion) bool {
			s := r.Branches[a.Branch].State
			return a.Negated || !a.MatchesTitle() || s != routes.Open && s != routes.Closed
		})
		var b strings.Builder
		for _, a := range asks {
			branch := r.Branches[a.Branch]
			b.WriteString(a.Key() + "\x00" + branch.Name + "\x00" + string(branch.State) + "\x00")
		}
		signature := b.String()
		if len(asks) < 2 || seen[signature] || len(seen) == most {
			continue
		}
		seen[signature] = true
		for _, e := range l.upcoming {
			first := -1
			for _, a := range asks {
				if !l.spend(a.Weight()) {
					return
				}
				if !a.Matches(e.Event) {
					continue
				}
				if first < 0 {
					first = a.Branch
					continue
				}
				one, other := r.Branches[first], r.Branches[a.Branch]
				if one.State == other.State {
					continue
				}
				if key := patterns.Fold(e.Summary); !said[key] {
					said[key] = true
					l.reportBranch(r.Name, one.Name, e.Event, "title_fits_two",
						"%s, on %s, fits both branch %s (%s) and branch %s (%s) of route %s; %s comes first; write a title that means one",
						displayTitle(e.Event), l.formatDate(e.first.Start), one.Name, one.State, other.Name,
						other.State, r.Name,
						one.Name)
				}
				break
			}
		}
	}
}

// overlappingShifts finds two people who are on call at once by conditions that look for names.
// That one event lies within another is how a replacement is written, and means the shorter one.
func (l *calendarLint) overlappingShifts() {
	for _, a := range l.conditions {
		if !a.HasNames() {
			continue
		}
		type turn struct {
			calendars.Occurrence
			name string
		}
		var turns []turn
		// that stand in titles; "" for none, and where the condition does not count the event
		names := map[*calendars.Event]string{}
		for _, o := range l.occurrences[:min(len(l.occurrences), maxOccurrences/10)] {
			if o.End <= l.now.Unix() || o.Start >= l.until.Unix() || o.Start == o.End {
				continue
			}
			name, known := names[o.Event]
			if !known {
				if !l.spend(2 * a.Weight()) {
					return
				}
				if a.Matches(o.Event) {
					name = a.Name(o.Event)
				}
				names[o.Event] = name
			}
			if name != "" {
				turns = append(turns, turn{o, name})
			}
		}
		n := 0
		var one, other turn
		for i, t := range turns {
			for _, u := range turns[i+1 : min(len(turns), i+20)] {
				if u.Start >= t.End {
					break
				}
				within := u.End <= t.End && (u.Start > t.Start || u.End < t.End) || u.Start == t.Start && u.End > t.End
				if u.name == t.name || within || u.Event.AllDay != t.Event.AllDay {
					continue
				}
				if n++; n == 1 {
					one, other = t, u
				}
			}
		}
		if n == 0 {
			continue
		}
		more := ""
		if n > 1 {
			more = fmt.Sprintf(", and %d times more", n-1)
		}
		l.report(other.Event, "events_overlap",
			"%s and %s are both on from %s to %s%s; one of them answers the calls; end the first when the second begins",
			displayTitle(one.Event), displayTitle(other.Event), l.formatTime(other.Start),
			l.formatTime(min(one.End, other.End)), more)
	}
}

// recentEnd is for how long the end of a series is worth a word.
const recentEnd = 90 * 24 * time.Hour

// endedSeries finds conditions that a series fitted which has ended, or ends in sight, and
// that nothing fits from then on.
func (l *calendarLint) endedSeries() {
	if l.config.MayBeEmpty || !l.complete || len(l.upcoming) == 0 {
		return
	}
	var past []calendars.Occurrence
	looked := false
	said := map[*calendars.Event]bool{}
	for _, a := range l.conditions {
		var last *lintEvent
		for _, e := range l.upcoming {
			if (last == nil || e.last.End > last.last.End) && l.spend(a.Weight()) && a.Matches(e.Event) {
				last = e
			}
		}
		if l.budget < 0 {
			return // nothing follows from a part
		}
		if last != nil {
			margin := 35 * 24 * time.Hour
			sees := l.until.Add(-margin)
			if l.config.Ahead > 0 {
				sees = l.now.Add(l.config.Ahead)
			}
			if l.isSeries(last) && last.last.End < sees.Unix() && !said[last.Event] {
				said[last.Event] = true
				l.report(last.Event, "series_ends",
					"the series %s ends on %s, and no %s follow it; extend it before then",
					displayTitle(last.Event), l.formatDate(last.last.End-1), a)
			}
			continue
		}
		if !looked {
			looked = true
			if past = l.pastYear(); !slices.ContainsFunc(l.calendar.Events(), (*calendars.Event).Repeats) {
				past = nil
			}
		}
		times := map[*calendars.Event]int{}
		var ended *calendars.Occurrence
		for i, o := range past {
			if o.Event.Repeats() && o.End <= l.now.Unix() && l.spend(a.Weight()) && a.Matches(o.Event) {
				if times[o.Event]++; ended == nil || o.End >= ended.End {
					ended = &past[i]
				}
			}
		}
		if l.budget < 0 {
			return
		}
		// One that ended long ago ended on purpose.
		if ended == nil || times[ended.Event] < 3 || said[ended.Event] || ended.End < l.now.Add(-recentEnd).Unix() {
			continue
		}
		said[ended.Event] = true
		l.report(ended.Event, "series_ended",
			"the series %s ended on %s, and no %s follow it; extend it, or write a new one", displayTitle(ended.Event),
			l.formatDate(ended.End-1), a)
	}
}

var dateRange = regexp.MustCompile(`\b(\d{1,2})\.?\s*(?:-|–|—|to|bis|au|al|until|through|thru|till)\s*(\d{1,2})\b`)

// mentionsDays reports whether a title speaks of several days: of a week, of an end, or of two
// dates.
func mentionsDays(text string) bool {
	for word := range strings.FieldsSeq(patterns.Fold(text)) {
		switch word {
		case "week", "weeks", "days", "until", "till", "through", "thru", "bis", "woche", "wochen", "tage",
			"betriebsferien", "ferien", "urlaubswoche",
			"semaine", "semaines", "jusqu", "semana", "semanas", "hasta":
			return true
		}
	}
	m := dateRange.FindStringSubmatch(strings.ToLower(text))
	if m == nil {
		return false
	}
	first, _ := strconv.Atoi(m[1])
	last, _ := strconv.Atoi(m[2])
	return first < last && last <= 31
}
