package config

import (
	"strings"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/parallel"
)

// include reads the files that the main file includes, in the order of its list, those of a glob
// sorted by name.
func (s *source) include(former *File) []*source {
	var sources []*source
	found := s.findIncludes()
	s.findHomes(found)
	s.limitIncludes(found)
	var paths []Text
	for _, f := range found {
		paths = append(paths, f.Text)
	}
	before := s.findReusable(former, paths)
	var files []*includedFile
	for _, f := range found {
		if f.S == s.file.Path || s.inputs.excluded[f.S] || s.inputs.keptOwners.excludes(f.S) {
			continue
		}
		as := ""
		if s.inputs.tenantDirs[f.S] != "" {
			as = f.S
		}
		input, ok := s.readAs(f.Text, as)
		s.inputs.update(f.S, func(input *Input) {
			input.Source, input.mayBeTenantFile = true, f.trust == trustTenant ||
				f.trust == trustNamed && hasTenantKey(input.Bytes)
		})
		if !ok {
			continue
		}
		files = append(files, &includedFile{path: f.S, trust: f.trust, bytes: input.Bytes, former: before.tenant(f.S)})
	}
	rejectLargest(files, maxAllValues)
	parallel.Each(len(files), func(i int) {
		if files[i].former == nil {
			files[i].parse()
		}
	})
	for _, f := range files {
		if f.former != nil {
			sources = append(sources, s.reuseTenant(before, f.former))
			continue
		}
		s.mistakes = append(s.mistakes, f.mistakes...)
		if f.root == nil {
			continue
		}
		if err := contain.Do(func() error {
			if src := s.readIncluded(f); src != nil {
				sources = append(sources, src)
			}
			return nil
		}); err != nil {
			s.mistakes = append(s.mistakes, diag.Mistakef(diag.Pos{File: f.path}, "%s", err))
		}
	}
	return s.resolveClaims(sources)
}

// includedPath is the path of a file to include, and how far the operator vouches for the file.
type includedPath struct {
	Text
	trust
	// of a path that could not be listed: the directory of its tenant; else ""
	tenantDir string
}

// trust says whether a file without the key tenant is the operator's.
type trust int

const (
	// No: a glob of include finds the file, and the author of a tenant's file may omit the key.
	trustTenant trust = iota
	trustNamed        // yes, unless it was a tenant's before: include names it
	trustShared       // yes: include_shared names it
)

// findIncludes finds the files to include. For a directory that cannot be read these are the
// accepted files in it, else the directory itself: reading them reports the error as a mistake of
// the tenants there.
func (s *source) findIncludes() []includedPath {
	var all []includedPath
	seen := map[string]bool{}
	add := func(f includedPath) {
		if !seen[f.S] {
			seen[f.S] = true
			all = append(all, f)
		}
	}
	for _, path := range s.paths(s.top.nonBlanks("include_shared"), "include_shared") {
		add(includedPath{Text: path, trust: trustShared})
	}
	for _, name := range s.top.nonBlanks("include") {
		trust := trustNamed
		if strings.ContainsAny(name.S, wildcards) {
			trust = trustTenant
		}
		for _, path := range s.paths([]Text{name}, "include") {
			add(includedPath{Text: path, trust: trust})
		}
		if trust == trustNamed {
			continue
		}
		for _, b := range s.inputs.glob(s.resolve(name), "").unreadable {
			lost := s.accepted.sourcesBelow(b.dir)
			if len(lost) == 0 {
				lost = []string{b.dir}
			}
			for _, path := range lost {
				add(includedPath{Text{Pos: name.Pos, S: path}, trustTenant, b.tenantDir})
			}
		}
	}
	for _, kept := range s.inputs.restored {
		add(includedPath{Text: Text{S: kept}, trust: trustTenant})
	}
	return all
}

// includedFile is a file that the main one includes.
type includedFile struct {
	path string
	trust
	bytes    []byte
	former   *Tenant       // that can be taken over; nil: none
	rejected diag.Mistakes // it is not read
	root     *node
	mistakes diag.Mistakes
}

func (f *includedFile) parse() {
	if f.mistakes = f.rejected; f.rejected != nil {
		return
	}
	if err := contain.Do(func() error { f.root, f.mistakes = parse(f.path, f.bytes); return nil }); err != nil {
		f.root, f.mistakes = nil, diag.Mistakes{diag.Mistakef(diag.Pos{File: f.path}, "%s", err)}
	}
}

// readIncluded reads to which tenant a file belongs; nil if the file must not be read, which it
// reports.
func (s *source) readIncluded(f *includedFile) *source {
	src := *s
	src.path = f.path
	src.dir, src.home = s.inputs.disk.dir(f.path), s.inputs.homes[f.path]
	src.mergedKeys, src.counter, src.numbers, src.namedFiles = 0, mistakeCounter{}, nil, namedFiles{}
	src.top = src.fields(f.root, inInclude)
	switch n := src.top.get("tenant"); {
	case n != nil:
		src.calendars, src.plans, src.lists = s.calendars.inner(), s.plans.inner(), s.lists.inner()
		src.routes = s.routes.inner()
		s.inputs.update(f.path, func(input *Input) { input.setTenant(f.path) })
		src.readTenant(n)
		src.tenant.Owner = s.inputs.fromMain(s.ownerOf(f.path))
		src.secrets = scope[Secret]{own: map[string]Secret{}}
	case f.trust == trustTenant || f.trust == trustNamed && s.accepted.TenantFile(f.path) == f.path:
		if !src.top.allKnown { // the key may be the one that is misspelt
			return nil
		}
		s.mistake(src.top.Pos,
			"the file has no tenant; set tenant: {name: …}, or, if it is the operator's, list it under include_shared in the main file")
		return nil
	case src.top.get("data") != nil:
		s.mistake(src.top.get("data").Pos,
			"data in an included file needs a tenant; set it in the main file or on a route")
	}
	return &src
}
