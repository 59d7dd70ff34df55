package server

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/render"
)

// Mistakes are mistakes as findings.
func Mistakes(mistakes diag.Mistakes) []preview.Finding {
	var found []preview.Finding
	for _, m := range mistakes {
		found = append(found, preview.Findingf(m.Pos, "mistake", "%s", m.Message))
	}
	return found
}

// Warnings are what a configuration says on its own that works and should be mended.
func Warnings(file *config.File) []preview.Finding {
	var found []preview.Finding
	for _, w := range file.Warnings {
		found = append(found, preview.Findingf(w.Pos, w.Kind, "%s", w.Message))
	}
	return found
}

// FindOptions say how to look.
type FindOptions struct {
	Now     time.Time
	Days    int            // how far ahead
	Schemas *pivot.Schemas // a cluster's own; nil: none
	Offline bool           // that a calendar is unknown says nothing
	Most    int            // steps that looking at a tenant's routes and calendars takes; 0: maxLooked
}

// maxLooked bounds what looking at all of a tenant's routes and calendars takes, in steps of
// render.Effort: nobody's keep others' from being looked at.
const maxLooked = 10_000_000

// Find says everything that there is to say of the generation, with what is known of its calendars.
func (g *Generation) Find(ctx context.Context, o FindOptions) []preview.Finding {
	now, horizon := o.Now, time.Duration(o.Days)*24*time.Hour
	lint := g.newLint(calendars.NewTimelines(g.timelines.Uses(), horizon))
	until := now.Add(horizon)
	found := g.static(lint)
	found = append(found, g.conflicts(ctx, o.Schemas, now)...)
	if !o.Offline {
		found = append(found, g.unreadFeeds(func(name string) calendars.Snapshot {
			return g.timelines.Use(name).Snapshot
		})...)
	}

	// Routes are independent of one another, and so are calendars.
	efforts := g.efforts(cmp.Or(o.Most, maxLooked))
	var looks []func() []preview.Finding
	var names []string // of what they look at
	add := func(name string, look func(*render.Effort) []preview.Finding) {
		names = append(names, name)
		looks = append(looks, func() []preview.Finding {
			tenant := calendars.TenantOf(name)
			if effort := efforts[tenant]; !effort.Over() {
				return look(effort)
			}
			return []preview.Finding{g.notLinted(tenant)}
		})
	}
	for _, r := range g.routes {
		add(r.Name, func(effort *render.Effort) []preview.Finding {
			s := r.Compile(lint.timelines, g.totals, now)
			return append(lint.Route(ctx, r, s, now, until, effort),
				g.renderFindings(r, s.Prerender(ctx, now, until, effort))...)
		})
	}
	for _, name := range slices.Sorted(maps.Keys(lint.calendars)) {
		add(name, func(effort *render.Effort) []preview.Finding {
			return lint.Calendar(ctx, lint.calendars[name], now, until, effort)
		})
	}
	each := make([][]preview.Finding, len(looks))
	owner := func(i int) string { return calendars.TenantOf(names[i]) }
	eachByOwner(len(looks), owner, func() time.Time { return now }, func(i int) {
		if err := contain.Do(func() error { each[i] = looks[i](); return nil }); err != nil {
			each[i] = []preview.Finding{preview.Findingf(diag.Pos{}, "mistake", "looking for findings: %s", err)}
		}
	})
	found = append(found, slices.Concat(each...)...)
	return preview.SortFindings(found)
}

// efforts are what looking at each tenant's routes and calendars may take. The operator's have no
// bound.
func (g *Generation) efforts(steps int) map[string]*render.Effort {
	efforts := make(map[string]*render.Effort, len(g.file.Tenants))
	for _, t := range g.file.Tenants {
		efforts[t.Name] = render.NewEffort(steps)
	}
	return efforts
}

// notLinted says that some of a tenant's routes and calendars are not looked at. It is the same for
// each of them.
func (g *Generation) notLinted(tenant string) preview.Finding {
	var at diag.Pos
	for _, t := range g.file.Tenants {
		if t.Name == tenant {
			at = t.Pos
		}
	}
	return preview.Findingf(at, "not_looked_at",
		"looking at all routes and calendars of tenant %s takes too much, and some of them are not looked at; look less far ahead, as with --days 30",
		tenant)
}

// lint is a preview.Lint, what it knows of calendars by their names, and the timelines that it
// looks at.
type lint struct {
	*preview.Lint
	calendars map[string]preview.Calendar
	timelines *calendars.Timelines
}

