package server

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/feeds"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/routes"
	"github.com/callhours/callhours/server/listen"
	"github.com/callhours/callhours/templates"
)

// Build makes a generation of a configuration, reading its calendars from files; nil stands for the
// operating system's. now is when they are read. It starts nothing. The error is diag.Mistakes:
// everything that is wrong, at once.
func Build(file *config.File, files fs.FS, now time.Time) (*Generation, error) {
	g, mistakes := build(builder{file: file, files: files, now: now})
	if err := mistakes.Err(); err != nil {
		return nil, err
	}
	return g, nil
}

// build is Build with whatever a builder can be told. What is wrong is said once for each tenant
// that it concerns; the generation is not to be used then.
func build(b builder) (*Generation, diag.Mistakes) {
	file := b.file
	b.reuse, b.memo = newReuse(b.former, file), new(render.Memo)
	b.read()
	b.rooms = roomsFor(file, b.former)
	defer b.library.Forget() // texts that are written in one configuration
	names := calendarNames(file.Calendars)
	g := &Generation{
		name: nameOf(file.Inputs), file: file, shared: listen.NewAuth(file.Auth), members: map[*render.Route]bool{},
		calendars: b.calendars,
		upstreams: map[*render.Route]upstreams{},
		byName:    map[string]*calendar{}, compared: map[string]int64{}, routesByCalendar: map[string][]*render.Route{},
		names: displayNames(file), library: b.library, rooms: b.rooms, faulty: map[*render.Route]bool{},
	}
	var plain []*routes.Route
	for _, r := range file.Routes {
		route, whole := b.reuse.route(r, names, b.library), true
		if b.asked = nil; route != nil {
			b.asked = b.reuse.former.upstreams[route]
		} else {
			b.contain(r.Pos, fmt.Sprintf("route %q", r.Name), func() { route, whole = b.made(r) })
		}
		if route == nil {
			continue
		}
		if !whole {
			g.faulty[route] = true
		}
		if b.asked != nil {
			g.upstreams[route] = b.asked
		}
		g.members[route] = true
		g.routes = append(g.routes, route)
		for _, name := range route.Calendars() {
			g.routesByCalendar[name] = append(g.routesByCalendar[name], route)
		}
		own := g.shared
		if r.Auth != nil {
			own = listen.NewAuth(r.Auth)
		}
		g.auths = append(g.auths, own)
		plain = append(plain, route.Route)
	}
	table, mistakes := routes.NewTable(plain)
	b.mistakes = append(b.mistakes, mistakes...)
	g.table, g.totals, g.counting = table, routes.NewTotals(maxInstances(file)), newCounting()
	for _, c := range b.calendars {
		g.byName[c.Calendar] = c
	}
	var d *draft
	if b.begin != nil && len(b.mistakes) == 0 {
		g.timelines = b.timelines(g)
		d = b.begin(g)
	}
	b.readFiles(d)
	if g.missing = b.absent; d == nil { // what has a draft takes over by itself what was read
		g.timelines = b.timelines(g)
	}
	b.trySamples(g)
	return g, b.mistakes
}

// timelines are those of what is known of the calendars.
func (b *builder) timelines(g *Generation) *calendars.Timelines {
	uses := map[string]calendars.Use{}
	for _, c := range b.calendars {
		uses[c.Calendar] = g.use(c, calendars.Snapshot{Calendar: c.Known, Read: b.now})
	}
	return calendars.NewTimelines(uses, b.file.Horizon)
}

// maxInstances is how many occurrences a calendar may have by the main file.
func maxInstances(file *config.File) int { return ical.Limits(file.Limits).MaxInstances() }

