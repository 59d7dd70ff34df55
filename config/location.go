package config

import (
	"cmp"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// location is where an included file lies in the operator's words. The author of a tenant's file
// may choose the file names below it, and the contents.
type location struct {
	name string // "" where no include finds the file any more
	dir  string // path of the directory that the operator made for one author, and whose name it is; "" for none
}

// expectedFile says where a tenant's file must lie.
func (l location) expectedFile(tenant string) string {
	if l.dir != "" {
		return "files in a directory " + tenant
	}
	return "a file " + tenant + ".yaml"
}

// recordIncludes records the main file's includes, for locate.
func (s *source) recordIncludes() {
	in := s.inputs
	in.dir, in.includes = s.dir, nil
	for _, include := range s.top.get("include").scalars() {
		in.includes = append(in.includes, filepath.ToSlash(s.resolve(Text{S: include.text})))
	}
}

// locate returns the location of an included file: what the first wildcard of the include that
// finds the file stands for. In tenants/*/*.yaml that is a directory. In tenants/*.yaml it is the
// file name without its extension, as for a file that is included by its full name.
func (in *Inputs) locate(file string) location {
	steps := strings.Split(filepath.ToSlash(file), "/")
	base := steps[len(steps)-1]
	own := location{name: strings.TrimSuffix(base, path.Ext(base))}
	for _, pattern := range in.includes {
		if pattern == filepath.ToSlash(file) {
			return own
		}
		if ok, err := path.Match(pattern, filepath.ToSlash(file)); err != nil || !ok {
			continue
		}
		first := slices.IndexFunc(strings.Split(pattern, "/"), func(step string) bool {
			return strings.ContainsAny(step, wildcards)
		})
		if first == len(steps)-1 || first < 0 {
			return own
		}
		return location{name: steps[first], dir: filepath.FromSlash(strings.Join(steps[:first+1], "/"))}
	}
	return location{}
}

// Location is where an included file lies, whatever is in it.
type Location struct {
	Name      string // of its directory, if that is one tenant's, else of the file, without its ending
	Owner     string // as of a Tenant whose file lies there
	Directory bool   // the place is a directory that is one tenant's
}

// Location returns the location of a file that the main file includes.
func (in *Inputs) Location(file string) Location {
	loc := in.locate(file)
	if loc.name == "" {
		base := path.Base(filepath.ToSlash(file))
		loc.name = strings.TrimSuffix(base, path.Ext(base))
	}
	return Location{loc.name, in.fromMain(cmp.Or(loc.dir, file)), loc.dir != ""}
}

// fromMain returns a path relative to the main file, however that was named.
func (in *Inputs) fromMain(path string) string {
	if short, err := filepath.Rel(cmp.Or(in.dir, "."), path); err == nil {
		path = short
	}
	return filepath.ToSlash(path)
}

// nameOwner returns the path of the file that owns a tenant's name: the one in the directory of
// that name, which the operator made; else the accepted one; else the one with that file name.
func (s *source) nameOwner(claims []claim, name, accepted string) string {
	var called string
	for _, c := range claims {
		switch loc := s.inputs.locate(c.source.path); {
		case loc.name != name:
		case loc.dir != "" && !s.inputs.locate(accepted).equal(loc):
			return c.source.path
		case called == "":
			called = c.source.path
		}
	}
	if accepted != "" {
		return accepted
	}
	return called
}

// currentClaim returns the path of the claim of the owner in the accepted configuration: of the
// accepted file; else of another file in the same directory, if that is one tenant's, whose author
// may rename files; else the accepted path.
func (s *source) currentClaim(claims []claim, accepted string) string {
	if accepted == "" || slices.ContainsFunc(claims, func(c claim) bool { return c.source.path == accepted }) {
		return accepted
	}
	return cmp.Or(s.claimByOwner(claims, s.ownerOf(accepted)), accepted)
}

func (l location) equal(other location) bool { return l == other && l.name != "" }

// rejectExtraTenants rejects second tenants in a directory of one tenant, whose author would
// otherwise have the limits of several.
func (s *source) rejectExtraTenants(sources []*source) {
	hosts := map[string]string{} // name of the tenant, by that of the directory
	claims := map[string][]claim{}
	for _, src := range sources {
		if loc := s.inputs.locate(src.path); src.tenant != nil && loc.dir != "" && !src.rejected {
			claims[loc.name] = append(claims[loc.name], claim{src.tenant.Pos, src})
		}
	}
	for place, all := range claims {
		hosts[place] = all[0].source.tenant.Name
		for _, c := range all {
			if name := c.source.tenant.Name; name == place ||
				s.accepted.FileByTenant(name) == c.source.path && hosts[place] != place {
				hosts[place] = name
			}
		}
		for _, c := range all {
			if c.source.tenant.Name != hosts[place] {
				c.reject(
					"the directory %q is tenant %q's; give this tenant a directory of its own",
					place, hosts[place])
			}
		}
	}
}

// MayBeTenantFile reports whether a file that cannot be parsed seems to be a tenant's: a glob of
// include matches it, or include names it and it has a line that begins with the key tenant.
func (in *Inputs) MayBeTenantFile(path string) bool {
	return in.files[path] != nil && in.files[path].mayBeTenantFile
}

func hasTenantKey(body []byte) bool {
	return slices.ContainsFunc(splitLines(body), func(line string) bool { return strings.HasPrefix(line, "tenant:") })
}

// Body returns the bytes of a file, which may be secrets; nil if it could not be read.
func (in *Inputs) Body(path string) []byte {
	if f := in.files[path]; f != nil {
		return f.Bytes
	}
	return nil
}