func (g *Generation) newLint(ts *calendars.Timelines) lint {
	byName := make(map[string]*config.Route, len(g.file.Routes))
	for _, r := range g.file.Routes {
		byName[r.Name] = r
	}
	all := make(map[string]preview.Calendar, len(g.file.Calendars))
	for _, c := range g.file.Calendars {
		all[c.Name] = preview.Calendar{
			Name: c.Name, Pos: c.Pos, Shared: c.Tenant == "",
			Ahead: c.Expect.Ahead, Covered: c.Expect.Covered, MayBeEmpty: c.Expect.MayBeEmpty,
			Holidays: c.Holidays != nil,
		}
	}
	return lint{preview.NewLint(preview.LintOptions{
		Routes: g.routes, Calendars: all, Timelines: ts,
		Branch: func(route string, branch int) diag.Pos {
			if at := byName[route].Branches[branch].Pos; !config.IsBuiltin(at) {
				return at
			}
			return diag.Pos{}
		},
	}), all, ts}
}

// static is what follows from the configuration alone.
func (g *Generation) static(l lint) []preview.Finding {
	found := Warnings(g.file)
	for _, m := range g.warnings {
		found = append(found, preview.Findingf(m.Pos, m.Kind, "%s", m.Message))
	}
	for _, r := range g.routes {
		found = append(found, l.Static(r)...)
	}
	found = append(found, g.upstreamFindings()...)
	found = append(found, isShared(g.file)...)
	return append(found, sharedIDs(g.file)...)
}

// conflicts is what a cluster's own schemas refuse.
func (g *Generation) conflicts(ctx context.Context, schemas *pivot.Schemas, now time.Time) []preview.Finding {
	if schemas == nil {
		return nil
	}
	var found []preview.Finding
	for _, f := range render.Check(ctx, g.routes, now, schemas) {
		if !f.Warning {
			found = append(found, preview.Findingf(f.Pos, "schema_refused", "%s", f.Message))
		}
	}
	return found
}

// unreadFeeds are the calendars of which nothing is known, or whose feed brought nothing when it
// was last asked.
func (g *Generation) unreadFeeds(of func(calendar string) calendars.Snapshot) []preview.Finding {
	var found []preview.Finding
	for _, c := range g.file.Calendars {
		snapshot := of(c.Name)
		var f preview.Finding
		if snapshot.Doubt != "" {
			f = preview.Findingf(c.Pos, "copy_undated", "how old the copy of calendar %s is cannot be relied on: %s",
				c.Name, snapshot.Doubt)
			f.Calendar = c.Name
			found = append(found, f)
		}
		if snapshot.Unkept != nil {
			f = preview.Findingf(c.Pos, "copy_not_kept",
				"the copy of calendar %s is not kept on disk, and will not survive a restart: %s", c.Name, snapshot.Unkept)
			f.Calendar = c.Name
			found = append(found, f)
		}
		switch {
		case snapshot.Unknown() && snapshot.Err != nil:
			f = preview.Findingf(c.Pos, "calendar_unknown", "calendar %s is unknown: %s: %s", c.Name, snapshot.Why,
				diag.ErrorLine(snapshot.Err))
		case snapshot.Unknown():
			f = preview.Findingf(c.Pos, "calendar_unknown", "calendar %s is unknown: %s", c.Name, snapshot.Why)
		case snapshot.Err != nil:
			f = preview.Findingf(c.Pos, "feed_failed",
				"the feed of calendar %s cannot be read, and its copy of %s is used: %s", c.Name,
				snapshot.Read.UTC().Format(time.RFC3339), diag.ErrorLine(snapshot.Err))
		default:
			continue
		}
		f.Calendar = c.Name
		found = append(found, f)
	}
	return found
}

// renderFindings are branches of a route that will not answer.
func (g *Generation) renderFindings(r *render.Route, failed []render.PrerenderFailure) []preview.Finding {
	var found []preview.Finding
	for _, f := range failed {
		b := r.Branches[f.Branch]
		found = append(found, preview.Finding{
			Pos: r.Pos, Kind: "branch_will_fail", Severity: preview.Error, Route: r.Name, Branch: b.Name,
			Message: fmt.Sprintf("branch %s of route %s will not answer, first on %s: %s: %s", b.Name, r.Name,
				f.At.Format("Mon 2006-01-02 15:04"), f.Reason, diag.ErrorLine(f.Err)),
		})
	}
	return found
}