// builder translates a configuration into what the packages take, and gathers what they find wrong.
type builder struct {
	file      *config.File
	files     fs.FS
	now       time.Time
	clock     func() time.Time // of calendars that follow the years; nil: it stands still at now
	library   *templates.Library
	memo      *render.Memo
	calendars []*calendar
	loader    *feeds.Loader // of CA files
	unread    []*unreadCalendar
	suggested map[string]int  // templates and files that are missing, by the file that names them
	filtered  map[string]int  // steps of only and except, by tenant
	named     map[string]bool // calendars by their full names
	lists     map[string]routes.List
	shared    *routes.Shared
	keys      map[uintptr][]string // sorted ones of mappings in data, by the mapping
	mistakes  diag.Mistakes
	absent    diag.Mistakes // files that calendars name and that may be missing

	// spared says whose calendars may be missing, by the path of the tenant's file, or "": their
	// configuration was accepted before, and has not changed since. nil: nobody's.
	spared func(of string) bool
	// begin is given the generation before its calendar files are read, unless a mistake was found; the
	// nil draft: it is not used yet. nil: nobody uses one.
	begin  func(*Generation) *draft
	starts bool        // for a server that starts without --strict
	former *Generation // whose parts may be used again where nothing has changed; nil: none
	reuse  *reuse
	asked  upstreams               // of the route that is made
	rooms  map[string]*render.Room // of the answers that are kept, by owner; nil: of a generation that answers nobody
}

func (b *builder) wrong(at diag.Pos, format string, args ...any) {
	b.mistakes = append(b.mistakes, diag.Mistakef(at, format, args...))
}

// contain makes a part of the generation. A panic is a mistake at the place of what it is made of.
func (b *builder) contain(at diag.Pos, subject string, build func()) {
	if err := contain.Do(func() error { build(); return nil }); err != nil {
		b.wrong(at, "%s: %s", subject, err)
	}
}

// read reads what routes refer to.
func (b *builder) read() {
	if f := b.file.AdminWebConfig; f.S != "" && b.files == nil && !b.gated() {
		if wrong := listen.CheckWebConfig(f.S); wrong != "" {
			b.wrong(f.Pos, "admin_web_config: %s", wrong)
		}
	}
	b.library = b.templates()
	b.named, b.loader, b.filtered = map[string]bool{}, feeds.NewLoader(nil), map[string]int{}
	b.suggested = map[string]int{}
	for _, c := range b.file.Calendars {
		b.contain(c.Pos, fmt.Sprintf("calendar %q", c.Name), func() {
			b.calendars = append(b.calendars, b.calendar(c))
		})
		b.named[c.Name] = true
	}
	b.shared, b.lists, b.keys = routes.NewShared(), map[string]routes.List{}, map[uintptr][]string{}
	for _, l := range b.file.Lists {
		b.lists[l.Name] = routes.List{Name: l.Name, Numbers: l.Numbers}
	}
}

// gated reports whether what is wrong with admin_web_config is the gate's to say, which keeps the
// admin side closed or the former in use: at a start, and while the name of the file is the same.
// Calls do not wait for it.
func (b *builder) gated() bool {
	return b.starts || b.former != nil && b.former.file.AdminWebConfig.S == b.file.AdminWebConfig.S
}

func (b *builder) templates() *templates.Library {
	if library := b.reuse.templates(); library != nil {
		return library
	}
	library, mistakes := templates.Load(
		templates.Options{Zone: zones.Load, Dir: b.file.TemplateFiles(), Path: b.file.Templates})
	b.mistakes = append(b.mistakes, mistakes...)
	return library
}

func (b *builder) zone(name diag.Text) *time.Location {
	if name.S == "" {
		return nil
	}
	zone, err := zones.Load(name.S)
	if err != nil {
		b.wrong(name.Pos, "%s", err)
		return time.UTC
	}
	return zone
}

// made makes a route with its answers; nil if something is wrong with the route itself, and whole
// if nothing is.
func (b *builder) made(r *config.Route) (made *render.Route, whole bool) {
	before := len(b.mistakes)
	defer func() {
		for i := range b.mistakes[before:] { // it may stand in what the route uses, and be right for others
			b.mistakes[before+i].Other = r.Pos
		}
	}()
	answers := b.route(r)
	if answers.Route == nil {
		return nil, false
	}
	route, mistakes := render.New(answers)
	b.mistakes = append(b.mistakes, mistakes...)
	return route, len(b.mistakes) == before
}

