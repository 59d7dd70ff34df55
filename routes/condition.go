package routes

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/patterns"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
)

// Condition is what a branch waits for, as it is written. What is set holds together: a call or a
// moment must meet all of it.
type Condition struct {
	diag.Pos
	All, Any []*Condition
	Not      *Condition

	// Calendars hold while any of their events that the fields of Events admit is on.
	Calendars []string
	Events    Events

	Caller, Dialed Numbers
	CallerName     []diag.Text
	Account        []diag.Text
	Digits         []diag.Text
	Vars, Headers  []Named // Custom-Application-Vars, Custom-SIP-Headers
}

// Events narrows which events of a calendar count.
type Events struct {
	Summary, Description, Location, Category []diag.Text // patterns
	Transparency                             string      // "opaque", "transparent", or "" for both
	AllDay, Recurring                        *bool       // nil: both
	WholeDay                                 bool        // holds for the whole local day that such an event touches
	Names                                    *Names      // nil: not asked
}

// Names is true if the title contains a key of a field of `.Data` as whole words.
type Names struct {
	Field string   // of .Data
	Keys  []string // its keys
}

// Numbers are telephone numbers to compare with. The zero Numbers is no condition.
type Numbers struct {
	Listed   []diag.Text // numbers, or prefixes that end in *
	Lists    []List
	Withheld bool // the caller hides the number
}

func (n Numbers) asked() bool { return len(n.Listed) > 0 || len(n.Lists) > 0 || n.Withheld }

// List is a named list of numbers.
type List struct {
	Name    string
	Numbers []diag.Text
}

// Named is a variable or header and the patterns of which one must fit its value.
type Named struct {
	Name   string
	Values []diag.Text
}

// node is a condition made ready.
type node struct {
	op   op
	kids []*node
	// opCalendar: index into Route.leaves; opCall: which of the route's conditions on the call
	leaf  int
	test  func(c *pivot.Call) bool // opCall
	asks  string                   // opCall: the condition as written, such as `caller is "+1415*"`
	brief *callWords               // opCall: the condition in words, see [Route.InWords]
	idle  func() bool              // opCall: what the ordinary call says; nil: no
}

type op uint8

const (
	opAll op = iota
	opAny
	opNot
	opCalendar
	opCall
)

// leaf is a condition on calendars. Two branches that ask the same share one.
type leaf struct {
	calendars []string
	filter    calendars.Filter
	wholeDay  bool
	field     string // of the names, "" when they are not asked
	names     *names // that are looked for; nil: none
	narrows
}

func (l *leaf) matches(e *calendars.Event) bool {
	return l.filter.Match(e) && (l.field == "" || l.name(e) != "")
}

// namesCost is how many steps of patterns it takes at worst for each byte of a title to look for the
// leaf's names in it.
func (l *leaf) namesCost() int {
	if l.names == nil {
		return 0
	}
	return foldedByte + l.names.cost()
}

// name is the first of the leaf's names that stands in the event's title, longest first.
func (l *leaf) name(e *calendars.Event) string {
	if i := l.names.find(patterns.Fold(e.Summary), nil); i >= 0 {
		return l.names.keys[i]
	}
	return ""
}

// builder makes a route's conditions ready and gathers what is wrong with them.
type builder struct {
	route    *Route
	shared   *Shared
	leaves   map[string]int // by calendars and what they narrow
	mistakes []diag.Mistake
	onCalls  int  // what its conditions on the call cost; see calendars.Patterns.Cost
	onEvents int  // the same of those on events
	costly   bool // something is too much, and has been said
}

// What the conditions of a route may cost, so that a decision ends soon whatever a call and events
// hold. A text is compared to its bound with each of its patterns in the worst case.
const (
	maxConditions = 2000   // all, any, not and what a condition asks, each
	maxOnCalls    = 50_000 // steps for each byte of a field of a call
	maxOnEvents   = 10_000 // the same of an event's
	maxCallField  = 1024   // bytes of a call's field that are compared
)

// count counts parts of a condition, and what they cost.
func (b *builder) count(at diag.Pos, parts, onCalls, onEvents int) {
	b.route.nodes += parts
	b.onCalls += onCalls
	b.onEvents += onEvents
	what, most := "", 0
	switch {
	case b.costly:
		return
	case b.route.nodes > maxConditions:
		what, most = "have more than %d parts; put numbers into lists, and what differs into routes of its own",
			maxConditions
	case b.onCalls > maxOnCalls:
		what, most =
			"take more than %d steps for each byte of a call's field; write fewer patterns, or shorter ones, and numbers into lists", maxOnCalls
	case b.onEvents > maxOnEvents:
		what, most =
			"take more than %d steps for each byte of an event's title; write fewer patterns, or shorter ones, or names", maxOnEvents
	default:
		return
	}
	b.costly = true
	b.mistakes = append(b.mistakes,
		diag.Mistakef(at, "up to here the conditions of route %q "+what, b.route.Name, most))
}

