package recur

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// ParseLenient is Parse for what people write too, where it has one meaning. odd says what is
// forgiven; "" for nothing.
func ParseLenient(text string) (r *Rule, odd string, err error) {
	if r, err = Parse(text); err == nil {
		return r, "", nil
	}
	if len(text) > LongestLenient {
		return nil, "", err
	}
	plain := normalizeRule(text)
	if r, again := Parse(plain); again == nil {
		return r, fmt.Sprintf("the rule %s is read as %s", diag.Quote(text), diag.Quote(plain)), nil
	}
	return nil, "", err
}

// partPattern fits the beginning of a part of a rule, with whatever separates it from the one
// before.
var partPattern = regexp.MustCompile(`[\s;:,\\&]*\b([A-Z]+)\s*=`)

// normalizeRule is a rule with its parts told apart by semicolons, and with the names that are
// meant.
func normalizeRule(text string) string {
	text = strings.TrimPrefix(strings.ToUpper(strings.Map(func(c rune) rune {
		if c == '\'' || c == '"' || c == '(' || c == ')' {
			return -1
		}
		return c
	}, text)), "RRULE:")
	var parts []string
	begins := partPattern.FindAllStringSubmatchIndex(text, -1)
	if slices.ContainsFunc(strings.Split(text, ";"), isLikePart) {
		return text
	}
	for i, m := range begins {
		end := len(text)
		if i+1 < len(begins) {
			end = begins[i+1][0]
		}
		name := diag.Correct(text[m[2]:m[3]], ruleParts)
		part := name + "=" + normalizePart(name, text[m[1]:end])
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ";")
}

// normalizePart is the value of a part of a rule, up to a word that belongs to none.
func normalizePart(name, value string) string {
	value, more, _ := strings.Cut(strings.Trim(value, " \t;,\\"), ";")
	switch {
	case name == "FREQ":
		return diag.Correct(strings.Trim(value, " \t,\\"), frequencies)
	case name == "UNTIL":
		if time := NormalizeTime(value); time != "" {
			return time
		}
	case strings.HasPrefix(name, "BY"): // separated by anything
		isBetween := func(c rune) bool { return strings.ContainsRune(" \t;,\\", c) }
		items := strings.FieldsFunc(value, isBetween)
		for _, item := range strings.FieldsFunc(more, isBetween) {
			if numberOrWeekday.MatchString(normalizeWeekday(item)) {
				items = append(items, item)
			}
		}
		if name == "BYDAY" {
			for i, item := range items {
				items[i] = normalizeWeekday(item)
			}
		}
		return strings.Join(items, ",")
	}
	return strings.Trim(value, " \t,\\")
}

// numberOrWeekday fits a value of a part that is a list.
var numberOrWeekday = regexp.MustCompile(`^[+-]?\d*(MO|TU|WE|TH|FR|SA|SU)?$`)

// weekdayNames are those that people write in place of weekdays, in the same order.
var weekdayNames = []string{"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"}

// normalizeWeekday is a value of BYDAY whose weekday is written out, or with its first letters, as
// RFC 5545 writes it.
func normalizeWeekday(item string) string {
	ordinal := item[:len(item)-len(strings.TrimLeft(item, "+-0123456789"))]
	word := item[len(ordinal):]
	for i, name := range weekdayNames {
		if word == name || len(word) >= 3 && len(word) <= 5 && strings.HasPrefix(name, word) {
			return ordinal + weekdays[i]
		}
	}
	return item
}

// isLikePart reports whether a word is a part of a rule without its "=", such as "COUNT4".
func isLikePart(word string) bool {
	word = strings.TrimSpace(word)
	return !strings.Contains(word, "=") &&
		slices.ContainsFunc(ruleParts, func(name string) bool { return strings.HasPrefix(word, name) })
}

// looseTime fits a time as programs and people write it that do not follow RFC 5545: as ISO 8601,
// or without seconds.
var looseTime = regexp.MustCompile(`^(\d{4})(-?)(\d\d)(-?)(\d\d)` +
	`(?:[T ] ?(\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)? ?(Z|UTC|[+-]00:?00)?)?$`)

// NormalizeTime is a time as RFC 5545 writes it; "" where it is none.
func NormalizeTime(text string) string {
	text = strings.ToUpper(strings.Trim(text, " :"))
	if _, err := ParseTime(text); err == nil {
		return text
	}
	m := looseTime.FindStringSubmatch(text)
	if m == nil || m[2] != m[4] {
		return ""
	}
	plain := m[1] + m[3] + m[5]
	if m[6] != "" {
		seconds := m[8]
		if seconds == "" {
			seconds = "00"
		}
		plain += "T" + m[6] + m[7] + seconds
		if m[9] != "" {
			plain += "Z"
		}
	}
	if _, err := ParseTime(plain); err != nil {
		return ""
	}
	return plain
}

// looseDuration fits a duration without its P or T. Minutes need one of them, since they could be
// months.
var looseDuration = regexp.MustCompile(`^(P?)(\d+[WD])?(T?)(\d+H)?(\d+M)?(\d+S)?$`)

// NormalizeDuration is a duration as RFC 5545 writes it; "" where it is none.
func NormalizeDuration(text string) string {
	m := looseDuration.FindStringSubmatch(strings.ToUpper(strings.Join(strings.Fields(text), "")))
	if m == nil || m[5] != "" && m[3] == "" && m[4] == "" {
		return ""
	}
	plain := "P" + m[2]
	if clock := m[4] + m[5] + m[6]; clock != "" {
		plain += "T" + clock
	}
	if _, err := ParseDuration(plain); err != nil {
		return ""
	}
	return plain
}

// LongestLenient is how many bytes a line of times or a rule may have that is mended.
const LongestLenient = 1 << 10
