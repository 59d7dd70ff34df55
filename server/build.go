package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/templates"
)

// Build makes a generation of a configuration, reading its templates and calendars from files; nil stands for the operating system's.
// now is when they are read. It starts nothing. The error is diag.Mistakes: everything that is wrong, at once.
func Build(file *config.File, files fs.FS, now time.Time) (*Generation, error) {
	b := builder{file: file, files: files, now: now}
	b.read()
	g := &Generation{name: nameOf(file.Inputs), file: file, shared: newAuth(file.Auth), byRoute: map[*routes.Route]int{}, calendars: b.calendars, byName: map[string]*calendar{}, asking: map[string][]*render.Route{}}
	var plain []*routes.Route
	for _, r := range file.Routes {
		answers := b.route(r)
		if answers.Route == nil {
			continue
		}
		route, mistakes := render.New(answers)
		b.mistakes = append(b.mistakes, mistakes...)
		g.byRoute[route.Route] = len(g.routes)
		g.routes = append(g.routes, route)
		for _, name := range route.Calendars() {
			g.asking[name] = append(g.asking[name], route)
		}
		own := g.shared
		if r.Auth != nil {
			own = newAuth(r.Auth)
		}
		g.auths = append(g.auths, own)
		plain = append(plain, route.Route)
	}
	for _, f := range render.Check(context.Background(), g.routes, now, nil) {
		if f.Warning {
			g.warnings = append(g.warnings, f.Mistake)
		} else {
			b.mistakes = append(b.mistakes, f.Mistake)
		}
	}
	table, mistakes := routes.NewTable(plain)
	b.mistakes = append(b.mistakes, mistakes...)
	if err := b.mistakes.Err(); err != nil {
		return nil, err
	}
	uses := map[string]calendars.Use{}
	for _, c := range b.calendars {
		g.byName[c.Calendar] = c
		uses[c.Calendar] = c.use(calendars.State{Calendar: c.Known, Read: now})
	}
	g.table, g.timelines = table, calendars.NewTimelines(uses, file.Horizon)
	return g, nil
}

// Check gives what the packages find wrong with a configuration in which mistakes were found already, so that all of them can be said
// at once. It looks only at what stands by itself: nothing follows from what the mistakes left out.
func Check(file *config.File, files fs.FS, now time.Time) diag.Mistakes {
	b := builder{file: file, files: files, now: now}
	b.read()
	var whole []*render.Route
	for _, r := range file.Routes {
		answers := b.route(r)
		if answers.Route == nil {
			continue
		}
		route, _ := render.New(answers)
		whole = append(whole, route)
	}
	for _, f := range render.Check(context.Background(), whole, now, nil) {
		// Everything else may follow from data that is missing because its line is wrong.
		if !f.Warning && strings.Contains(f.Message, " is not known; ") && !strings.Contains(f.Message, ".Data") {
			b.mistakes = append(b.mistakes, f.Mistake)
		}
	}
	return b.mistakes
}

// builder translates a configuration into what the packages take, and gathers what they find wrong.
type builder struct {
	file      *config.File
	files     fs.FS
	now       time.Time
	library   *templates.Library
	calendars []*calendar
	lists     map[string]routes.List
	mistakes  diag.Mistakes
}

func (b *builder) wrong(at diag.Pos, format string, args ...any) {
	b.mistakes = append(b.mistakes, diag.Mistakef(at, format, args...))
}

// read reads what routes refer to.
func (b *builder) read() {
	b.library = b.templates()
	for _, c := range b.file.Calendars {
		b.calendars = append(b.calendars, b.calendar(c))
	}
	b.lists = map[string]routes.List{}
	for _, l := range b.file.Lists {
		b.lists[l.Name] = routes.List{Name: l.Name, Numbers: l.Numbers}
	}
}

func (b *builder) templates() *templates.Library {
	o := templates.Options{Zone: calendars.LoadZone}
	if dir := b.file.Templates; dir != "" {
		o.Path = dir
		var err error
		if o.Dir, err = b.dir(dir); err != nil {
			b.wrong(diag.Pos{File: b.file.Path}, "templates: %s; make the directory, or leave templates out", reason(err))
		}
	}
	library, mistakes := templates.Load(o)
	b.mistakes = append(b.mistakes, mistakes...)
	return library
}

func (b *builder) zone(name diag.Text) *time.Location {
	if name.S == "" {
		return nil
	}
	zone, err := calendars.LoadZone(name.S)
	if err != nil {
		b.wrong(name.Pos, "%s", err)
		return time.UTC
	}
	return zone
}

func (b *builder) filters(from []config.Filter) []calendars.Filter {
	var out []calendars.Filter
	for _, f := range from {
		out = append(out, calendars.Filter{
			Summary: b.patterns(f.Summary), Description: b.patterns(f.Description),
			Location: b.patterns(f.Location), Category: b.patterns(f.Category),
			Transparency: f.Transparency.S, AllDay: f.AllDay, Recurring: f.Recurring,
		})
	}
	return out
}

func (b *builder) patterns(texts []diag.Text) calendars.Patterns {
	ps, mistakes := calendars.ParsePatterns(texts)
	b.mistakes = append(b.mistakes, mistakes...)
	return ps
}

