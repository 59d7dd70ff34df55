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
	// momentLine is "[WEEKDAY] FROM [to TO] BRANCH ["TITLE"]", where TO may be an hour of the same day.
	momentLine = regexp.MustCompile(`^(?:([A-Za-z]+),?\s+)?(` + momentGrammar + `)(?:\s+to\s+(` + momentGrammar +
		`|\d\d?:\d\d))?\s+([^\s"]+)(?:\s+"(.*)")?$`)
	manyBlanks = regexp.MustCompile(`[ T]+`)
)

const momentUsage = `want a line such as: Thu 2026-12-24 09:00 to 12:00  open "Open 9-12"; found %s`

// lines reads moments: a text with one a line, or a mapping from moments to what is wanted then.
func (s *testSource) lines(n *node) []TestMoment {
	var all []TestMoment
	add := func(at diag.Pos, line string) {
		s.moments++
		if m, ok := s.moment(at, line); ok {
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
			`want moments as text, a line each (moments: | and indented lines), or as a mapping, found a list`)
	default:
		if strings.TrimSpace(n.text) == "" {
			s.mistake(n.Pos, "moments is empty; leave it out")
		}
		at := n.first
		for line := range strings.SplitSeq(n.text, "\n") {
			if text := strings.TrimSpace(withoutComment(line)); text != "" {
				place := at
				if n.first.Line == n.Line {
					place = n.first // a text in quotes: where its lines stand is not known
				} else {
					place.Col += utf8.RuneCountInString(line[:strings.Index(line, text)])
				}
				add(place, text)
			}
			at.Line++
		}
	}
	return all
}

// withoutComment cuts a # and what follows, unless it stands in a title.
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
func (s *testSource) moment(at diag.Pos, line string) (TestMoment, bool) {
	m := momentLine.FindStringSubmatch(line)
	if m == nil {
		s.mistake(at, momentUsage, quote(line))
		return TestMoment{}, false
	}
	out := TestMoment{Pos: at, From: Text{Pos: at, S: oneBlank(m[2])}, Branch: Text{Pos: at, S: m[4]}}
	if strings.Contains(line, `"`) {
		out.Event = Text{Pos: at, S: m[5]}
	}
	if !s.isMoment(out.From) {
		return out, false
	}
	date, _ := time.Parse(time.DateOnly, out.From.S[:len(time.DateOnly)])
	if m[1] != "" && !s.isWeekday(at, m[1], date) {
		return out, false
	}
	to, wholeDays := oneBlank(m[3]), m[3] == "" && testDate.MatchString(out.From.S)
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
		if !s.isMoment(Text{Pos: at, S: to}) {
			return out, false
		}
		last, _ := time.Parse(time.DateOnly, to)
		to = nextDay(last)
	}
	out.To = Text{Pos: at, S: to}
	if !s.isMoment(out.To) {
		return out, false
	}
	// In whole days, since the zone is not known here; whether it ends after it begins is compared where it is.
	end, _ := time.Parse(time.DateOnly, to[:len(time.DateOnly)])
	if end.Sub(date) > longestRange {
		s.mistake(at, "a range is at most %d days long", longestRange/day)
		return out, false
	}
	return out, true
}

func nextDay(d time.Time) string { return d.AddDate(0, 0, 1).Format(time.DateOnly) }

// oneBlank writes a moment with one blank, or T, between date and hour.
func oneBlank(text string) string {
	if strings.HasSuffix(text, "Z") || strings.LastIndexAny(text, "+-") > len("2006-01-02T") {
		return manyBlanks.ReplaceAllString(text, "T")
	}
	return manyBlanks.ReplaceAllString(text, " ")
}

// isWeekday checks the name of a day against a date.
func (s *testSource) isWeekday(at diag.Pos, name string, date time.Time) bool {
	is := date.Weekday().String()
	if len(name) >= 2 && strings.HasPrefix(strings.ToLower(is), strings.ToLower(name)) {
		return true
	}
	s.mistake(at, "%s is a %s, found %s", date.Format(time.DateOnly), is, quote(name))
	return false
}
