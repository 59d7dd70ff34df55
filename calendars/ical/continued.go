package ical

import (
	"strings"

	"github.com/callhours/callhours/calendars/recur"
)

// isContinuation takes a line that is the rest of a rule or of dates, without the blank that RFC
// 5545, 3.1, wants before it; it reports whether it is one.
func (r *reader) isContinuation(l line) bool {
	d := r.draft
	if n := len(d.properties); n > 0 && d.excess == "" && eventProperties[string(l.name)] == unread &&
		!properties[string(l.name)] && l.number == r.scanner.number {
		last := &d.properties[n-1]
		if last.line+1 != l.number || eventProperties[last.name] != scheduling {
			return false
		}
		more := string(l.name) + string(l.rest)
		if !last.continuesWith(more) {
			return false
		}
		last.content += more
		last.value += more
		last.line = l.number
		r.tolerate(l.number,
			"a line without a blank before it is read as the rest of the line before, a rule or dates; "+
				"put a blank before it")
		return true
	}
	return false
}

// continuesWith reports whether a rule or dates go on with a text.
func (p property) continuesWith(more string) bool {
	whole := p.value + more
	switch {
	case len(whole) > recur.LongestLenient:
		return false
	case p.name == "RRULE" || p.name == "EXRULE":
		part := strings.TrimLeft(more, "; ")
		name, _, _ := strings.Cut(part, "=")
		_, err := recur.Parse(whole)
		_, before := recur.Parse(p.value)
		return err == nil && (before != nil || recur.IsPart(name) &&
			(len(part) < len(more) || strings.HasSuffix(p.value, ";")))
	case p.name == "EXDATE" || p.name == "RDATE":
		return (strings.HasSuffix(p.value, ",") || strings.HasPrefix(more, ",") || !areTimes([]byte(p.value))) &&
			areTimes([]byte(whole))
	}
	return false
}
