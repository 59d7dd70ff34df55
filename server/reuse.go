package server

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/render"
	"github.com/callhours/callhours/templates"
)

// reuse finds what a former generation has built of the same configuration. A route is built again
// when anything is different that it is made of: what is written of it, with its places; its lists,
// its templates, the names of the calendars that its templates may mean. The nil reuse has nothing.
type reuse struct {
	former    *Generation
	routes    map[string]int // indices of the former's, by name
	configs   map[string]*config.Route
	calendars map[string]*config.Calendar
	lists     map[string]bool   // that are as they were, by full name
	names     map[string]string // of a tenant's calendars, or everybody's, as they were
	settings  bool              // what concerns all answers is as it was
	library   bool              // all templates are as they were
	pieces    bool              // what templates share is as it was
	compared  equality
}

func newReuse(former *Generation, file *config.File) *reuse {
	if former == nil {
		return nil
	}
	was := former.file
	u := &reuse{
		former: former, routes: map[string]int{}, configs: map[string]*config.Route{},
		calendars: map[string]*config.Calendar{}, lists: map[string]bool{},
		names: calendarNames(was.Calendars),
		settings: was.AnswerWithin == file.AnswerWithin && was.KazooVersion == file.KazooVersion &&
			slices.Equal(was.ExtraModules, file.ExtraModules),
	}
	for i, r := range former.routes {
		u.routes[r.Name] = i
	}
	for _, r := range was.Routes {
		u.configs[r.Name] = r
	}
	for _, c := range was.Calendars {
		u.calendars[c.Name] = c
	}
	lists := map[string]*config.List{}
	for _, l := range was.Lists {
		lists[l.Name] = l
	}
	for _, l := range file.Lists {
		u.lists[l.Name] = u.compared.deepEqual(l, lists[l.Name])
	}
	u.library, u.pieces = sameTemplates(was, file)
	return u
}

// sameTemplates compares the files of templates: all of them, and those whose definitions the
// others share.
func sameTemplates(a, b *config.File) (all, pieces bool) {
	texts := func(f *config.File) (all, pieces map[string][]byte) {
		all, pieces = map[string][]byte{}, map[string][]byte{}
		for _, in := range f.TemplateInputs() {
			all[in.Path] = in.Bytes
			if strings.HasPrefix(in.Path[strings.LastIndexAny(in.Path, `/\`)+1:], "_") {
				pieces[in.Path] = in.Bytes
			}
		}
		return all, pieces
	}
	allA, piecesA := texts(a)
	allB, piecesB := texts(b)
	return a.Templates == b.Templates && maps.EqualFunc(allA, allB, bytes.Equal),
		a.Templates == b.Templates && maps.EqualFunc(piecesA, piecesB, bytes.Equal)
}

// calendarNames joins the names of calendars, by tenant.
func calendarNames(all []*config.Calendar) map[string]string {
	names := map[string]string{}
	for _, c := range all {
		names[c.Tenant] += c.Name + "\n"
	}
	return names
}

// templates is the former library if no template has changed; else nil.
func (u *reuse) templates() *templates.Library {
	if u == nil || !u.library {
		return nil
	}
	return u.former.library
}

// route is what was built of a route; nil if it is to be built again.
func (u *reuse) route(r *config.Route, now map[string]string, library *templates.Library) *render.Route {
	if u == nil || !u.settings || !u.pieces {
		return nil
	}
	i, ok := u.routes[r.Name]
	if !ok || u.former.faulty[u.former.routes[i]] || u.names[""] != now[""] {
		return nil
	}
	if r.Tenant != nil && u.names[r.Tenant.Name] != now[r.Tenant.Name] {
		return nil
	}
	for _, b := range r.Branches {
		if !u.sameLists(b.When) || !u.sameTemplate(b.Template.S, library) {
			return nil
		}
	}
	if !u.compared.deepEqual(u.configs[r.Name], r) {
		return nil
	}
	return u.former.routes[i]
}

func (u *reuse) sameTemplate(name string, library *templates.Library) bool {
	if name == "" || u.library {
		return true
	}
	was, had := u.former.library.Source(name)
	is, has := library.Source(name)
	return had && has && was == is
}

// sameLists reports whether the lists of numbers are as they were that a condition names.
func (u *reuse) sameLists(c *config.Condition) bool {
	if c == nil {
		return true
	}
	for _, name := range slices.Concat(c.Caller.Lists, c.Dialed.Lists) {
		if !u.lists[name.S] {
			return false
		}
	}
	for _, inner := range slices.Concat(c.All, c.Any) {
		if !u.sameLists(inner) {
			return false
		}
	}
	return u.sameLists(c.Not)
}

// known is what was read of a calendar's files; nil if they are others now.
func (u *reuse) known(c *config.Calendar) *calendars.Calendar {
	if u == nil || u.calendars[c.Name] == nil || sourceFile(u.calendars[c.Name]) != sourceFile(c) ||
		u.calendars[c.Name].Limits != c.Limits {
		return nil
	}
	return u.former.byName[c.Name].Known
}

// sameCalendars are the calendars that are written as they were, by name.
func sameCalendars(former, file *config.File) map[string]bool {
	was, same := map[string]*config.Calendar{}, map[string]bool{}
	var compared equality
	for _, c := range former.Calendars {
		was[c.Name] = c
	}
	for _, c := range file.Calendars {
		same[c.Name] = was[c.Name] != nil && compared.deepEqual(was[c.Name], c)
	}
	return same
}

// roomsFor are the rooms of the owners of a configuration: those that they had, since routes that
// have not changed pass from one generation to the next with the answers that are kept of them.
func roomsFor(file *config.File, former *Generation) map[string]*render.Room {
	owners := []string{""}
	for _, t := range file.Tenants {
		owners = append(owners, t.Owner)
	}
	rooms := map[string]*render.Room{}
	for _, owner := range owners {
		if former != nil {
			rooms[owner] = former.rooms[owner]
		}
		if rooms[owner] == nil {
			rooms[owner] = render.NewRoom(owner)
		}
	}
	return rooms
}
