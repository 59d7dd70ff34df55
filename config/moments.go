package config

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
)

const (
	momentGrammar = `\d{4}-\d\d-\d\d(?:[ T]+\d\d?:\d\d(?::\d\d(?:Z|[+-]\d\d:\d\d)?)?)?`
	longestRange  = 1100 * day
)

var (
	// momentLine is "[WEEKDAY] FROM [to TO] BRANCH ["TITLE"]", where TO may
	// be an hour of the same day.
	momentLine = regexp.MustCompile(`^(?:([A-Za-z]+),?\s+)?(` + momentGrammar + `)(?:\s+to\s+(` + momentGrammar +
		`|\d\d?:\d\d))?\s+([^\s"]+)(?:\s+"(.*)")?$`)
	blankRun = regexp.MustCompile(`[ T]+`)
)

const momentUsage = `expected a line such as: Thu 2026-12-24 09:00 to 12:00  open "Open 9-12"; found %s`

// testMoments reads moments: a text with one on each line, or a mapping from moments to what is
// expected then.
func (s *testSource) testMoments(n *node) []TestMoment {
	var all []TestMoment
	add := func(pos diag.Pos, line string) {
		s.moments++
		if m, ok := s.moment(pos, line); ok {
			all = append(all, m)
		}
	}
	switch {
	case n == nil, s.moments > maxTestMoments: // aliases can make any number
	case n.kind == mapping:
		for _, e := range n.entries {
			if t := s.scalar(e.value, "a moment's branch"); t.Line > 0 {
				add(e.key.Pos, e.key.S+" "+t.S)
			}
		}
	case n.kind == list:
		s.mistake(n.Pos,
			`expected moments to be text, a line each (moments: | and indented lines), or as a mapping, found a list`)
	default:
		if strings.TrimSpace(n.text) == "" {
			s.mistake(n.Pos, "moments is empty; leave it out")
		}
		pos := n.firstChar
		for line := range strings.SplitSeq(n.text, "\n") {
			if text := strings.TrimSpace(withoutComment(line)); text != "" {
				place := pos
				if n.firstChar.Line == n.Line {
					place = n.firstChar // a text in quotes: where its lines stand is not known
				} else {
					place.Col += utf8.RuneCountInString(line[:strings.Index(line, text)])
				}
				add(place, text)
			}
			pos.Line++
		}
	}
	return all
}

// withoutComment cuts a comment, unless the # is inside a title.
func withoutComment(line string) string {
	quoted := false
	for i, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case r == '#' && !quoted && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return line[:i]
		}
	}
	return line
}

// moment reads one line.
func (s *testSource) moment(pos diag.Pos, line string) (TestMoment, bool) {
	m := momentLine.FindStringSubmatch(line)
	if m == nil {
		s.mistake(pos, momentUsage, quote(line))
		return TestMoment{}, false
	}
	out := TestMoment{Pos: pos, From: Text{Pos: pos, S: normalizeMoment(m[2])}, Branch: Text{Pos: pos, S: m[4]}}
	if strings.Contains(line, `"`) {
		out.Event = Text{Pos: pos, S: m[5]}
	}
	if !s.checkMoment(out.From) {
		return out, false
	}
	date, _ := time.Parse(time.DateOnly, out.From.S[:len(time.DateOnly)])
	if m[1] != "" && !s.checkWeekday(pos, m[1], date) {
		return out, false
	}
	to, wholeDays := normalizeMoment(m[3]), m[3] == "" && testDate.MatchString(out.From.S)
	switch {
	case wholeDays:
		to = nextDay(date)
	case to == "":
		return out, true
	case to == "24:00":
		to = nextDay(date)
	case clockTime.MatchString(to):
		to = date.Format(time.DateOnly) + " " + to
	case testDate.MatchString(to):
		if !s.checkMoment(Text{Pos: pos, S: to}) {
			return out, false
		}
		last, _ := time.Parse(time.DateOnly, to)
		to = nextDay(last)
	}
	out.To = Text{Pos: pos, S: to}
	if !s.checkMoment(out.To) {
		return out, false
	}
	// Compared in whole days, since the zone is not known here. Whether the range ends after it
	// begins is checked where the zone is known.
	end, _ := time.Parse(time.DateOnly, to[:len(time.DateOnly)])
	if end.Sub(date) > longestRange {
		s.mistake(pos, "a range is at most %d days long", longestRange/day)
		return out, false
	}
	return out, true
}

func nextDay(d time.Time) string { return d.AddDate(0, 0, 1).Format(time.DateOnly) }

// normalizeMoment writes one blank, or T, between date and time.
func normalizeMoment(text string) string {
	if strings.HasSuffix(text, "Z") || strings.LastIndexAny(text, "+-") > len("2006-01-02T") {
		return blankRun.ReplaceAllString(text, "T")
	}
	return blankRun.ReplaceAllString(text, " ")
}

// checkWeekday checks the name of a day against a date.
func (s *testSource) checkWeekday(pos diag.Pos, name string, date time.Time) bool {
	actual := date.Weekday().String()
	if len(name) >= 2 && strings.HasPrefix(strings.ToLower(actual), strings.ToLower(name)) {
		return true
	}
	s.mistake(pos, "%s is a %s, found %s", date.Format(time.DateOnly), actual, quote(name))
	return false
}
