package holidays

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rickar/cal/v2"
)

// rule says on which days of a year a holiday falls: none, one, or, by the Islamic year, two.
type rule interface{ dates(year int) []time.Time }

// fixed is a date of each year.
type fixed struct {
	month time.Month
	day   int
}

// easter is counted from Easter Sunday of the Western churches.
type easter struct{ offset int }

// weekday is the nth weekday of a month, from its end if n is negative, and days after it.
type weekday struct {
	day   time.Weekday
	n     int
	month time.Month
	plus  int
}

// onOrAfter is the first weekday from a date on.
type onOrAfter struct {
	day  time.Weekday
	from fixed
}

// listed are dates that a law lists one by one.
type listed []time.Time

// islamic is a date of the tabular Islamic calendar, a day or two off what is announced when the moon is seen.
type islamic struct{ month, day int }

// library is a rule of rickar/cal.
type library struct{ *cal.Holiday }

func (r fixed) dates(year int) []time.Time {
	at := date(year, r.month, r.day)
	if at.Month() != r.month {
		return nil // 29 February
	}
	return []time.Time{at}
}

func (r easter) dates(year int) []time.Time {
	h := &cal.Holiday{Offset: r.offset}
	return []time.Time{dateOf(cal.CalcEasterOffset(h, year))}
}

func (r weekday) dates(year int) []time.Time {
	return []time.Time{dateOf(cal.WeekdayN(year, r.month, r.day, r.n)).AddDate(0, 0, r.plus)}
}

func (r onOrAfter) dates(year int) []time.Time {
	at := date(year, r.from.month, r.from.day)
	return []time.Time{at.AddDate(0, 0, (int(r.day)-int(at.Weekday())+7)%7)}
}

func (r listed) dates(year int) []time.Time {
	var in []time.Time
	for _, at := range r {
		if at.Year() == year {
			in = append(in, at)
		}
	}
	return in
}

func (r library) dates(year int) []time.Time {
	actual, _ := r.Calc(year)
	if actual.IsZero() {
		return nil
	}
	return []time.Time{dateOf(actual)}
}

