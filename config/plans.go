package config

import (
	"embed"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/callhours/callhours/internal/diag"
)

//go:embed plans.yaml plans.de.yaml plans.es.yaml plans.fr.yaml
var builtinPlans embed.FS

// builtinPrefix is what the file names of places in the built-in plans begin with.
const builtinPrefix = "(built-in) "

// planLanguages are the base languages that the built-in plans are translated into. The plans
// themselves are English.
func planLanguages() []string { return []string{"de", "es", "fr"} }

// IsBuiltin reports whether a place is in the built-in plans.
func IsBuiltin(pos diag.Pos) bool { return strings.HasPrefix(pos.File, builtinPrefix) }

// readBuiltinPlans reads the plans that are always there, unless one of the same name hides them,
// and their translations.
func (s *source) readBuiltinPlans() {
	builtin := *s
	for _, e := range builtin.builtinEntries("plans.yaml") {
		if _, hidden := s.plans.own[e.key.S]; !hidden {
			builtin.definePlan(e)
		}
	}
	for _, tag := range planLanguages() {
		for _, e := range builtin.builtinEntries("plans." + tag + ".yaml") {
			if s.translations[tag] == nil {
				s.translations[tag] = map[string]*Plan{}
			}
			s.translations[tag][e.key.S] = builtin.readPlan(e)
		}
	}
}

// builtinEntries are the plans of a built-in file.
func (s *source) builtinEntries(name string) []entry {
	content, err := builtinPlans.ReadFile(name)
	if err != nil {
		panic(err) // the files are embedded, so that none can be missing
	}
	root, mistakes := parse(builtinPrefix+name, content)
	s.mistakes = append(s.mistakes, mistakes...)
	s.top = s.fields(root, inMain)
	return s.top.get("plans").entries
}

// translate is a plan in the language of a tag such as "de-AT"; the plan itself where it has no
// translation, as for "", and where it is not built in.
func (l *loader) translate(p *Plan, tag string) *Plan {
	if tag == "" || !IsBuiltin(p.Pos) {
		return p
	}
	parsed, err := language.Parse(tag)
	if err != nil {
		return p // a tag that is well formed but names no language
	}
	base, _ := parsed.Base()
	if translated, ok := l.translations[base.String()][p.Name]; ok {
		return translated
	}
	return p
}

// readPlans reads the plans that a source defines.
func (s *source) readPlans() {
	if s.reused != nil {
		s.file.Plans = append(s.file.Plans, s.reused.plans[s.tenant.Name]...)
		return
	}
	for _, e := range s.namedEntries(s.top.get("plans"), "plans", "a plan") {
		if first, ok := s.plans.own[e.key.S]; ok {
			s.mistake(e.key.Pos, "plan %q is already defined at %s", e.key.S, first.Pos)
			continue
		}
		s.definePlan(e)
	}
}

func (s *source) definePlan(e entry) {
	p := s.readPlan(e)
	s.plans.own[e.key.S] = p
	s.file.Plans = append(s.file.Plans, p)
}

// readPlan reads a plan without defining it.
func (s *source) readPlan(e entry) *Plan {
	m := s.fields(e.value, inPlan)
	p := &Plan{
		Pos:       e.key.Pos,
		Name:      s.prefix() + e.key.S,
		Tenant:    s.tenantName(),
		DayStarts: m.timeOfDay("day_starts", 0),
		Data:      m.data("data"),
	}
	for _, role := range m.texts("calendars") {
		if slices.Contains(p.roleNames(), role.S) {
			s.mistake(role.Pos, "role %q is written twice", role.S)
		} else if s.exceeds(len(p.Roles)+1, maxRoles, role.Pos, "roles in a plan", "make two plans of it") {
			break
		} else if s.checkName(role, "a role") {
			p.Roles = append(p.Roles, role)
		}
	}
	p.Branches = m.branches(func(name Text) (Text, bool) {
		known := p.roleNames()
		if !slices.Contains(known, name.S) {
			s.mistake(name.Pos, "plan %q has no role %s in its calendars%s", p.Name, quote(name.S),
				s.suggest(name.S, func() []string { return known }))
			return name, false
		}
		return name, true
	})
	if m.allKnown && m.get("branches") == nil {
		s.mistake(e.key.Pos, "plan %q has no branches", p.Name)
	}
	p.Unknown = m.branchIndex("unknown", p.Branches, len(p.Branches)-1)
	p.Fallback = m.branchIndex("fallback", p.Branches, len(p.Branches)-1)
	return p
}

func (p *Plan) roleNames() []string {
	var names []string
	for _, role := range p.Roles {
		names = append(names, role.S)
	}
	return names
}

// planBranches returns the branches of a route's plan with the route's calendars, answers and data.
func (f fields) planBranches(p *Plan) []*Branch {
	roles := f.roles(p)
	var out []*Branch
	for _, b := range p.Branches {
		branch := *b
		branch.When = b.When.fillRoles(roles)
		out = append(out, &branch)
	}
	for _, e := range f.entries(f.get("answers"), "answers") {
		i := slices.IndexFunc(out, func(b *Branch) bool { return b.Name == e.key.S })
		if i < 0 {
			f.mistake(e.key.Pos, "plan %q has no branch %s%s", p.Name, quote(e.key.S),
				f.suggest(e.key.S, func() []string { return branchNames(out) }))
			continue
		}
		f.replaceAnswer(e, out[i])
	}
	return out
}

// replaceAnswer replaces the answer of a plan's branch, by a template's name or a mapping as in a
// branch.
func (f fields) replaceAnswer(e entry, b *Branch) {
	if e.value.kind == scalar {
		if e.value.text == "" {
			f.mistake(e.value.Pos, "the answer of branch %q is empty", b.Name)
			return
		}
		b.Template, b.Callflow, b.Pass = Text{Pos: e.value.Pos, S: e.value.text}, Text{}, false
		b.Upstream = nil
		return
	}
	m := f.fields(e.value, inAnswer)
	m.readAnswer(b)
	b.Data = m.merge(b.Data, m.data("data"))
	if m.allKnown && len(e.value.entries) == 0 {
		f.mistake(e.value.Pos, "the answer of branch %q is empty", b.Name)
	}
}

// roles returns the calendars that a route assigns to the roles of its plan, by role.
func (f fields) roles(p *Plan) map[string][]Text {
	known := p.roleNames()
	roles := map[string][]Text{}
	for _, e := range f.entries(f.get("calendars"), "calendars") {
		if !slices.Contains(known, e.key.S) {
			suggestion := f.suggest(e.key.S, func() []string { return known })
			f.mistake(e.key.Pos, "plan %q has no role %s%s", p.Name, quote(e.key.S), suggestion)
			if role := nearest(e.key.S, known); suggestion != "" && role != "" && roles[role] == nil {
				roles[role] = []Text{} // it is there, and misspelt
			}
			continue
		}
		for _, name := range f.scalars(e.value, "role "+e.key.S) {
			full, _ := f.resolveCalendar(name)
			roles[e.key.S] = append(roles[e.key.S], full)
		}
		if roles[e.key.S] == nil {
			roles[e.key.S] = []Text{} // reported; the role is not missing
		}
	}
	for _, role := range known {
		if _, ok := roles[role]; !ok && (f.allKnown || f.get("calendars") != nil) { // an unknown key may be calendars
			f.mistake(f.Pos, "plan %q needs a calendar for role %q; set calendars: {%s: …}", p.Name, role, role)
		}
	}
	return roles
}
