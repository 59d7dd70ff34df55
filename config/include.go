package config

import (
	"strings"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/parallel"
)

// include reads the files that the main one includes, in the order of its list, those of a glob by name.
func (s *source) include(former *File) []*source {
	var sources []*source
	found := s.includes()
	s.findHomes(found)
	s.ration(found)
	var paths []Text
	for _, f := range found {
		paths = append(paths, f.Text)
	}
	before := s.takeover(former, paths)
	var files []*included
	for _, f := range found {
		if f.S == s.file.Path || s.inputs.without[f.S] {
			continue
		}
		as := ""
		if s.inputs.lodged[f.S] != "" {
			as = f.S
		}
		in, ok := s.readAs(f.Text, as)
		s.inputs.mark(f.S, func(in *Input) {
			in.Source, in.guest = true, f.trust == tenants || f.trust == named && saysTenant(in.Bytes)
		})
		if !ok {
			continue
		}
		files = append(files, &included{path: f.S, trust: f.trust, bytes: in.Bytes, former: before.tenant(f.S)})
	}
	lighten(files, maxAllValues)
	parallel.Each(len(files), func(i int) {
		if files[i].former == nil {
			files[i].parse()
		}
	})
	for _, f := range files {
		if f.former != nil {
			sources = append(sources, s.take(before, f.former))
			continue
		}
		s.mistakes = append(s.mistakes, f.mistakes...)
		if f.root == nil {
			continue
		}
		if err := contain.Do(func() error {
			if in := s.included(f); in != nil {
				sources = append(sources, in)
			}
			return nil
		}); err != nil {
			s.mistakes = append(s.mistakes, diag.Mistakef(diag.Pos{File: f.path}, "%s", err))
		}
	}
	return s.settle(sources)
}

// listed is a file to include, and how far the operator vouches for it.
type listed struct {
	Text
	trust
	of string // the directory of one tenant in which it was to be found and could not be read; "" for what was found
}

// trust says whether a file without a tenant is everybody's.
type trust int

const (
	// It is not: a glob of include found it, and whoever writes a tenant's file may leave the tenant out.
	tenants trust = iota
	named         // it is unless it was a tenant's before: include names it
	shared        // it is: include_shared says so
)

// includes finds the files to include. Where a directory cannot be read, they are those that were accepted in it, else
// the directory itself: reading them says what is wrong, and it is the mistake of the tenants that are there.
func (s *source) includes() []listed {
	var all []listed
	seen := map[string]bool{}
	add := func(f listed) {
		if !seen[f.S] {
			seen[f.S] = true
			all = append(all, f)
		}
	}
	for _, path := range s.paths(s.top.words("include_shared"), "include_shared") {
		add(listed{Text: path, trust: shared})
	}
	for _, name := range s.top.words("include") {
		how := named
		if strings.ContainsAny(name.S, wild) {
			how = tenants
		}
		for _, path := range s.paths([]Text{name}, "include") {
			add(listed{Text: path, trust: how})
		}
		if how == named {
			continue
		}
		for _, b := range s.inputs.glob(s.resolve(name), "").barred {
			lost := s.accepted.sourcesBelow(b.dir)
			if len(lost) == 0 {
				lost = []string{b.dir}
			}
			for _, path := range lost {
				add(listed{Text{Pos: name.Pos, S: path}, tenants, b.of})
			}
		}
	}
	for _, kept := range s.inputs.kept {
		add(listed{Text: Text{S: kept}, trust: tenants})
	}
	return all
}

// included is a file that the main one includes.
type included struct {
	path string
	trust
	bytes    []byte
	former   *Tenant       // that can be taken over; nil: none
	refused  diag.Mistakes // it is not read
	root     *node
	mistakes diag.Mistakes
}

func (f *included) parse() {
	if f.mistakes = f.refused; f.refused != nil {
		return
	}
	if err := contain.Do(func() error { f.root, f.mistakes = parse(f.path, f.bytes); return nil }); err != nil {
		f.root, f.mistakes = nil, diag.Mistakes{diag.Mistakef(diag.Pos{File: f.path}, "%s", err)}
	}
}

// included reads whose file that is; nil if it is not to be read, which is reported.
func (s *source) included(f *included) *source {
	in := *s
	in.path = f.path
	in.dir, in.home = s.inputs.disk.dir(f.path), s.inputs.homes[f.path]
	in.merged, in.said, in.numbers, in.reading = 0, said{}, nil, namedFiles{}
	in.top = in.fields(f.root, inInclude)
	switch n := in.top.get("tenant"); {
	case n != nil:
		in.calendars, in.plans, in.lists = s.calendars.within(), s.plans.within(), s.lists.within()
		in.routes = s.routes.within()
		s.inputs.mark(f.path, func(in *Input) { in.belongs(f.path) })
		in.readTenant(n)
		in.tenant.Owner = s.inputs.fromMain(s.ownerOf(f.path))
		in.secrets = scope[Secret]{own: map[string]Secret{}}
	case f.trust == tenants || f.trust == named && s.accepted.Of(f.path) == f.path:
		if !in.top.whole { // the key may be the one that is misspelt
			return nil
		}
		s.mistake(in.top.Pos,
			"the file has no tenant; set tenant: {name: …}, or, if it is the operator's, list it under include_shared in the main file")
		return nil
	case in.top.get("data") != nil:
		s.mistake(in.top.get("data").Pos,
			"data in an included file needs a tenant; set it in the main file or on a route")
	}
	return &in
}