// route makes the options of a route's answers, and the route in them; nil if something is wrong
// with it.
func (b *builder) route(r *config.Route) render.Options {
	zone := b.zone(r.Timezone)
	if zone == nil {
		zone = time.UTC // the configuration names none, which is a mistake of its own
	}
	o := routes.Options{
		Pos: r.Pos, Name: r.Name, DisplayName: r.DisplayName, Path: r.Path.S,
		Match: routes.Match{
			Accounts: r.Match.Accounts, Dialed: r.Match.Dialed,
			Leftover: r.Tenant != nil && len(r.Match.Accounts) == 0,
		},
		Region: r.PhoneRegion, Zone: zone, DayStarts: r.DayStarts, Unknown: r.Unknown, Shared: b.shared,
	}
	answers := render.Options{
		Language: r.Language, Fallback: r.Fallback, Within: b.file.AnswerWithin, Library: b.library, Memo: b.memo,
		Cluster:  pivot.Cluster{Version: pivot.Version(b.file.KazooVersion), Modules: b.file.ExtraModules},
		Calendar: func(name string) string { return b.calendarFor(r, name) },
		Known:    func() []string { return b.calendarsFor(r) },
	}
	answers.Room = b.rooms[""]
	if r.Tenant != nil {
		answers.Tenant, answers.Room = r.Tenant.Name, b.rooms[r.Tenant.Owner]
	}
	for _, branch := range r.Branches {
		if branch.DisplayName != "" {
			if o.BranchNames == nil {
				o.BranchNames = map[string]string{}
			}
			o.BranchNames[branch.Name] = branch.DisplayName
		}
		o.Branches = append(o.Branches, routes.Branch{
			Name: branch.Name, State: routes.State(branch.State), When: b.condition(branch.When, branch.Data),
		})
		answers.Branches = append(answers.Branches, b.answer(r, branch))
	}
	var mistakes []diag.Mistake
	answers.Route, mistakes = routes.New(o)
	b.mistakes = append(b.mistakes, mistakes...)
	return answers
}

// calendarFor is the full name of a calendar that a route's template names: the tenant's first,
// then everybody's.
func (b *builder) calendarFor(r *config.Route, name string) string {
	switch {
	case r.Tenant != nil && b.named[r.Tenant.Name+"/"+name]:
		return r.Tenant.Name + "/" + name
	case b.named[name] && !strings.Contains(name, "/"):
		return name
	}
	return ""
}

