package config

import (
	"strings"
)

// calendarResolver resolves the name of a calendar in a condition: to its full name in a route, to
// the role in a plan. It reports an unknown name.
type calendarResolver func(name Text) (Text, bool)

// resolveCalendar finds a calendar, the tenant's own first.
func (s *source) resolveCalendar(name Text) (Text, bool) {
	c, ok := s.calendars.find(name.S)
	if !ok {
		if !s.isMisspelledPart("calendars") {
			s.mistake(name.Pos, "calendar %s is not defined%s", quote(name.S), s.suggest(name.S, s.calendars.names))
		}
		return name, false
	}
	return Text{Pos: name.Pos, S: c.Name}, true
}

// condition reads a condition: a mapping whose parts must all hold.
func (s *source) condition(n *node, resolve calendarResolver) *Condition {
	m := s.fields(n, inCondition)
	c := &Condition{
		Pos: n.Pos,
		All: m.conditions("all", resolve),
		Any: m.conditions("any", resolve),
		Criteria: &Criteria{
			Events:     m.filter(),
			Names:      m.nonBlank("names"),
			Caller:     m.numbers("caller"),
			Dialed:     m.numbers("dialed"),
			CallerName: m.patterns("caller_name"),
			Account:    m.accountPatterns("account"),
			Digits:     m.patterns("digits"),
			Vars:       m.patternsByName("var"),
			Headers:    m.patternsByName("header"),
		},
	}
	if not := m.get("not"); not != nil {
		c.Not = s.condition(not, resolve)
	}
	if whole := m.boolean("whole_day"); whole != nil {
		c.WholeDay = *whole
	}
	for _, name := range m.texts("calendar") {
		if full, ok := resolve(name); ok {
			c.Calendars = append(c.Calendars, full)
		}
	}
	if m.get("calendar") == nil {
		for _, key := range append(m.given(eventKeys...), m.given("whole_day", "names")...) {
			s.mistake(m.get(key).Pos, `"%s" only works together with "calendar"`, key)
		}
	}
	if c.Dialed.Withheld {
		s.mistake(m.get("dialed").Pos, "a dialled number is never withheld")
	}
	if m.allKnown && len(n.entries) == 0 {
		s.mistake(n.Pos, "the condition is empty; omit it if it should always match")
	}
	return c
}

func (f fields) conditions(key string, resolve calendarResolver) []*Condition {
	var all []*Condition
	for _, n := range f.items(f.get(key), key) {
		all = append(all, f.condition(n, resolve))
	}
	return all
}

// maxNumberText is how many characters a number has as it is written, blanks and brackets included.
const maxNumberText = 256

// numbers reads numbers, prefixes, {list: NAME} and `withheld`, one or several.
func (f fields) numbers(key string) Numbers {
	n := f.get(key)
	if n == nil {
		return Numbers{}
	}
	nodes := []*node{n}
	if n.kind == list {
		nodes = f.items(n, key)
	}
	var out Numbers
	for _, n := range nodes {
		switch {
		case n.kind == mapping:
			if name := f.fields(n, inListRef).required("list"); name.S != "" {
				out.Lists = append(out.Lists, f.resolveList(name))
			}
		case n.kind == scalar && n.text == "withheld":
			out.Withheld = true
		default:
			t := f.scalar(n, key)
			if len(t.S) > maxNumberText {
				f.mistake(t.Pos, "%s is too long for a number; the limit is %d characters", quote(t.S), maxNumberText)
			} else if t.Line > 0 {
				out.Numbers = append(out.Numbers, t)
			}
		}
	}
	return out
}

func (s *source) resolveList(name Text) Text {
	l, ok := s.lists.find(name.S)
	if !ok {
		if !s.isMisspelledPart("lists") {
			s.mistake(name.Pos, "list %s is not defined%s", quote(name.S), s.suggest(name.S, s.lists.names))
		}
		return name
	}
	return Text{Pos: name.Pos, S: l.Name}
}

// patternsByName reads patterns by the name of a call's variable or header.
func (f fields) patternsByName(key string) []Field {
	n := f.get(key)
	var out []Field
	for _, e := range f.entries(n, key) {
		if strings.TrimSpace(e.key.S) == "" {
			f.mistake(e.key.Pos, "a name in %s is empty", key)
		}
		out = append(out, Field{e.key, f.patternTexts(e.value, key)})
	}
	if n != nil && n.kind == mapping && len(out) == 0 {
		f.mistake(n.Pos, "%s is an empty mapping; leave it out", key)
	}
	return out
}

// walk visits a condition and all conditions inside it.
func (c *Condition) walk(visit func(*Condition)) {
	if c == nil {
		return
	}
	visit(c)
	for _, inner := range c.All {
		inner.walk(visit)
	}
	for _, inner := range c.Any {
		inner.walk(visit)
	}
	c.Not.walk(visit)
}

// fillRoles returns a copy of a plan's condition with calendars in place of roles; the condition
// itself where it names none.
func (c *Condition) fillRoles(roles map[string][]Text) *Condition {
	if c == nil {
		return nil
	}
	named := false
	c.walk(func(c *Condition) { named = named || len(c.Calendars) > 0 })
	if !named {
		return c
	}
	out := *c
	out.All, out.Any, out.Not = fillAllRoles(c.All, roles), fillAllRoles(c.Any, roles), c.Not.fillRoles(roles)
	out.Calendars = nil
	for _, role := range c.Calendars {
		out.Calendars = append(out.Calendars, roles[role.S]...)
	}
	return &out
}

func fillAllRoles(conditions []*Condition, roles map[string][]Text) []*Condition {
	var out []*Condition
	for _, c := range conditions {
		out = append(out, c.fillRoles(roles))
	}
	return out
}