// route makes the options of a route's answers, and the route in them; nil if something is wrong with it.
func (b *builder) route(r *config.Route) render.Options {
	zone := b.zone(r.Timezone)
	if zone == nil {
		zone = time.UTC // the configuration names none, which is a mistake of its own
	}
	o := routes.Options{
		Pos: r.Pos, Name: r.Name, Path: r.Path.S,
		Match:  routes.Match{Accounts: r.Match.Accounts, Dialed: r.Match.Dialed},
		Region: r.PhoneRegion, Zone: zone, DayStarts: r.DayStarts, Unknown: r.Unknown,
	}
	answers := render.Options{
		Language: r.Language, Fallback: r.Fallback, Within: b.file.AnswerWithin, Library: b.library,
		Cluster:  pivot.Cluster{Version: pivot.Version(b.file.KazooVersion), Modules: b.file.ExtraModules},
		Calendar: func(name string) string { return b.calendarFor(r, name) },
	}
	if r.Tenant != nil {
		answers.Tenant = r.Tenant.Name
	}
	for _, branch := range r.Branches {
		o.Branches = append(o.Branches, routes.Branch{
			Name: branch.Name, State: routes.State(branch.State), When: condition(branch.When, branch.Data, b.lists),
		})
		answers.Branches = append(answers.Branches, b.answer(branch))
	}
	var mistakes []diag.Mistake
	answers.Route, mistakes = routes.New(o)
	b.mistakes = append(b.mistakes, mistakes...)
	return answers
}

// calendarFor is the full name of a calendar that a route's template names: the tenant's first, then everybody's.
func (b *builder) calendarFor(r *config.Route, name string) string {
	has := func(full string) bool {
		return slices.ContainsFunc(b.calendars, func(c *calendar) bool { return c.Calendar == full })
	}
	switch {
	case r.Tenant != nil && has(r.Tenant.Name+"/"+name):
		return r.Tenant.Name + "/" + name
	case has(name) && !strings.Contains(name, "/"):
		return name
	}
	return ""
}

// answer is what a branch answers with; one that passes has no template.
func (b *builder) answer(branch *config.Branch) render.Branch {
	out := render.Branch{Data: render.Data{Values: branch.Data.Values, Place: branch.Data.At}}
	switch {
	case branch.Template.S != "":
		out.Place = branch.Template.Pos
		if out.Template = b.library.Template(branch.Template.S); out.Template == nil {
			b.wrong(branch.Template.Pos, "template %q is not there%s", branch.Template.S, diag.Suggest(branch.Template.S, b.library.Names()))
		}
	case branch.Callflow.S != "":
		out.Place = branch.Callflow.Pos
		var mistakes []diag.Mistake
		out.Template, mistakes = b.library.Parse(branch.Callflow.Pos, branch.Callflow.S)
		b.mistakes = append(b.mistakes, mistakes...)
	}
	return out
}

func condition(c *config.Condition, data *config.Data, lists map[string]routes.List) *routes.Condition {
	if c == nil {
		return nil
	}
	out := &routes.Condition{
		Pos: c.Pos, Not: condition(c.Not, data, lists),
		Events: routes.Events{
			Summary: c.Events.Summary, Description: c.Events.Description, Location: c.Events.Location, Category: c.Events.Category,
			Transparency: c.Events.Transparency.S, AllDay: c.Events.AllDay, Recurring: c.Events.Recurring, WholeDay: c.WholeDay,
		},
		Caller: numbers(c.Caller, lists), Dialed: numbers(c.Dialed, lists),
		CallerName: c.CallerName, Account: c.Account, Digits: c.Digits,
		Vars: named(c.Vars), Headers: named(c.Headers),
	}
	for _, k := range c.All {
		out.All = append(out.All, condition(k, data, lists))
	}
	for _, k := range c.Any {
		out.Any = append(out.Any, condition(k, data, lists))
	}
	for _, name := range c.Calendars {
		out.Calendars = append(out.Calendars, name.S)
	}
	if c.Names.S != "" {
		field, _ := data.Values[c.Names.S].(map[string]any)
		out.Events.Names = &routes.Names{Field: c.Names.S, Keys: slices.Sorted(maps.Keys(field))}
	}
	return out
}

func numbers(n config.Numbers, lists map[string]routes.List) routes.Numbers {
	out := routes.Numbers{Listed: n.Numbers, Withheld: n.Withheld}
	for _, l := range n.Lists {
		out.Lists = append(out.Lists, lists[l.S])
	}
	return out
}

func named(fields []config.Field) []routes.Named {
	var out []routes.Named
	for _, f := range fields {
		out = append(out, routes.Named{Name: f.Name.S, Values: f.Values})
	}
	return out
}

// dir opens a directory for reading templates.
func (b *builder) dir(name string) (fs.FS, error) {
	if b.files != nil {
		return fs.Sub(b.files, path.Clean(name))
	}
	if info, err := os.Stat(name); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a directory", name)
	}
	return os.DirFS(name), nil
}

// reason is what went wrong, without the name of a system call.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return fmt.Sprintf("%s: %s", at.Path, at.Err)
	}
	return err.Error()
}