// fieldOf is the part of a call's field that is compared.
func fieldOf(s string) string {
	if len(s) <= maxCallField {
		return s
	}
	cut := maxCallField
	for cut > maxCallField-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}

func (b *builder) patterns(texts []diag.Text) patterns.List {
	if len(texts) == 0 {
		return nil
	}
	ps, mistakes := b.shared.patternsOf(texts)
	b.mistakes = append(b.mistakes, mistakes...)
	return ps
}

func (b *builder) condition(c *Condition) *node {
	if c == nil {
		return nil
	}
	var kids []*node
	add := func(n *node) { kids = append(kids, n) }
	b.count(c.Pos, 1, 0, 0)
	if len(c.Calendars) > 0 {
		add(&node{op: opCalendar, leaf: b.leaf(c)})
	}
	b.callTests(c, add)
	for _, k := range c.All {
		add(b.condition(k))
	}
	if len(c.Any) > 0 {
		n := &node{op: opAny}
		for _, k := range c.Any {
			n.kids = append(n.kids, b.condition(k))
		}
		add(n)
	}
	if c.Not != nil {
		add(&node{op: opNot, kids: []*node{b.condition(c.Not)}})
	}
	if len(kids) == 1 {
		return kids[0]
	}
	return &node{op: opAll, kids: kids}
}

func (b *builder) leaf(c *Condition) int {
	l := &leaf{calendars: c.Calendars, wholeDay: c.Events.WholeDay, filter: calendars.Filter{
		Summary:      b.patterns(c.Events.Summary),
		Description:  b.patterns(c.Events.Description),
		Location:     b.patterns(c.Events.Location),
		Category:     b.patterns(c.Events.Category),
		Transparency: c.Events.Transparency,
		AllDay:       c.Events.AllDay,
		Recurring:    c.Events.Recurring,
	}}
	if names := c.Events.Names; names != nil {
		l.field, l.names = names.Field, b.shared.names(names.Keys)
	}
	f := &l.filter
	b.count(c.Pos, 0, 0, f.Summary.Cost()+f.Description.Cost()+f.Location.Cost()+f.Category.Cost()+l.namesCost())
	l.narrows = b.shared.narrowed(c.Events, &l.filter, l.names)
	key := strings.Join(append(slices.Clone(l.calendars), l.id), "\x00")
	if i, ok := b.leaves[key]; ok {
		return i
	}
	i := len(b.route.leaves)
	b.leaves[key] = i
	b.route.leaves = append(b.route.leaves, l)
	return i
}

// String is the condition in words: `calendar hours with summary "open*"`.
func (l *leaf) String() string {
	word := "calendar "
	if len(l.calendars) > 1 {
		word = "calendars "
	}
	return word + strings.Join(l.calendars, ", ") + l.words
}

// narrowed says in words which events count; "" for all of them.
func narrowed(e Events) string {
	var words []string
	for _, f := range []struct {
		name   string
		values []diag.Text
	}{{"summary", e.Summary}, {"description", e.Description}, {"location", e.Location}, {"category", e.Category}} {
		if len(f.values) > 0 {
			words = append(words, f.name+" "+quoted(f.values))
		}
	}
	if e.Transparency != "" {
		words = append(words, "transparency "+e.Transparency)
	}
	for _, f := range []struct {
		value   *bool
		yes, no string
	}{{e.AllDay, "all day", "not all day"}, {e.Recurring, "of a series", "not of a series"}} {
		switch {
		case f.value == nil:
		case *f.value:
			words = append(words, f.yes)
		default:
			words = append(words, f.no)
		}
	}
	if e.Names != nil {
		words = append(words, "a name of "+e.Names.Field+" in the title")
	}
	if e.WholeDay {
		words = append(words, "for the whole day")
	}
	if len(words) == 0 {
		return ""
	}
	return " with " + strings.Join(words, ", ")
}

// quoted are patterns in words: those that fit, then those that exclude.
func quoted(texts []diag.Text) string {
	var fit, exclude []string
	for _, t := range texts {
		if rest, ok := strings.CutPrefix(t.S, "!"); ok {
			exclude = append(exclude, fmt.Sprintf("%q", rest))
		} else {
			fit = append(fit, fmt.Sprintf("%q", t.S))
		}
	}
	words := strings.Join(fit, " or ")
	if len(exclude) > 0 {
		words = strings.TrimPrefix(words+" but not "+strings.Join(exclude, " or "), " but ")
	}
	return words
}

