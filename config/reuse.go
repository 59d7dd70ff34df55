package config

import (
	"bytes"
	"slices"
)

// reuse finds the tenants of a former File for which nothing has changed, in their own files or in
// everybody's, so that what was read of them is still valid. The nil reuse finds none.
type reuse struct {
	inputs *Inputs // the present ones
	former *Inputs
	// files that a former tenant named, by path of the tenant's file; everybody's under ""
	files     map[string][]*Input
	queries   map[string][]DirQuery // likewise
	tenants   map[string]*Tenant    // by path of its file
	lists     map[string][]*List    // by tenant's name, as are the following
	calendars map[string][]*Calendar
	plans     map[string][]*Plan
	routes    map[string][]*Route
	warnings  map[string][]Warning // by path of the tenant's file
}

// findReusable prepares the reuse of tenants of a former File without mistakes; nil if anything of
// everybody's has changed. paths are the files that are included now.
func (s *source) findReusable(former *File, paths []Text) *reuse {
	if former == nil || former.Path != s.file.Path || former.Inputs == s.inputs {
		return nil
	}
	r := &reuse{
		inputs: s.inputs, former: former.Inputs, files: map[string][]*Input{}, queries: map[string][]DirQuery{},
		tenants: map[string]*Tenant{},
		lists:   map[string][]*List{}, calendars: map[string][]*Calendar{}, plans: map[string][]*Plan{},
		routes:   map[string][]*Route{},
		warnings: map[string][]Warning{},
	}
	for _, f := range former.Inputs.files {
		for _, reader := range f.readers {
			r.files[reader] = append(r.files[reader], f)
		}
	}
	for l := range former.Inputs.listings {
		r.queries[l.Tenant] = append(r.queries[l.Tenant], l)
	}
	if !r.sharedUnchanged(s.file.Path, paths) {
		return nil
	}
	for _, tenant := range former.Tenants {
		if former.Inputs.withdrawn[tenant.Pos.File] { // which is a mistake of its present files
			continue
		}
		r.tenants[tenant.Pos.File] = tenant
	}
	for _, l := range former.Lists {
		r.lists[l.Tenant] = append(r.lists[l.Tenant], l)
	}
	for _, c := range former.Calendars {
		r.calendars[c.Tenant] = append(r.calendars[c.Tenant], c)
	}
	for _, p := range former.Plans {
		r.plans[p.Tenant] = append(r.plans[p.Tenant], p)
	}
	for _, route := range former.Routes {
		if route.Tenant != nil {
			r.routes[route.Tenant.Name] = append(r.routes[route.Tenant.Name], route)
		}
	}
	for _, w := range former.Warnings {
		path := former.Inputs.TenantFile(w.Pos.File)
		r.warnings[path] = append(r.warnings[path], w)
	}
	return r
}

// sharedUnchanged reports whether everything that is everybody's is unchanged.
func (r *reuse) sharedUnchanged(main string, paths []Text) bool {
	if !r.unchanged(r.former.files[main]) {
		return false
	}
	for _, f := range r.files[""] {
		if !r.unchanged(f) {
			return false
		}
	}
	included := map[string]bool{}
	for _, path := range paths {
		included[path.S] = true
	}
	for _, l := range r.queries[""] {
		if l.Directory {
			continue // templates are not read here
		}
		now, before := r.inputs.peekList(l), r.former.listings[l]
		for _, name := range now.names {
			if _, found := slices.BinarySearch(before.names, name); !found && !included[name] {
				return false
			}
		}
		for _, name := range before.names {
			if _, found := slices.BinarySearch(now.names, name); !found && r.former.TenantFile(name) != name {
				return false
			}
		}
		if now.err != nil || before.err != nil {
			return false
		}
	}
	for path := range included { // new and changed files must be tenants'
		if r.former.Has(path) && r.former.TenantFile(path) == "" ||
			r.former.TenantFile(path) == path && r.unchanged(r.former.files[path]) || r.inputs.excluded[path] {
			continue
		}
		root, _ := parse(path, r.inputs.peek(path, r.inputs.tenantDirs[path]).Bytes)
		if root == nil || root.kind != mapping ||
			!slices.ContainsFunc(root.entries, func(e entry) bool { return e.key.S == "tenant" }) {
			return false
		}
	}
	return true
}

// unchanged reports whether a file of the former inputs is the same now.
func (r *reuse) unchanged(f *Input) bool {
	if f == nil || f.Err != nil {
		return false
	}
	now := r.inputs.peek(f.Path, f.home)
	return now == f || now.Err == nil && now.Mode == f.Mode && bytes.Equal(now.Bytes, f.Bytes)
}

// tenant returns the tenant of a file if nothing of it has changed; else nil.
func (r *reuse) tenant(path string) *Tenant {
	if r == nil || r.tenants[path] == nil || r.inputs.homes[path] != r.former.homes[path] {
		return nil
	}
	for _, f := range r.files[path] {
		if !r.unchanged(f) {
			return nil
		}
	}
	for _, l := range r.queries[path] {
		if now := r.inputs.peekList(l); now.err != nil || !slices.Equal(now.names, r.former.listings[l].names) {
			return nil
		}
	}
	return r.tenants[path]
}

// reuseTenant returns a source for a tenant that is reused.
func (s *source) reuseTenant(r *reuse, tenant *Tenant) *source {
	path := tenant.Pos.File
	src := *s
	src.path, src.home, src.tenant, src.reused = path, s.inputs.homes[path], tenant, r
	for _, f := range r.files[path] {
		s.inputs.read(f.Path, path)
	}
	for _, l := range r.queries[path] {
		s.inputs.list(l)
	}
	s.inputs.update(path, func(input *Input) {
		input.setTenant(path)
		input.Name, input.Accounts = tenant.Name, accountKeys(tenant.Accounts)
	})
	s.file.Warnings = append(s.file.Warnings, r.warnings[path]...)
	return &src
}
