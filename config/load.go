package config

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// Options are how Load reads.
type Options struct {
	FS fs.FS // where all paths are looked up, slash-separated; nil: the operating system, paths as given
}

// Load reads a configuration: the main file and, once each, everything that it includes.
//
// The error is diag.Mistakes, sorted, when there is something to mend, and another error when the main file cannot be
// read. With mistakes the File holds what was understood, so that others can check their parts of it in the same run;
// it is nil when nothing was. Such a File must not be served from.
func Load(path string, o Options) (*File, error) {
	l := &loader{
		disk:    disk{o.FS},
		file:    &File{Path: path},
		inputs:  map[string]input{},
		tenants: map[string]*Tenant{},
		zones:   map[string]bool{},
	}
	l.file.Dir = l.disk.dir(path)
	in := l.input(path)
	if in.err != nil {
		return nil, fmt.Errorf("%s: %w", path, in.err)
	}
	root, mistakes := parse(path, in.body)
	l.mistakes = append(l.mistakes, mistakes...)
	if root == nil {
		return nil, l.mistakes.Err()
	}

	main := l.main(root)
	sources := append([]*source{main}, main.include()...)
	// Names may be used before the file that defines them, so each kind is read from all files in turn.
	for _, s := range sources {
		s.readSecrets()
	}
	main.readGlobal()
	for _, s := range sources {
		s.readLists()
		s.readCalendars()
	}
	for _, s := range sources {
		s.readPlans()
	}
	main.readBuiltinPlans()
	for _, s := range sources {
		s.readRoutes()
	}
	l.crossCheck(main)
	slices.SortStableFunc(l.file.Warnings, func(a, b diag.Mistake) int { return a.Compare(b.Pos) })
	return l.file, l.mistakes.Err()
}

// loader is one run of Load.
type loader struct {
	disk     disk
	file     *File
	inputs   map[string]input // what was read, by path
	tenants  map[string]*Tenant
	zones    map[string]bool // whether a time zone is known, by name
	hours    []Secret        // the token that opens the hours of all routes; none without one
	mistakes diag.Mistakes
}

// input is a file as it was read, or why it was not.
type input struct {
	body []byte
	mode fs.FileMode
	err  error
}

// input reads a file, once.
func (l *loader) input(path string) input {
	in, ok := l.inputs[path]
	if !ok {
		in.body, in.mode, in.err = l.disk.read(path)
		l.inputs[path] = in
		if in.err == nil {
			l.file.Inputs = append(l.file.Inputs, Input{path, in.body})
		}
	}
	return in
}

func (l *loader) mistake(p diag.Pos, format string, args ...any) {
	l.mistakes = append(l.mistakes, diag.Mistakef(p, format, args...))
}

func (l *loader) warn(p diag.Pos, format string, args ...any) {
	l.file.Warnings = append(l.file.Warnings, diag.Mistakef(p, format, args...))
}

// read gives a file that the configuration names, and reports that it cannot be read.
func (l *loader) read(path Text) (input, bool) {
	in := l.input(path.S)
	if in.err != nil {
		l.mistake(path.Pos, "%s: %v", path.S, in.err)
	}
	return in, in.err == nil
}

// source is a file of YAML that is being read, and the names that are known in it.
type source struct {
	*loader
	top    fields
	dir    string
	tenant *Tenant // nil: everybody's
	says   fields  // what the file says of its tenant
	base   *Data   // global and the tenant's data, merged

	language, phoneRegion string // of routes that name none

	calendars scope[*Calendar]
	plans     scope[*Plan]
	lists     scope[*List]
	secrets   scope[Secret]
	routes    scope[*Route]
}

// scope holds what is defined under a name, a tenant's own and, behind it, what is everybody's.
type scope[T any] struct {
	own   map[string]T
	outer map[string]T
}

func (s scope[T]) find(name string) (T, bool) {
	if found, ok := s.own[name]; ok {
		return found, true
	}
	found, ok := s.outer[name]
	return found, ok
}

// known gives all names, sorted.
func (s scope[T]) known() []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(s.own)), maps.Keys(s.outer))
	slices.Sort(names)
	return slices.Compact(names)
}

// within is the scope of a tenant inside this global one.
func (s scope[T]) within() scope[T] { return scope[T]{own: map[string]T{}, outer: s.own} }

func (l *loader) main(root *node) *source {
	s := &source{loader: l, dir: l.file.Dir}
	s.calendars.own, s.plans.own, s.lists.own = map[string]*Calendar{}, map[string]*Plan{}, map[string]*List{}
	s.secrets.own, s.routes.own = map[string]Secret{}, map[string]*Route{}
	s.top = s.fields(root, inMain)
	s.base = s.top.data("data")
	s.language, s.phoneRegion = s.top.language(""), s.top.phoneRegion("")
	return s
}

// include reads the files that the main one includes, in the order of its list, those of a glob by name.
func (s *source) include() []*source {
	var sources []*source
	for _, path := range s.paths(s.top.words("include"), "include") {
		if path.S == s.file.Path {
			continue
		}
		in, ok := s.read(path)
		if !ok {
			continue
		}
		root, mistakes := parse(path.S, in.body)
		s.mistakes = append(s.mistakes, mistakes...)
		if root != nil {
			sources = append(sources, s.included(path.S, root))
		}
	}
	return sources
}

func (s *source) included(path string, root *node) *source {
	in := *s
	in.dir = s.disk.dir(path)
	in.top = in.fields(root, inInclude)
	if n := in.top.get("tenant"); n != nil {
		in.calendars, in.plans, in.lists = s.calendars.within(), s.plans.within(), s.lists.within()
		in.secrets, in.routes = s.secrets.within(), s.routes.within()
		in.readTenant(n)
	} else if n := in.top.get("data"); n != nil {
		s.mistake(n.Pos, "data in an included file needs a tenant; set it in the main file or on a route")
	}
	return &in
}

// resolve gives a path that a file of this source names as it is to be opened.
func (s *source) resolve(t Text) string {
	if t.S == "" {
		return ""
	}
	return s.disk.join(s.dir, t.S)
}

// paths resolves file names and globs, each file once. A name without a glob is kept even if there is no such file.
func (s *source) paths(names []Text, key string) []Text {
	var out []Text
	seen := map[string]bool{}
	for _, name := range names {
		if name.S == "" {
			continue // reported where it was read
		}
		full := s.resolve(name)
		found := []string{full}
		if strings.ContainsAny(name.S, "*?[") {
			var err error
			if found, err = s.disk.glob(full); err != nil {
				s.mistake(name.Pos, "%s %s: a [ in a glob wants its ]", key, quote(name.S))
			} else if len(found) == 0 {
				s.warn(name.Pos, "%s %s matches no file", key, quote(name.S))
			}
		}
		for _, path := range found {
			if !seen[path] {
				seen[path] = true
				out = append(out, Text{Pos: name.Pos, S: path})
			}
		}
	}
	return out
}

// prefix is what stands before the names of a source outside of it.
func (s *source) prefix() string {
	if s.tenant == nil {
		return ""
	}
	return s.tenant.Name + "/"
}

// tenantName is "" for what is everybody's.
func (s *source) tenantName() string {
	if s.tenant == nil {
		return ""
	}
	return s.tenant.Name
}

// named gives the entries of a mapping by name, without those whose name is wrong.
func (s *source) named(n *node, key, what string) []entry {
	return slices.DeleteFunc(slices.Clone(s.entries(n, key)), func(e entry) bool { return !s.isName(e.key, what) })
}
