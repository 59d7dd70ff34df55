package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
)

// fields are the keys of a mapping that has a place in the key table.
type fields struct {
	diag.Pos
	*source
	section  section
	allKnown bool             // a mapping of known keys: only then is it worth saying which are missing
	nodes    map[string]*node // given keys that the place knows
}

// fields reads a mapping and reports keys that are unknown in its section. A nil node has no
// fields.
func (s *source) fields(n *node, section section) fields {
	f := fields{source: s, section: section, nodes: map[string]*node{}}
	if n == nil {
		return f
	}
	f.Pos = n.Pos
	if n.kind != mapping {
		hintText := ""
		if n.kind == scalar && n.plain && noBlank.MatchString(n.text) {
			hintText = `; put a blank after the ":"`
		}
		if section == inList && n.kind == list {
			hintText = "; write {numbers: […]}"
		}
		s.mistake(n.Pos, "expected %s to be a mapping, found %s%s", sectionNames[section], n.kindName(), hintText)
		return f
	}
	f.allKnown = true
	for _, e := range n.entries {
		if known := keysOf[section]; !slices.Contains(known, e.key.S) {
			text, meant := hint(e.key.S, section)
			s.mistake(e.key.Pos, "unknown key %s in %s%s", diag.Excerpt(e.key.S), sectionNames[section], text)
			s.noteMisspelledPart(section, meant)
			f.allKnown = false
			continue
		}
		f.nodes[e.key.S] = e.value
	}
	return f
}

// get gives the value of a key; nil when it is not given.
func (f fields) get(key string) *node {
	if !slices.Contains(keysOf[f.section], key) {
		panic(fmt.Sprintf("config: key %q of %s is missing from the key table", key, sectionNames[f.section]))
	}
	return f.nodes[key]
}

// given returns those of some keys that are given, in that order.
func (f fields) given(keys ...string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return f.get(key) == nil })
}

// text gives a scalar as written. An empty text must be quoted.
func (f fields) text(key string) Text {
	n := f.get(key)
	if n == nil {
		return Text{}
	}
	return f.scalar(n, key)
}

// scalar reads a node that must be a text; the zero Text if it is not.
func (s *source) scalar(n *node, key string) Text {
	switch {
	case n.kind != scalar:
		s.mistake(n.Pos, "expected %s to be a text, found %s", key, n.kindName())
	case n.empty():
		s.mistake(n.Pos, "%s has no value", key)
	default:
		if bare, ok := trimTypographicQuotes(n.text); ok && n.plain {
			s.mistake(n.Pos, "typographic quotes do not quote in YAML, they are part of the text; write %s", quote(bare))
			return Text{Pos: n.Pos, S: bare}
		}
		return Text{Pos: n.Pos, S: n.text}
	}
	return Text{}
}

// nonBlank returns a text; a blank one is a mistake.
func (f fields) nonBlank(key string) Text {
	t := f.text(key)
	if t.Line > 0 && strings.TrimSpace(t.S) == "" {
		f.mistake(t.Pos, "%s is empty", key)
		return Text{}
	}
	return t
}

// texts gives one text or a list of them. A list must not be empty.
func (f fields) texts(key string) []Text {
	n := f.get(key)
	if n == nil {
		return nil
	}
	return f.scalars(n, key)
}

func (s *source) scalars(n *node, key string) []Text {
	if n.kind != list {
		if t := s.scalar(n, key); t.Line > 0 {
			return []Text{t}
		}
		return nil
	}
	var texts []Text
	for _, item := range s.items(n, key) {
		if t := s.scalar(item, key); t.Line > 0 {
			texts = append(texts, t)
		}
	}
	return texts
}

// nonBlanks returns texts; a blank one is a mistake.
func (f fields) nonBlanks(key string) []Text {
	texts := f.texts(key)
	for _, t := range texts {
		if strings.TrimSpace(t.S) == "" {
			f.mistake(t.Pos, "%s is empty", key)
		}
	}
	return texts
}

// items gives the values of a list that must have some.
func (s *source) items(n *node, key string) []*node {
	switch {
	case n == nil:
		return nil
	case n.kind != list:
		s.mistake(n.Pos, "expected %s to be a list, found %s", key, n.kindName())
	case len(n.items) == 0:
		s.mistake(n.Pos, "%s is an empty list; leave it out", key)
	}
	return n.items
}

// entries returns the pairs of a mapping whose keys the user chooses.
func (s *source) entries(n *node, key string) []entry {
	if n != nil && n.kind != mapping {
		s.mistake(n.Pos, "expected %s to be a mapping, found %s", key, n.kindName())
		return nil
	}
	if n == nil {
		return nil
	}
	return n.entries
}

// oneOf gives a text that must be among a few; the first of them when the key is not given.
func (f fields) oneOf(key string, known ...string) string {
	t := f.text(key)
	switch {
	case t.Line == 0:
		return known[0]
	case !slices.Contains(known, t.S):
		f.mistake(t.Pos, "expected %s to be one of %s, found %s", key, strings.Join(known, ", "), quote(t.S))
		return known[0]
	}
	return t.S
}

// boolean gives true or false; nil when the key is not given.
func (f fields) boolean(key string) *bool {
	n := f.get(key)
	if n == nil {
		return nil
	}
	if n.kind == scalar && n.plain && (n.text == "true" || n.text == "false") {
		value := n.text == "true"
		return &value
	}
	f.mistake(n.Pos, "expected %s to be true or false, found %s", key, n.describe())
	return nil
}

// longestQuoted is how many characters of the operator's text a message shows.
const longestQuoted = 60

// quote shows a text of the operator's, cut when it is long.
func quote(s string) string {
	if utf8.RuneCountInString(s) > longestQuoted {
		s = string([]rune(s)[:longestQuoted]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
