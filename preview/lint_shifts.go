package preview

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/patterns"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
)

// unclearShifts finds events of a calendar with names on call whose titles do not say who is: they
// hold no key of the `names` conditions, or those of several people. In a calendar that is expected
// to be covered, a time for which nobody is named is an error.
func (l *calendarLint) unclearShifts() {
	seen := map[string]bool{}
	for _, r := range l.routes {
		all := r.Criteria(l.config.Name)
		for _, a := range all {
			if !a.HasNames() || a.Negated || seen[a.Key()] {
				continue
			}
			seen[a.Key()] = true
			if !l.unclearShiftsOf(r, a, all) {
				return
			}
		}
	}
}

// shift is what the title of an event says of who is on call.
type shift struct {
	*calendars.Event
	names []string // the keys in it; nil for none
}

// unclear is a title that does not say it, and when it comes.
type unclear struct {
	shift
	first int64 // Unix seconds
	times int
	alone bool // nobody is named for some of the time
}

// unclearShiftsOf looks at the events of one condition, among all of its route. It reports whether
// the budget was enough.
func (l *calendarLint) unclearShiftsOf(r *render.Route, a routes.Criterion, all []routes.Criterion) bool {
	shifts := map[*calendars.Event]*shift{} // nil for what is none
	var on []calendars.Occurrence
	var named spansOfTime
	sees := l.until.Unix() // how far it is known who is named
	looked := l.occurrences[:min(len(l.occurrences), maxOccurrences/10)]
	if len(looked) < l.timeline.Len() {
		sees = min(sees, looked[len(looked)-1].Start)
	}
	for _, o := range looked {
		if o.End <= l.now.Unix() || o.Start >= l.until.Unix() || o.Start == o.End {
			continue
		}
		s, known := shifts[o.Event]
		if !known {
			if !l.spend(2 * a.Weight()) {
				return false
			}
			if s = nil; a.Admits(o.Event) {
				s = &shift{o.Event, a.AllNames(o.Event)}
			}
			if s != nil && len(s.names) == 0 {
				if s.names = l.namesElsewhere(o.Event, all); s.names == nil && l.countsByTitle(o.Event, all) {
					s = nil // it is there for something else
				}
			}
			if s != nil && len(s.names) > 1 && r.SameValue(a.Branch, a.Field(), s.names) {
				s.names = s.names[:1] // two names of one person
			}
			shifts[o.Event] = s
		}
		if s == nil {
			continue
		}
		if on = append(on, o); len(s.names) > 0 {
			named.add(o.Start, o.End)
		}
	}
	if l.budget < 0 {
		return false // nothing follows from a part
	}
	byTitle := map[string]*unclear{}
	var order []*unclear
	for _, o := range on {
		s := shifts[o.Event]
		if len(s.names) == 1 {
			continue
		}
		alone := len(s.names) == 0 && !named.contains(max(o.Start, l.now.Unix()), min(o.End, sees))
		key := fmt.Sprint(patterns.Fold(o.Event.Summary), alone)
		u := byTitle[key]
		if u == nil {
			u = &unclear{shift: *s, first: o.Start, alone: alone}
			byTitle[key], order = u, append(order, u)
		}
		u.times++
	}
	for _, u := range order {
		l.reportUnclear(a, u)
	}
	return true
}

// namesElsewhere is the name that another condition of the route finds in the title of an event.
func (l *calendarLint) namesElsewhere(e *calendars.Event, all []routes.Criterion) []string {
	for _, a := range all {
		if a.HasNames() && !a.Negated && l.spend(a.Weight()) && a.Matches(e) {
			return []string{a.Name(e)}
		}
	}
	return nil
}

// countsByTitle reports whether another condition of the route asks for the title of an event, by a
// pattern: then it is no shift.
func (l *calendarLint) countsByTitle(e *calendars.Event, all []routes.Criterion) bool {
	return slices.ContainsFunc(all, func(a routes.Criterion) bool {
		return !a.HasNames() && a.MatchesTitle() && l.spend(a.Weight()) && a.Matches(e)
	})
}

func (l *calendarLint) reportUnclear(a routes.Criterion, u *unclear) {
	kind := "shift_unclear"
	if l.config.Covered && (u.alone || len(u.names) > 1) {
		kind = "shift_unfilled"
	}
	when := l.countFrom(u.times, u.first)
	if len(u.names) > 1 {
		l.report(u.Event, kind, "%s (%s) contains %d names of %s: %s; %q answers the calls; write only one of them",
			displayTitle(u.Event), when, len(u.names), a.Field(), quotedNames(u.names), a.Name(u.Event))
		return
	}
	meant := ""
	if l.reported[kind] < maxPerKind {
		meant = nearestName(u.Summary, a.Names())
	}
	who := ", while someone else is on call"
	if u.alone {
		who = ", and no one else is on call then"
	}
	l.report(u.Event, kind, "%s (%s) contains no name of %s%s; correct the title%s",
		displayTitle(u.Event), when, a.Field(), who, meant)
}

func quotedNames(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = diag.Quote(name)
	}
	return strings.Join(quoted, ", ")
}

// nearestName ends a message with the key that a title most likely means: but for a typing error, or
// by its beginning, as with Bernhard for Bernd. Where there is none, and few keys, it lists them.
func nearestName(title string, keys []string) string {
	const mostWords, mostKeys = 12, 500 // that are compared
	best, longest := "", 0
	compared := keys[:min(len(keys), mostKeys)]
	words := strings.Fields(patterns.Fold(title))
	words = words[:min(len(words), mostWords)]
	for _, word := range append(words, strings.Join(words, " ")) {
		if near := diag.Nearest(word, compared); near != "" && utf8.RuneCountInString(word) > 2 {
			return fmt.Sprintf("; did you mean %q?", near)
		}
		for _, key := range compared {
			n, folded := 0, patterns.Fold(key)
			for n < min(len(word), len(folded)) && word[n] == folded[n] {
				n++
			}
			if n > longest && n > 2 && 3*n >= 2*len(folded) {
				best, longest = key, n
			}
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return diag.Suggest("", keys)
}

// spansOfTime are times that do not touch, in order.
type spansOfTime [][2]int64

// add adds a time that begins no earlier than those before.
func (s *spansOfTime) add(from, to int64) {
	if n := len(*s) - 1; n >= 0 && from <= (*s)[n][1] {
		(*s)[n][1] = max((*s)[n][1], to)
		return
	}
	*s = append(*s, [2]int64{from, to})
}

// contains reports whether all of a time lies within one of them.
func (s spansOfTime) contains(from, to int64) bool {
	i, found := slices.BinarySearchFunc(s, from, func(t [2]int64, at int64) int { return cmp.Compare(t[0], at) })
	if !found {
		i--
	}
	return i >= 0 && to <= s[i][1]
}