// isShared finds routes that a company's own file brings and that answer the calls of any account,
// where there are several companies.
func isShared(f *config.File) []preview.Finding {
	if len(f.Tenants) == 0 {
		return nil
	}
	var found []preview.Finding
	said := map[diag.Pos]bool{}
	for _, r := range f.Routes {
		if len(r.Match.Accounts) > 0 || r.Pos.File == f.Path {
			continue
		}
		at, who := r.Pos, "which has no tenant"
		if r.Tenant != nil {
			if len(f.Tenants) == 1 {
				continue // there is nobody else
			}
			at, who = r.Tenant.Pos, "whose tenant names no account"
		}
		if said[at] {
			continue
		}
		said[at] = true
		one := preview.Findingf(at, "routes_without_account",
			"route %s is in a file %s, so it answers calls of any account; name the account", r.Name, who)
		one.Route = r.Name
		found = append(found, one)
	}
	return found
}

// kazooID is what Kazoo calls devices, users, voicemail boxes and accounts by.
var kazooID = regexp.MustCompile(`\b[0-9a-f]{32}\b`)

// idLength is how long such an id is.
const idLength = 32

// sharedIDs finds what two tenants write for themselves alike, and Kazoo finds in one account
// alone: an id that was copied along.
func sharedIDs(f *config.File) []preview.Finding {
	type place struct {
		at     diag.Pos
		tenant *config.Tenant
	}
	var found []preview.Finding
	first, said := map[string]place{}, map[diag.Pos]bool{}
	for _, t := range f.Tenants {
		for _, a := range t.Accounts {
			first[a.S] = place{} // an account's own id may stand anywhere
		}
	}
	see := func(r *config.Route, id string, at diag.Pos) {
		was, ok := first[id]
		switch {
		case !ok:
			first[id] = place{at, r.Tenant}
		case was.tenant == nil || was.tenant == r.Tenant || was.at == at || said[at] ||
			shareAccount(was.tenant, r.Tenant):
		default:
			said[at] = true
			one := preview.Findingf(at, "id_of_two_tenants",
				"the id %s… is also tenant %s's, at %s, and Kazoo finds it in one account alone; write the id of tenant %s's own",
				id[:8], was.tenant.Name, was.at, r.Tenant.Name)
			one.Route = r.Name
			found = append(found, one)
		}
	}
	seen := map[lintProgress]bool{}
	for _, r := range f.Routes {
		if r.Tenant == nil {
			continue
		}
		first := func(of reflect.Value, length int) bool {
			at := lintProgress{r.Tenant, uintptr(of.UnsafePointer()), length}
			was := seen[at]
			seen[at] = true
			return !was
		}
		for _, b := range r.Branches {
			walkTexts(b.Data.Values, nil, first, func(path []string, text string) {
				if len(text) == idLength && kazooID.MatchString(text) {
					see(r, text, b.Data.Pos(path...))
				}
			})
			if text := b.Callflow.S; first(reflect.ValueOf(text), len(text)) {
				for _, id := range kazooID.FindAllString(text, -1) {
					see(r, id, b.Callflow.Pos)
				}
			}
		}
	}
	return found
}

// lintProgress is data, or a text, that was looked through for a tenant: routes and branches share
// them. The configuration keeps what is there, so that nothing else takes its place.
type lintProgress struct {
	tenant *config.Tenant
	at     uintptr
	length int
}

func shareAccount(a, b *config.Tenant) bool {
	return slices.ContainsFunc(a.Accounts, func(t diag.Text) bool {
		return slices.ContainsFunc(b.Accounts, func(u diag.Text) bool { return t.S == u.S })
	})
}

// walkTexts visits the texts of data, each with its path, which is not to be kept; and those of a
// mapping or list only where that is the first time.
func walkTexts(value any, path []string, first func(of reflect.Value, length int) bool,
	visit func(path []string, text string),
) {
	switch v := value.(type) {
	case string:
		visit(path, v)
	case map[string]any:
		if !first(reflect.ValueOf(v), len(v)) {
			return
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			walkTexts(v[key], append(path, key), first, visit)
		}
	case []any:
		if !first(reflect.ValueOf(v), len(v)) {
			return
		}
		for i, inner := range v {
			walkTexts(inner, append(path, strconv.Itoa(i)), first, visit)
		}
	}
}

// Calendars are the full names of all calendars, in the order of the configuration.
func (g *Generation) Calendars() []string {
	var names []string
	for _, c := range g.file.Calendars {
		names = append(names, c.Name)
	}
	return names
}