// calendarsFor are the names by which a route's templates find calendars. No other tenant's are
// among them.
func (b *builder) calendarsFor(r *config.Route) []string {
	var names []string
	for full := range b.named {
		name := full
		if r.Tenant != nil {
			name = strings.TrimPrefix(full, r.Tenant.Name+"/")
		}
		if !strings.Contains(name, "/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// answer is what a branch answers with; one that passes has no template. Where the branch is a
// built-in plan's, it is the route that can be mended.
func (b *builder) answer(r *config.Route, branch *config.Branch) render.Branch {
	out := render.Branch{Data: render.Data{
		Values: branch.Data.Values, Place: branch.Data.Pos, Key: branch.Data.KeyPos, Beside: branch.Data.SameMapping,
	}}
	switch {
	case branch.Template.S != "":
		if out.Place = branch.Template.Pos; config.IsBuiltin(out.Place) {
			out.Place = r.Pos
		}
		if out.Template = b.library.Template(branch.Template.S); out.Template == nil && !b.file.TemplatesUnreadable {
			b.noTemplate(branch.Template)
		}
	case branch.Upstream != nil:
		u := b.upstream(r, branch)
		out.Asked, out.Reads, out.Place = true, u.Data(), branch.Upstream.Pos
		if b.asked == nil {
			b.asked = make(upstreams, len(r.Branches))
		}
		b.asked[slices.Index(r.Branches, branch)] = u
	case branch.Callflow.S != "":
		out.Place = branch.Callflow.Pos
		var mistakes []diag.Mistake
		out.Template, mistakes = b.library.Parse(branch.Callflow.Pos, branch.Callflow.S)
		b.mistakes = append(b.mistakes, mistakes...)
	}
	return out
}

// maxSuggested is for how many templates and files that a configuration file names and that are
// missing one is looked for that may be meant.
const maxSuggested = 20

// suggests counts a template or file that is missing, and reports whether to look for the one that
// may be meant.
func (b *builder) suggests(file string) bool {
	b.suggested[file]++
	return b.suggested[file] <= maxSuggested
}

// noTemplate reports a template that is not there, and the file that was meant for it.
func (b *builder) noTemplate(name diag.Text) {
	if !b.suggests(name.Pos.File) {
		b.wrong(name.Pos, "unknown template %q", name.S)
		return
	}
	if beside := b.file.SimilarTemplate(name.S); beside != "" {
		b.wrong(name.Pos, "unknown template %q; rename the file %q to %q", name.S, beside, name.S+".json.tmpl")
		return
	}
	for _, ending := range []string{".json.tmpl", ".tmpl", ".json"} {
		if stem, ok := strings.CutSuffix(path.Base(name.S), ending); ok && slices.Contains(b.library.Names(), stem) {
			b.wrong(name.Pos, "a template is named without its directory and ending, found %q; write %s", name.S, stem)
			return
		}
	}
	meant := diag.DidYouMean(name.S, b.library.Names())
	switch where, set := b.file.MisplacedTemplate(name.S); {
	case where != "" && set:
		b.wrong(name.Pos,
			"unknown template %q; move %s into %s, since sub-directories are not looked into, and write template: %s",
			name.S, where, b.file.Templates, path.Base(name.S))
	case where != "":
		b.wrong(name.Pos, "unknown template %q; there is %s, so set templates: %s", name.S, where, path.Dir(where))
	case !set && meant == "":
		b.wrong(name.Pos, "template %q is not built in; for templates of your own set templates: DIRECTORY", name.S)
	case !set:
		b.wrong(name.Pos, "template %q is not built in%s", name.S, meant)
	default:
		b.wrong(name.Pos, "unknown template %q%s", name.S, diag.Suggest(name.S, b.library.Names()))
	}
}

func (b *builder) condition(c *config.Condition, data *config.Data) *routes.Condition {
	if c == nil {
		return nil
	}
	out := &routes.Condition{
		Pos: c.Pos, Not: b.condition(c.Not, data),
		Events: routes.Events{
			Summary: c.Events.Summary, Description: c.Events.Description, Location: c.Events.Location,
			Category:     c.Events.Category,
			Transparency: c.Events.Transparency.S, AllDay: c.Events.AllDay, Recurring: c.Events.Recurring,
			WholeDay: c.WholeDay,
		},
		Caller: numbers(c.Caller, b.lists), Dialed: numbers(c.Dialed, b.lists),
		CallerName: c.CallerName, Account: c.Account, Digits: c.Digits,
		Vars: named(c.Vars), Headers: named(c.Headers),
	}
	for _, k := range c.All {
		out.All = append(out.All, b.condition(k, data))
	}
	for _, k := range c.Any {
		out.Any = append(out.Any, b.condition(k, data))
	}
	for _, name := range c.Calendars {
		out.Calendars = append(out.Calendars, name.S)
	}
	if c.Names.S != "" {
		field, _ := data.Values[c.Names.S].(map[string]any)
		out.Events.Names = &routes.Names{Field: c.Names.S, Keys: b.sortedKeys(field)}
	}
	return out
}

// sortedKeys are the keys of a mapping in data, the same list for all conditions that look for
// them. The configuration keeps the mapping.
func (b *builder) sortedKeys(field map[string]any) []string {
	at := reflect.ValueOf(field).Pointer()
	keys, ok := b.keys[at]
	if !ok {
		keys = slices.Sorted(maps.Keys(field))
		b.keys[at] = keys
	}
	return keys
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

// reason is what went wrong, without the name of a system call.
func reason(err error) string {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Sprintf("%s: %s", at.Path, at.Err)
	}
	return err.Error()
}
