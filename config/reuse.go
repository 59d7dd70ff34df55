package config

import (
	"bytes"
	"slices"
)

// takeover finds the tenants of a former File of which nothing has changed, neither in their files nor in what is
// everybody's, so that what was read of them means the same. The nil takeover finds none.
type takeover struct {
	inputs *Inputs // the present ones
	former *Inputs
	// that a former tenant named, by path of the tenant's file; of "" that are everybody's
	files     map[string][]*Input
	looks     map[string][]Look  // likewise
	tenants   map[string]*Tenant // by path of its file
	lists     map[string][]*List // by tenant's name, as are the following
	calendars map[string][]*Calendar
	plans     map[string][]*Plan
	routes    map[string][]*Route
	warnings  map[string][]Warning // by path of the tenant's file
}

// takeover prepares to take over tenants of a former File, which had no mistakes; nil if what is everybody's has
// changed. paths are the files that are included now.
func (s *source) takeover(former *File, paths []Text) *takeover {
	if former == nil || former.Path != s.file.Path || former.Inputs == s.inputs {
		return nil
	}
	t := &takeover{
		inputs: s.inputs, former: former.Inputs, files: map[string][]*Input{}, looks: map[string][]Look{},
		tenants: map[string]*Tenant{},
		lists:   map[string][]*List{}, calendars: map[string][]*Calendar{}, plans: map[string][]*Plan{},
		routes:   map[string][]*Route{},
		warnings: map[string][]Warning{},
	}
	for _, f := range former.Inputs.files {
		for _, reader := range f.readers {
			t.files[reader] = append(t.files[reader], f)
		}
	}
	for l := range former.Inputs.looks {
		t.looks[l.Tenant] = append(t.looks[l.Tenant], l)
	}
	if !t.sameForAll(s.file.Path, paths) {
		return nil
	}
	for _, tenant := range former.Tenants {
		t.tenants[tenant.Pos.File] = tenant
	}
	for _, l := range former.Lists {
		t.lists[l.Tenant] = append(t.lists[l.Tenant], l)
	}
	for _, c := range former.Calendars {
		t.calendars[c.Tenant] = append(t.calendars[c.Tenant], c)
	}
	for _, p := range former.Plans {
		t.plans[p.Tenant] = append(t.plans[p.Tenant], p)
	}
	for _, r := range former.Routes {
		if r.Tenant != nil {
			t.routes[r.Tenant.Name] = append(t.routes[r.Tenant.Name], r)
		}
	}
	for _, w := range former.Warnings {
		of := former.Inputs.Of(w.Pos.File)
		t.warnings[of] = append(t.warnings[of], w)
	}
	return t
}

// sameForAll reports whether all that is everybody's is as it was.
func (t *takeover) sameForAll(main string, paths []Text) bool {
	if !t.sameFile(t.former.files[main]) {
		return false
	}
	for _, f := range t.files[""] {
		if !t.sameFile(f) {
			return false
		}
	}
	included := map[string]bool{}
	for _, path := range paths {
		included[path.S] = true
	}
	for _, l := range t.looks[""] {
		if l.Directory {
			continue // templates are others' business
		}
		is, was := t.inputs.glance(l), t.former.looks[l]
		for _, name := range is.names {
			if _, before := slices.BinarySearch(was.names, name); !before && !included[name] {
				return false
			}
		}
		for _, name := range was.names {
			if _, still := slices.BinarySearch(is.names, name); !still && t.former.Of(name) != name {
				return false
			}
		}
		if is.err != nil || was.err != nil {
			return false
		}
	}
	for path := range included { // what is new or has changed must be a tenant's
		if t.former.Has(path) && t.former.Of(path) == "" ||
			t.former.Of(path) == path && t.sameFile(t.former.files[path]) || t.inputs.without[path] {
			continue
		}
		root, _ := parse(path, t.inputs.peek(path, "").Bytes)
		if root == nil || root.kind != mapping ||
			!slices.ContainsFunc(root.entries, func(e entry) bool { return e.key.S == "tenant" }) {
			return false
		}
	}
	return true
}

// sameFile reports whether a file of the former inputs is as it was.
func (t *takeover) sameFile(f *Input) bool {
	if f == nil || f.Err != nil {
		return false
	}
	is := t.inputs.peek(f.Path, f.home)
	return is == f || is.Err == nil && is.Mode == f.Mode && bytes.Equal(is.Bytes, f.Bytes)
}

// tenant is the tenant whose file stands at a path, if nothing of it has changed; else nil.
func (t *takeover) tenant(path string) *Tenant {
	if t == nil || t.tenants[path] == nil || t.inputs.homes[path] != t.former.homes[path] {
		return nil
	}
	for _, f := range t.files[path] {
		if !t.sameFile(f) {
			return nil
		}
	}
	for _, l := range t.looks[path] {
		if is := t.inputs.glance(l); is.err != nil || !slices.Equal(is.names, t.former.looks[l].names) {
			return nil
		}
	}
	return t.tenants[path]
}

// take makes a source of a tenant that is taken over.
func (s *source) take(t *takeover, tenant *Tenant) *source {
	path := tenant.Pos.File
	in := *s
	in.path, in.home, in.tenant, in.taken = path, s.inputs.homes[path], tenant, t
	for _, f := range t.files[path] {
		s.inputs.read(f.Path, path)
	}
	for _, l := range t.looks[path] {
		s.inputs.look(l)
	}
	s.inputs.mark(path, func(in *Input) {
		in.belongs(path)
		in.Name, in.Accounts = tenant.Name, accountKeys(tenant.Accounts)
	})
	s.file.Warnings = append(s.file.Warnings, t.warnings[path]...)
	return &in
}