// callTests adds the tests of c that look at the call.
func (b *builder) callTests(c *Condition, put func(*node)) {
	add := func(n *node) {
		n.leaf = b.route.callTests
		b.route.callTests++
		b.count(c.Pos, 1, 1, 0)
		put(n)
	}
	if c.Caller.asked() {
		set, words := b.numbers(c.Caller)
		withheld := c.Caller.Withheld
		brief := b.shared.brief(numberWords(caller, c.Caller))
		add(&node{op: opCall, asks: "caller is " + words, brief: brief, test: func(call *pivot.Call) bool {
			return withheld && call.Withheld() || set.has(call.CallerNumber)
		}})
	}
	if c.Dialed.asked() {
		set, words := b.numbers(c.Dialed)
		first := b.route
		add(&node{
			op: opCall, asks: "dialed number is " + words, brief: b.shared.brief(numberWords(dialed, c.Dialed)),
			test: func(call *pivot.Call) bool { return set.has(call.Dialed) },
			idle: func() bool { return first.first != "" && set.has(first.first) },
		})
	}
	if len(c.Account) > 0 {
		ps, route := b.patterns(c.Account), b.route
		b.count(c.Pos, 0, ps.Cost(), 0)
		add(&node{
			op: opCall, asks: b.shared.asks(account, "", ps, c.Account),
			brief: b.shared.brief(callWords{what: account, patterns: ps}),
			test:  func(call *pivot.Call) bool { return ps.Match(fieldOf(call.AccountID)) },
			idle:  func() bool { return route.account != "" && ps.Match(route.account) },
		})
	}
	field := func(what callField, name string, values []diag.Text, get func(*pivot.Call) string) {
		if len(values) == 0 {
			return
		}
		ps := b.patterns(values)
		b.count(c.Pos, 0, ps.Cost(), 0)
		add(&node{
			op: opCall, asks: b.shared.asks(what, name, ps, values),
			brief: b.shared.brief(callWords{what: what, name: name, patterns: ps}),
			test:  func(call *pivot.Call) bool { return ps.Match(fieldOf(get(call))) },
		})
	}
	field(callerName, "", c.CallerName, func(call *pivot.Call) string { return call.CallerName })
	field(digits, "", c.Digits, func(call *pivot.Call) string { return call.Digits })
	for _, v := range c.Vars {
		field(variable, v.Name, v.Values, func(call *pivot.Call) string { return call.Var(v.Name) })
	}
	for _, h := range c.Headers {
		field(header, h.Name, h.Values, func(call *pivot.Call) string { return call.Header(h.Name) })
	}
}

// numbers gathers the numbers of a condition, and says them in words.
func (b *builder) numbers(n Numbers) (*numbers, string) {
	set := &numbers{}
	var words []string
	for _, text := range n.Listed {
		b.addNumber(set, text)
		words = append(words, fmt.Sprintf("%q", text.S))
	}
	for _, list := range n.Lists {
		known, mistakes := b.shared.list(list.Numbers, b.route.Region)
		set.lists, b.mistakes = append(set.lists, known), append(b.mistakes, mistakes...)
		words = append(words, "on list "+list.Name)
	}
	if n.Withheld {
		words = append(words, "withheld")
	}
	return set, strings.Join(words, " or ")
}

func (b *builder) addNumber(set *numbers, text diag.Text) {
	if err := set.add(text, b.route.Region); err != nil {
		b.mistakes = append(b.mistakes, diag.Mistakef(text.Pos, "%s", err))
	}
}

// Matches says whether some condition of the route counts an event of a calendar.
func (r *Route) Matches(calendar string, e *calendars.Event) bool {
	return slices.ContainsFunc(r.widest, func(l *leaf) bool {
		return slices.Contains(l.calendars, calendar) && l.matches(e)
	})
}

// widest are the leaves without those of which another one admits all that they do: the plan's
// `open` once, and not again with recurring: false.
func widest(leaves []*leaf) []*leaf {
	titlesAlone := map[string]bool{} // by calendars and titles, of leaves that ask for nothing else
	key := func(l *leaf) string {
		titles := placeOf(l.filter.Summary)
		return fmt.Sprintf("%s\x00%p %d", strings.Join(l.calendars, "\x00"), titles.first, titles.n)
	}
	for _, l := range leaves {
		if f := &l.filter; l.field == "" && len(f.Description)+len(f.Location)+len(f.Category) == 0 && !l.flagged() {
			titlesAlone[key(l)] = true
		}
	}
	var list []*leaf
	for _, l := range leaves {
		if !l.flagged() || !titlesAlone[key(l)] {
			list = append(list, l)
		}
	}
	return slices.Clip(list)
}

// flagged reports whether a leaf asks for more of events than what their texts say.
func (l *leaf) flagged() bool {
	return l.filter.Recurring != nil || l.filter.AllDay != nil || l.filter.Transparency != ""
}