// dates counts years of 354 and 355 days, eleven of thirty being longer, from the Hijra, 19 July 622 (Gregorian).
func (r islamic) dates(year int) []time.Time {
	hijra := date(622, time.July, 19)
	var in []time.Time
	first := (year - 622) * 33 / 32
	for y := max(1, first-1); y <= first+2; y++ {
		days := (y-1)*354 + (3+11*y)/30 + (59*(r.month-1)+1)/2 + r.day - 1
		if at := hijra.AddDate(0, 0, days); at.Year() == year {
			in = append(in, at)
		}
	}
	return in
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func dateOf(t time.Time) time.Time { return date(t.Date()) }

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// parseRule reads a rule as data writes it: 12-25 · easter-2 · mon#3 01 · thu#4 11 +1 · mon>=06-15 · dates 2026-06-15 …
// · islamic 12-10 · cal NAME, which is found among those of rickar/cal.
func parseRule(text string, inLibrary func(name string) (*cal.Holiday, error)) (rule, error) {
	kind, rest, _ := strings.Cut(text, " ")
	switch {
	case kind == "cal":
		h, err := inLibrary(rest)
		if err != nil {
			return nil, err
		}
		return library{h}, nil
	case kind == "dates":
		var list listed
		for word := range strings.FieldsSeq(rest) {
			at, err := time.Parse(time.DateOnly, word)
			if err != nil {
				return nil, fmt.Errorf("expected dates such as 2026-06-15, found %q", word)
			}
			list = append(list, at)
		}
		return list, nil
	case kind == "islamic":
		var r islamic
		if n, err := fmt.Sscanf(rest, "%d-%d", &r.month, &r.day); n != 2 || err != nil || r.month < 1 || r.month > 12 ||
			r.day < 1 || r.day > 30 {
			return nil, fmt.Errorf("expected an Islamic date such as 12-10, found %q", rest)
		}
		return r, nil
	case strings.HasPrefix(kind, "easter") && rest == "":
		n, err := strconv.Atoi(strings.TrimPrefix(kind, "easter"))
		if err != nil || n < -100 || n > 100 {
			return nil, fmt.Errorf("expected easter+1 or easter-2, found %q", text)
		}
		return easter{n}, nil
	}
	if day, nth, ok := strings.Cut(kind, "#"); ok {
		return parseWeekday(text, day, nth, strings.Fields(rest))
	}
	if day, from, ok := strings.Cut(text, ">="); ok {
		at, known := ParseDate(from)
		i := slices.Index(weekdays, day)
		if !known || i < 0 || at.Year != 0 {
			return nil, fmt.Errorf("expected mon>=06-15, found %q", text)
		}
		return onOrAfter{time.Weekday(i), fixed{at.Month, at.Day}}, nil
	}
	at, ok := ParseDate(text)
	if !ok || at.Year != 0 {
		return nil, fmt.Errorf("unknown rule %q", text)
	}
	return fixed{at.Month, at.Day}, nil
}

func parseWeekday(text, day, nth string, rest []string) (rule, error) {
	r, i := weekday{}, slices.Index(weekdays, day)
	n, err := strconv.Atoi(nth)
	if i < 0 || err != nil || n == 0 || n < -5 || n > 5 || len(rest) < 1 || len(rest) > 2 {
		return nil, fmt.Errorf("expected mon#3 01 or thu#4 11 +1, found %q", text)
	}
	month, err := strconv.Atoi(rest[0])
	if err != nil || month < 1 || month > 12 {
		return nil, fmt.Errorf("expected a month from 01 to 12, found %q", rest[0])
	}
	r.day, r.n, r.month = time.Weekday(i), n, time.Month(month)
	if len(rest) == 2 {
		if r.plus, err = strconv.Atoi(rest[1]); err != nil || r.plus < -7 || r.plus > 7 {
			return nil, fmt.Errorf("expected days such as +1, found %q", rest[1])
		}
	}
	return r, nil
}

// substitution says which day a country keeps for a holiday on a weekend.
type substitution struct {
	next    bool // the next weekday that is no holiday
	offsets [7]int
}

// parseSubstitution reads none, next, or sat-1 sun+1, with + between them in an option.
func parseSubstitution(text string) (substitution, error) {
	switch text {
	case "none":
		return substitution{}, nil
	case "next":
		return substitution{next: true}, nil
	}
	var s substitution
	for word := range strings.FieldsSeq(text) {
		if len(word) < 5 {
			return s, fmt.Errorf("expected sat-1 or sun+1, found %q", word)
		}
		i := slices.Index(weekdays, word[:3])
		n, err := strconv.Atoi(word[3:])
		if i < 0 || err != nil || n == 0 || n < -3 || n > 3 {
			return s, fmt.Errorf("expected sat-1 or sun+1, found %q", word)
		}
		s.offsets[i] = n
	}
	return s, nil
}

// ofLibrary is how rickar/cal moves a holiday.
func ofLibrary(h *cal.Holiday) substitution {
	var s substitution
	for _, alt := range h.Observed {
		s.offsets[alt.Day] = alt.Offset
	}
	return s
}

// move is the day that is kept for a holiday. taken are the days that others have.
func (s substitution) move(at time.Time, taken map[time.Time]bool) time.Time {
	if !s.next {
		return at.AddDate(0, 0, s.offsets[at.Weekday()])
	}
	for isWeekend(at) {
		for at = at.AddDate(0, 0, 1); isWeekend(at) || taken[at]; {
			at = at.AddDate(0, 0, 1)
		}
	}
	return at
}

func isWeekend(at time.Time) bool {
	return at.Weekday() == time.Saturday || at.Weekday() == time.Sunday
}
