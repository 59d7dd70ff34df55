package config

import (
	"slices"
	"strings"
)

// branches reads the ordered outcomes of a route or a plan. Their Data is their own alone.
func (f fields) branches(resolve calendarResolver) []*Branch {
	nodes := f.items(f.get("branches"), "branches")
	var out []*Branch
	for i, n := range nodes {
		b := f.branch(n, resolve)
		for _, other := range out {
			if b.Name != "" && other.Name == b.Name {
				f.mistake(b.Pos, "branch %q is already defined at %s", b.Name, other.Pos)
			}
		}
		last := i == len(nodes)-1
		switch {
		case n.kind != mapping:
		case last && b.When != nil:
			f.mistake(b.When.Pos,
				`the last branch must not have "when"; remove it, or add a final branch without one`)
		case !last && b.When == nil:
			f.mistake(b.Pos, "branch %q has no condition: the branches after it are never reached", b.Name)
		}
		out = append(out, b)
	}
	return out
}

func (s *source) branch(n *node, resolve calendarResolver) *Branch {
	m := s.fields(n, inBranch)
	name := m.required("name")
	b := &Branch{Pos: n.Pos, Name: name.S, DisplayName: m.displayName(), Data: m.data("data")}
	if name.S != "" {
		b.Pos = name.Pos
		s.checkName(name, "a branch")
	}
	if when := m.get("when"); when != nil {
		b.When = s.condition(when, resolve)
	}
	m.readAnswer(b)
	if m.allKnown && len(m.given(answerKeys...)) == 0 {
		s.mistake(b.Pos, "branch %q has no answer; set template, callflow, pass or upstream", b.Name)
	}
	b.State = m.state(b)
	return b
}

// state gives what a branch means for the office. A branch that is named open or closed means that.
func (f fields) state(b *Branch) string {
	implied := b.Name == "open" || b.Name == "closed"
	n := f.get("state")
	switch {
	case n == nil && implied:
		return b.Name
	case n == nil && f.allKnown:
		f.mistake(b.Pos, "branch %q has no state; set state to open, closed or other", b.Name)
		return "other"
	case n == nil:
		return "other"
	}
	state := f.oneOf("state", "open", "closed", "other")
	if implied && n.kind == scalar && slices.Contains([]string{"open", "closed", "other"}, n.text) && state != b.Name {
		f.mistake(n.Pos, "branch %q gets its state from its name; use another name for state %s", b.Name, state)
	}
	return state
}

// answerKeys are what a branch may answer with: one of them.
var answerKeys = []string{"template", "callflow", "pass", "upstream"}

// readAnswer reads the answer of a mapping into a branch, in place of its present one.
func (f fields) readAnswer(b *Branch) {
	given := f.given(answerKeys...)
	if len(given) > 1 {
		f.mistake(f.get(given[1]).Pos, "expected one answer, found %s", strings.Join(given, " and "))
	}
	if len(given) == 0 {
		return
	}
	b.Template, b.Callflow, b.Pass = f.nonBlank("template"), f.nonBlank("callflow"), false
	b.Upstream = f.upstream("upstream")
	if n := f.get("callflow"); n != nil && b.Callflow.Line > 0 {
		b.Callflow.Pos = n.firstChar
	}
	if pass := f.boolean("pass"); pass != nil {
		b.Pass = *pass
		if !b.Pass {
			f.mistake(f.get("pass").Pos, "pass can only be true; otherwise omit it")
		}
	}
}

// branchIndex gives the branch that a key names; otherwise when the key is not given.
func (f fields) branchIndex(key string, branches []*Branch, def int) int {
	name := f.text(key)
	if name.Line == 0 {
		return def
	}
	i := slices.IndexFunc(branches, func(b *Branch) bool { return b.Name == name.S })
	if i < 0 {
		f.mistake(name.Pos, "branch %s is not defined%s", quote(name.S),
			f.suggest(name.S, func() []string { return branchNames(branches) }))
		return def
	}
	return i
}

func branchNames(branches []*Branch) []string {
	var names []string
	for _, b := range branches {
		names = append(names, b.Name)
	}
	return names
}
