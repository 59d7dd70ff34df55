package config

import (
	"slices"
	"strings"
)

// branches reads the ordered outcomes of a route or a plan. Their Data is their own alone.
func (f fields) branches(naming naming) []*Branch {
	nodes := f.items(f.get("branches"), "branches")
	var out []*Branch
	for i, n := range nodes {
		b := f.branch(n, naming)
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
				"the last branch has no condition, so that there is always an answer; delete when or add a branch")
		case !last && b.When == nil:
			f.mistake(b.Pos, "branch %q has no condition: the branches after it are never reached", b.Name)
		}
		out = append(out, b)
	}
	return out
}

func (s *source) branch(n *node, naming naming) *Branch {
	in := s.fields(n, inBranch)
	name := in.required("name")
	b := &Branch{Pos: n.Pos, Name: name.S, Data: in.data("data")}
	if name.S != "" {
		b.Pos = name.Pos
		s.isName(name, "a branch")
	}
	if when := in.get("when"); when != nil {
		b.When = s.condition(when, naming)
	}
	in.answer(b)
	if in.whole && len(in.given(answerKeys...)) == 0 {
		s.mistake(b.Pos, "branch %q has no answer; set template, callflow or pass", b.Name)
	}
	b.State = in.state(b)
	return b
}

// state gives what a branch means for the office. A branch that is named open or closed means that.
func (f fields) state(b *Branch) string {
	implied := b.Name == "open" || b.Name == "closed"
	n := f.get("state")
	switch {
	case n == nil && implied:
		return b.Name
	case n == nil && f.whole:
		f.mistake(b.Pos, "branch %q has no state; set state to open, closed or other", b.Name)
		return "other"
	case n == nil:
		return "other"
	}
	state := f.oneOf("state", "open", "closed", "other")
	if implied && n.kind == scalar && slices.Contains([]string{"open", "closed", "other"}, n.text) && state != b.Name {
		f.mistake(n.Pos, "branch %q has the state that its name says; use another name for state %s", b.Name, state)
	}
	return state
}

// answerKeys are what a branch may answer with: one of them.
var answerKeys = []string{"template", "callflow", "pass"}

// answer reads what answers into a branch, whose former answer it replaces.
func (f fields) answer(b *Branch) {
	given := f.given(answerKeys...)
	if len(given) > 1 {
		f.mistake(f.get(given[1]).Pos, "want one answer, found %s", strings.Join(given, " and "))
	}
	if len(given) == 0 {
		return
	}
	b.Template, b.Callflow, b.Pass = f.word("template"), f.word("callflow"), false
	if n := f.get("callflow"); n != nil && b.Callflow.Line > 0 {
		b.Callflow.Pos = n.first
	}
	if pass := f.boolean("pass"); pass != nil {
		b.Pass = *pass
		if !b.Pass {
			f.mistake(f.get("pass").Pos, "pass is true or left out")
		}
	}
}

// indexOf gives the branch that a key names; otherwise when the key is not given.
func (f fields) indexOf(key string, branches []*Branch, otherwise int) int {
	name := f.text(key)
	if name.Line == 0 {
		return otherwise
	}
	i := slices.IndexFunc(branches, func(b *Branch) bool { return b.Name == name.S })
	if i < 0 {
		f.mistake(name.Pos, "branch %s is not defined%s", quote(name.S),
			f.suggest(name.S, func() []string { return branchNames(branches) }))
		return otherwise
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
