package routes

import (
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

// InWords describe the condition of a branch, as people would: `a single event titled like “open” (6
// patterns) in hours`. Of several patterns it has the first; [Route.Words] have all. calendar gives
// what people call a calendar, by its full name; nil: its name without the tenant's. translate gives
// English formats in the reader's language, with the arguments in their places; for English it is
// [fmt.Sprintf].
func (r *Route) InWords(
	branch int, calendar func(name string) string, translate func(format string, args ...any) string,
) string {
	if calendar == nil {
		calendar = ownName
	}
	return cutSentence(phraser{r, translator(translate), calendar}.condition(r.branches[branch]))
}

// phraser puts conditions of a route into words.
type phraser struct {
	*Route
	translate translator
	calendar  func(name string) string
}

// translator gives English formats in a language.
type translator func(format string, args ...any) string

// condition is that of a branch, which may have none.
func (r phraser) condition(n *node) string {
	if n == nil {
		return r.translate("in every other case")
	}
	return r.phrase(n)
}

// phrase is a condition in words.
func (r phraser) phrase(n *node) string {
	switch n.op {
	case opCalendar:
		return r.leaf(r.leaves[n.leaf], true)
	case opCall:
		return n.brief.in(r.translate)
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
		return r.leaf(r.leaves[n.leaf], false)
	case opNot:
		return r.phrase(n.kids[0])
	case opAny:
		return r.translate("none of these: %s", strings.Join(r.phrases(n.kids), r.semicolon()))
	case opAll:
		return r.translate("not all of these: %s", strings.Join(r.phrases(n.kids), r.semicolon()))
	default:
		return r.translate("not so: %s", n.brief.in(r.translate))
	}
}

// either is an any in words.
func (r phraser) either(n *node) string {
	parts := r.phrases(n.kids)
	for _, k := range n.kids {
		if k.isCompound() { // which would be read together with its neighbour
			return strings.Join(parts, r.semicolon()+r.translate("or")+" ")
		}
	}
	return r.translate.orList(parts)
}

// semicolon stands between parts that have commas; French has a blank before it.
func (r phraser) semicolon() string { return r.translate("%s;", "") + " " }

// both is an all in words: what must be, and what must not. Each part is said once, so that parts
// within each other cost no more than they are.
func (r phraser) both(n *node) string {
	if !slices.ContainsFunc(n.kids, func(k *node) bool { return k.op != opNot }) {
		parts := make([]string, len(n.kids))
		for i, k := range n.kids {
			parts[i] = r.negated(k.kids[0])
		}
		return r.translate.andList(parts)
	}
	var wanted []string
	var exceptions []*node
	for _, k := range n.kids {
		switch {
		case k.op != opNot:
			wanted = append(wanted, r.enclosed(k))
		case k.kids[0].op == opAny:
			exceptions = append(exceptions, k.kids[0].kids...)
		default:
			exceptions = append(exceptions, k.kids[0])
		}
	}
	if len(exceptions) == 0 {
		return r.translate.andList(wanted)
	}
	unless := make([]string, len(exceptions))
	for i, k := range exceptions {
		unless[i] = r.enclosed(k)
		if k.op == opCalendar && (i == 0 || exceptions[i-1].op != opCalendar) {
			unless[i] = r.translate("there is %s", unless[i])
		}
	}
	return r.translate("%s, unless %s", r.translate.andList(wanted), r.translate.orList(unless))
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
func (translate translator) orList(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " " + translate("or") + " " + parts[last]
}

// andList joins phrases: "a and b and c".
func (translate translator) andList(parts []string) string {
	return strings.Join(parts, " "+translate("and")+" ")
}

// leaf is a condition on calendars in words: that there is such an event, or that there is none.
func (r phraser) leaf(l *leaf, there bool) string {
	event, isAny := r.event(l, there || l.wholeDay)
	which, where := r.which(l), r.where(l)
	switch {
	case l.wholeDay && there:
		return r.translate("the whole day of %s in %s", event+which, where)
	case l.wholeDay:
		return r.translate("not the whole day of %s in %s", event+which, where)
	case there && isAny && which == "":
		event = r.translate("any event")
	}
	return r.translate("%s in %s", event+which, where)
}

// event is what sort of event counts, or that there is none; isAny reports whether every sort does.
func (r phraser) event(l *leaf, there bool) (words string, isAny bool) {
	var sort []string
	switch asked := l.filter.Recurring; {
	case asked == nil:
	case *asked:
		sort = append(sort, r.translate("repeating"))
	default:
		sort = append(sort, r.translate("single"))
	}
	switch asked := l.filter.AllDay; {
	case asked == nil:
	case *asked:
		sort = append(sort, r.translate("all-day"))
	default:
		sort = append(sort, r.translate("timed"))
	}
	switch l.filter.Transparency {
	case "opaque":
		sort = append(sort, r.translate("busy"))
	case "transparent":
		sort = append(sort, r.translate("free"))
	}
	what := ""
	for _, word := range sort {
		if what != "" {
			word = r.translate("%s %s", what, word) // most languages have a comma between
		}
		what = word
	}
	switch {
	case what == "" && there:
		return r.translate("an event"), true
	case what == "":
		return r.translate("no event"), true
	case !there:
		return r.translate("no %s event", what), false
	case l.filter.Recurring == nil && l.filter.AllDay != nil && *l.filter.AllDay:
		return r.translate("an %s event", what), false
	default:
		return r.translate("a %s event", what), false
	}
}

// which is what the event says, after a blank; "" for anything.
func (r phraser) which(l *leaf) string {
	var parts []string
	if list := l.filter.Summary; len(list) > 0 {
		parts = append(parts, r.translate("titled %s", r.translate.like(list)))
	}
	if list := l.filter.Description; len(list) > 0 {
		parts = append(parts, r.translate("described %s", r.translate.like(list)))
	}
	if list := l.filter.Location; len(list) > 0 {
		parts = append(parts, r.translate("at a place %s", r.translate.like(list)))
	}
	if list := l.filter.Category; len(list) > 0 {
		parts = append(parts, r.translate("of a category %s", r.translate.like(list)))
	}
	if l.field != "" {
		parts = append(parts, r.translate("that names one of “%s”", quotable(l.field)))
	}
	if len(parts) == 0 {
		return ""
	}
	return " " + r.translate.andList(parts)
}

// where are the calendars in words.
func (r phraser) where(l *leaf) string {
	names := make([]string, len(l.calendars))
	for i, name := range l.calendars {
		names[i] = quotable(r.calendar(name))
	}
	if n := len(names); n > maxNamed {
		return r.translate("%s or %d more calendars", strings.Join(names[:maxNamed-1], ", "), n-maxNamed+1)
	}
	return r.translate.orList(names)
}

// ownName is a calendar's name without its tenant's.
func ownName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// like are patterns in words: the first that fits, or else the first that excludes, and how many
// there are.
func (translate translator) like(list patterns.List) string {
	var words string
	if i := slices.IndexFunc(list, func(p patterns.Pattern) bool { return !p.Excludes() }); i >= 0 {
		words = translate("like “%s”", quotable(list[i].Plain()))
	} else {
		words = translate("unlike “%s”", quotable(list[0].Plain()))
	}
	if len(list) > 1 {
		words = translate("%s (%d patterns)", words, len(list))
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
