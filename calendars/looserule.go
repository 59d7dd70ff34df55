package calendars

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// readRule is parseRule for what people write too, where it has one meaning. odd says what is forgiven; "" for nothing.
func readRule(text string) (r *rule, odd string, err error) {
	if r, err = parseRule(text); err == nil {
		return r, "", nil
	}
	if len(text) > longestMended {
		return nil, "", err
	}
	plain := plainRule(text)
	if r, again := parseRule(plain); again == nil {
		return r, fmt.Sprintf("the rule %s is read as %s", quote(text), quote(plain)), nil
	}
	return nil, "", err
}

// partBegins fits the beginning of a part of a rule, with whatever separates it from the one before.
var partBegins = regexp.MustCompile(`[\s;:,\\&]*\b([A-Z]+)\s*=`)

// plainRule is a rule with its parts told apart by semicolons, and with the names that are meant.
func plainRule(text string) string {
	text = strings.TrimPrefix(strings.ToUpper(strings.Map(func(c rune) rune {
		if c == '\'' || c == '"' || c == '(' || c == ')' {
			return -1
		}
		return c
	}, text)), "RRULE:")
	var parts []string
	begins := partBegins.FindAllStringSubmatchIndex(text, -1)
	if slices.ContainsFunc(strings.Split(text, ";"), beginsLikePart) {
		return text
	}
	for i, m := range begins {
		end := len(text)
		if i+1 < len(begins) {
			end = begins[i+1][0]
		}
		name := nearestOf(text[m[2]:m[3]], ruleParts)
		part := name + "=" + plainPart(name, text[m[1]:end])
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ";")
}

// plainPart is the value of a part of a rule, up to a word that belongs to none.
func plainPart(name, value string) string {
	value, more, _ := strings.Cut(strings.Trim(value, " \t;,\\"), ";")
	switch {
	case name == "FREQ":
		return nearestOf(strings.Trim(value, " \t,\\"), frequencies)
	case name == "UNTIL":
		if time := plainTime(value); time != "" {
			return time
		}
	case strings.HasPrefix(name, "BY"): // separated by anything
		isBetween := func(c rune) bool { return strings.ContainsRune(" \t;,\\", c) }
		items := strings.FieldsFunc(value, isBetween)
		for _, item := range strings.FieldsFunc(more, isBetween) {
			if numberOrWeekday.MatchString(plainWeekday(item)) {
				items = append(items, item)
			}
		}
		if name == "BYDAY" {
			for i, item := range items {
				items[i] = plainWeekday(item)
			}
		}
		return strings.Join(items, ",")
	}
	return strings.Trim(value, " \t,\\")
}

// numberOrWeekday fits a value of a part that is a list.
var numberOrWeekday = regexp.MustCompile(`^[+-]?\d*(MO|TU|WE|TH|FR|SA|SU)?$`)

// nearestOf is the only word of a list of which a word is a slip; the word itself where there is none.
func nearestOf(word string, list []string) string {
	found := word
	for _, of := range list {
		switch {
		case of == word:
			return word
		case !isNearly(word, of):
		case found != word:
			return word
		default:
			found = of
		}
	}
	return found
}

// weekdayNames are those that people write in place of weekdays, in the same order.
var weekdayNames = []string{"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"}

// plainWeekday is a value of BYDAY whose weekday is written out, or with its first letters, as RFC 5545 writes it.
func plainWeekday(item string) string {
	ordinal := item[:len(item)-len(strings.TrimLeft(item, "+-0123456789"))]
	word := item[len(ordinal):]
	for i, name := range weekdayNames {
		if word == name || len(word) >= 3 && len(word) <= 5 && strings.HasPrefix(name, word) {
			return ordinal + weekdays[i]
		}
	}
	return item
}

// beginsLikePart reports whether a word is a part of a rule without its "=", such as "COUNT4".
func beginsLikePart(word string) bool {
	word = strings.TrimSpace(word)
	return !strings.Contains(word, "=") &&
		slices.ContainsFunc(ruleParts, func(name string) bool { return strings.HasPrefix(word, name) })
}

// continued takes a line that is the rest of a rule or of dates, without the blank that RFC 5545, 3.1, wants before it;
// it reports whether it is one.
func (r *reader) continued(l line) bool {
	d := r.draft
	if n := len(d.properties); n > 0 && d.excess == "" && eventProperties[string(l.name)] == unread &&
		!properties[string(l.name)] && l.number == r.scanner.number {
		last := &d.properties[n-1]
		if last.line+1 != l.number || eventProperties[last.name] != scheduling {
			return false
		}
		more := string(l.name) + string(l.rest)
		if !last.takes(more) {
			return false
		}
		last.content += more
		last.value += more
		last.line = l.number
		r.forgive(l.number,
			"a line without a blank before it is read as the rest of the line before, a rule or dates; "+
				"put a blank before it")
		return true
	}
	return false
}

// takes reports whether a rule or dates go on with a text.
func (p property) takes(more string) bool {
	whole := p.value + more
	switch {
	case len(whole) > longestMended:
		return false
	case p.name == "RRULE" || p.name == "EXRULE":
		part := strings.TrimLeft(more, "; ")
		name, _, _ := strings.Cut(part, "=")
		_, err := parseRule(whole)
		_, before := parseRule(p.value)
		return err == nil && (before != nil || slices.Contains(ruleParts, strings.ToUpper(name)) &&
			(len(part) < len(more) || strings.HasSuffix(p.value, ";")))
	case p.name == "EXDATE" || p.name == "RDATE":
		return (strings.HasSuffix(p.value, ",") || strings.HasPrefix(more, ",") || !areTimes([]byte(p.value))) &&
			areTimes([]byte(whole))
	}
	return false
}
