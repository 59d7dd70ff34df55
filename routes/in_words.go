package routes

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/calendars/patterns"
)

// The bounds of conditions in words; Words has all of them.
const (
	maxQuoted   = 40  // characters of a pattern or number
	maxSentence = 600 // bytes of a condition
	maxNamed    = 3   // calendars of a condition that are named
)

// otherwise is the condition of a branch that has none.
const otherwise = "in every other case"

// InWords describe the condition of a branch, as people would: `a single event titled like “open” (6
// patterns) in hours`. Of several patterns it has the first; [Route.Words] have all. calendar gives
// what people call a calendar, by its full name; nil: its name without the tenant's.
func (r *Route) InWords(branch int, calendar func(name string) string) string {
	n := r.branches[branch]
	if n == nil {
		return otherwise
	}
	if calendar == nil {
		calendar = ownName
	}
	return cutSentence(phraser{r, calendar}.phrase(n))
}

// phraser puts conditions of a route into words.
type phraser struct {
	*Route
	calendar func(name string) string
}

// phrase is a condition in words.
func (r phraser) phrase(n *node) string {
	switch n.op {
	case opCalendar:
		return r.leaves[n.leaf].phrase(true, r.calendar)
	case opCall:
		return n.brief
	case opNot:
		return r.negated(n.kids[0])
	case opAny:
		return r.either(n)
	default:
		return r.both(n)
	}
}

// negated is the opposite of a condition in words.
func (r phraser) negated(n *node) string {
	switch n.op {
	case opCalendar:
		return r.leaves[n.leaf].phrase(false, r.calendar)
	case opNot:
		return r.phrase(n.kids[0])
	case opAny:
		return fmt.Sprintf("none of these: %s", strings.Join(r.phrases(n.kids), "; "))
	case opAll:
		return fmt.Sprintf("not all of these: %s", strings.Join(r.phrases(n.kids), "; "))
	default:
		return fmt.Sprintf("not so: %s", n.brief)
	}
}

// either is an any in words.
func (r phraser) either(n *node) string {
	parts := r.phrases(n.kids)
	for _, k := range n.kids {
		if k.isCompound() { // which would be read together with its neighbour
			return strings.Join(parts, "; or ")
		}
	}
	return orList(parts)
}

// both is an all in words: what must be, and what must not. Each part is said once, so that parts
// within each other cost no more than they are.
func (r phraser) both(n *node) string {
	if !slices.ContainsFunc(n.kids, func(k *node) bool { return k.op != opNot }) {
		parts := make([]string, len(n.kids))
		for i, k := range n.kids {
			parts[i] = r.negated(k.kids[0])
		}
		return strings.Join(parts, " and ")
	}
	var wanted, unless []string
	for _, k := range n.kids {
		switch {
		case k.op != opNot:
			wanted = append(wanted, r.enclosed(k))
		case k.kids[0].op == opAny:
			for _, part := range k.kids[0].kids {
				unless = append(unless, r.enclosed(part))
			}
		default:
			unless = append(unless, r.enclosed(k.kids[0]))
		}
	}
	if len(unless) == 0 {
		return strings.Join(wanted, " and ")
	}
	return fmt.Sprintf("%s, unless %s", strings.Join(wanted, " and "), orList(unless))
}

func (r phraser) phrases(nodes []*node) []string {
	parts := make([]string, len(nodes))
	for i, k := range nodes {
		parts[i] = r.phrase(k)
	}
	return parts
}

// enclosed is a condition inside another one: in brackets where it has parts.
func (r phraser) enclosed(n *node) string {
	if n.isCompound() {
		return "(" + r.phrase(n) + ")"
	}
	return r.phrase(n)
}

// isCompound reports whether a condition has several parts.
func (n *node) isCompound() bool {
	if n.op == opNot {
		return n.kids[0].isCompound()
	}
	return len(n.kids) > 1
}

// orList joins phrases: "a, b or c".
func orList(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " or " + parts[last]
}

// phrase is a condition on calendars in words: that there is such an event, or that there is none.
func (l *leaf) phrase(there bool, calendar func(string) string) string {
	kind, article := l.kind()
	where := l.where(calendar)
	if l.wholeDay {
		whole := fmt.Sprintf("the whole day of %s %s%s in %s", article, kind, l.which(), where)
		if !there {
			return "not " + whole
		}
		return whole
	}
	which := l.which()
	switch {
	case !there:
		return fmt.Sprintf("no %s%s in %s", kind, which, where)
	case kind == "event" && which == "":
		return fmt.Sprintf("any event in %s", where)
	default:
		return fmt.Sprintf("%s %s%s in %s", article, kind, which, where)
	}
}

// kind is what sort of event counts, and the article before it.
func (l *leaf) kind() (kind, article string) {
	var words []string
	add := func(asked *bool, yes, no string) {
		if asked != nil && *asked {
			words = append(words, yes)
		} else if asked != nil {
			words = append(words, no)
		}
	}
	add(l.filter.Recurring, "repeating", "single")
	add(l.filter.AllDay, "all-day", "timed")
	switch l.filter.Transparency {
	case "opaque":
		words = append(words, "busy")
	case "transparent":
		words = append(words, "free")
	}
	article = "a"
	if len(words) == 0 || words[0] == "all-day" {
		article = "an"
	}
	return strings.Join(append(words, "event"), " "), article
}

// which is what the event says; "" for anything.
func (l *leaf) which() string {
	var parts []string
	for _, f := range []struct {
		format string
		list   patterns.List
	}{
		{"titled %s", l.filter.Summary},
		{"described %s", l.filter.Description},
		{"at a place %s", l.filter.Location},
		{"of a category %s", l.filter.Category},
	} {
		if len(f.list) > 0 {
			parts = append(parts, fmt.Sprintf(f.format, like(f.list)))
		}
	}
	if l.field != "" {
		parts = append(parts, fmt.Sprintf("that names one of “%s”", quotable(l.field)))
	}
	if len(parts) == 0 {
		return ""
	}
	return " " + strings.Join(parts, " and ")
}

// where are the calendars in words.
func (l *leaf) where(calendar func(string) string) string {
	names := make([]string, len(l.calendars))
	for i, name := range l.calendars {
		names[i] = quotable(calendar(name))
	}
	if n := len(names); n > maxNamed {
		return fmt.Sprintf("%s or %d more calendars", strings.Join(names[:maxNamed-1], ", "), n-maxNamed+1)
	}
	return orList(names)
}

// ownName is a calendar's name without its tenant's.
func ownName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// like are patterns in words: the first that fits, or else the first that excludes, and how many
// there are.
func like(list patterns.List) string {
	words := fmt.Sprintf("unlike “%s”", quotable(list[0].Plain()))
	for _, p := range list {
		if !p.Excludes() {
			words = fmt.Sprintf("like “%s”", quotable(p.Plain()))
			break
		}
	}
	if len(list) > 1 {
		words += fmt.Sprintf(" (%d patterns)", len(list))
	}
	return words
}

// quotable is a text of the configuration or an event as one line, at the length that fits a
// sentence.
func quotable(text string) string {
	if len(text) > maxQuoted*utf8.UTFMax*4 { // before all of a long one is looked at
		text = text[:maxQuoted*utf8.UTFMax*4]
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' }), " ")
	if runes := []rune(text); len(runes) > maxQuoted {
		return string(runes[:maxQuoted]) + "…"
	}
	return text
}

// cutSentence cuts a sentence to its length.
func cutSentence(text string) string {
	if len(text) <= maxSentence {
		return text
	}
	cut := maxSentence - len("…")
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// callerInWords are numbers that a caller has, in words.
func callerInWords(n Numbers) string {
	parts := n.parts("the caller is %s", "the caller's number begins with %s", "the caller is one of %d numbers",
		"the caller is on the list %s")
	if n.Withheld {
		parts = append(parts, "the caller withholds the number")
	}
	return orList(parts)
}

// dialedInWords are numbers that are dialed, in words.
func dialedInWords(n Numbers) string {
	return orList(n.parts("the dialed number is %s", "the dialed number begins with %s",
		"the dialed number is one of %d", "the dialed number is on the list %s"))
}

func (n Numbers) parts(one, beginning, several, listed string) []string {
	var parts []string
	switch len(n.Listed) {
	case 0:
	case 1:
		number, isPrefix := strings.CutSuffix(n.Listed[0].S, "*")
		if isPrefix {
			one = beginning
		}
		parts = append(parts, fmt.Sprintf(one, quotable(number)))
	default:
		parts = append(parts, fmt.Sprintf(several, len(n.Listed)))
	}
	for _, l := range n.Lists[:min(len(n.Lists), maxNamed)] {
		parts = append(parts, fmt.Sprintf(listed, quotable(l.Name)))
	}
	if more := len(n.Lists) - maxNamed; more > 0 {
		parts = append(parts, fmt.Sprintf(listed, fmt.Sprintf("of %d more", more)))
	}
	return parts
}

// fieldInWords is a condition on a field of a call in words.
func fieldInWords(what, name string, list patterns.List) string {
	switch what {
	case "account":
		return fmt.Sprintf("the account is %s", like(list))
	case "caller name":
		return fmt.Sprintf("the caller's name is %s", like(list))
	case "digits":
		return fmt.Sprintf("the digits that the caller pressed are %s", like(list))
	case "header":
		return fmt.Sprintf("the SIP header %s is %s", quotable(name), like(list))
	default:
		return fmt.Sprintf("the call's variable %s is %s", quotable(name), like(list))
	}
}
