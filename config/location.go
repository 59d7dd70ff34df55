package config

import (
	"cmp"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// lodging is what the operator calls the place of an included file. A tenant's author may choose the names below
// it, and what is in the file.
type lodging struct {
	name      string // "" where no include finds the file any more
	directory string // path of the directory that the operator made for one author, and whose name it is; "" for none
}

// wanted says where a tenant's file has to lie.
func (l lodging) wanted(tenant string) string {
	if l.directory != "" {
		return "files in a directory " + tenant
	}
	return "a file " + tenant + ".yaml"
}

// findPlaces notes what the main file includes, so that the place of each included file can be told.
func (s *source) findPlaces() {
	in := s.inputs
	in.dir, in.includes = s.dir, nil
	for _, include := range s.top.get("include").scalars() {
		in.includes = append(in.includes, filepath.ToSlash(s.resolve(Text{S: include.text})))
	}
}

// placeOf is the place of an included file: what the first wildcard of the include that finds it stands for. Where that
// is in a directory's name (tenants/*/*.yaml) it is the directory's; in the file's own name (tenants/*.yaml) it is
// that, without its ending, as it is for a file that is named whole.
func (s *source) placeOf(file string) lodging { return s.inputs.placeOf(file) }

func (in *Inputs) placeOf(file string) lodging {
	steps := strings.Split(filepath.ToSlash(file), "/")
	base := steps[len(steps)-1]
	own := lodging{name: strings.TrimSuffix(base, path.Ext(base))}
	for _, pattern := range in.includes {
		if pattern == filepath.ToSlash(file) {
			return own
		}
		if ok, err := path.Match(pattern, filepath.ToSlash(file)); err != nil || !ok {
			continue
		}
		first := slices.IndexFunc(strings.Split(pattern, "/"), func(step string) bool {
			return strings.ContainsAny(step, wild)
		})
		if first == len(steps)-1 || first < 0 {
			return own
		}
		return lodging{name: steps[first], directory: filepath.FromSlash(strings.Join(steps[:first+1], "/"))}
	}
	return lodging{}
}

// Place is where an included file lies, whatever is in it.
type Place struct {
	Name      string // of its directory, if that is one tenant's, else of the file, without its ending
	Owner     string // as of a Tenant whose file lies there
	Directory bool   // the place is a directory that is one tenant's
}

// Place is that of a file which the main file includes.
func (in *Inputs) Place(file string) Place {
	at := in.placeOf(file)
	if at.name == "" {
		base := path.Base(filepath.ToSlash(file))
		at.name = strings.TrimSuffix(base, path.Ext(base))
	}
	return Place{at.name, in.fromMain(cmp.Or(at.directory, file)), at.directory != ""}
}

// fromMain is a path as it is seen from the main file, however that was named.
func (in *Inputs) fromMain(path string) string {
	if short, err := filepath.Rel(cmp.Or(in.dir, "."), path); err == nil {
		path = short
	}
	return filepath.ToSlash(path)
}

// rightful is the path of the file whose name a tenant's is: that in the directory of that name, which the operator
// made; else the one that had it when the configuration was accepted last; else the one that is called so.
func (s *source) rightful(claims []claim, name, accepted string) string {
	var called string
	for _, c := range claims {
		switch at := s.placeOf(c.by.path); {
		case at.name != name:
		case at.directory != "" && !s.placeOf(accepted).is(at):
			return c.by.path
		case called == "":
			called = c.by.path
		}
	}
	if accepted != "" {
		return accepted
	}
	return called
}

// present is the path of the claim of whoever had something in an accepted file: that file's, else another's in the
// same directory, if that is one tenant's, whose author may rename files there; the file as it was if there is none.
func (s *source) present(claims []claim, accepted string) string {
	if accepted == "" || slices.ContainsFunc(claims, func(c claim) bool { return c.by.path == accepted }) {
		return accepted
	}
	return cmp.Or(s.returned(claims, Hold{Owner: s.ownerOf(accepted)}), accepted)
}

func (l lodging) is(other lodging) bool { return l == other && l.name != "" }

// refuseLodgers refuses second tenants in a directory of one: whoever writes there would have as much
// as several tenants may have.
func (s *source) refuseLodgers(sources []*source, refused map[*source]bool) {
	hosts := map[string]string{} // name of the tenant, by that of the directory
	claims := map[string][]claim{}
	for _, in := range sources {
		if at := s.placeOf(in.path); in.tenant != nil && at.directory != "" && !refused[in] {
			claims[at.name] = append(claims[at.name], claim{in.tenant.Pos, in})
		}
	}
	for place, all := range claims {
		hosts[place] = all[0].by.tenant.Name
		for _, c := range all {
			if name := c.by.tenant.Name; name == place ||
				s.accepted.FileOf(name) == c.by.path && hosts[place] != place {
				hosts[place] = name
			}
		}
		for _, c := range all {
			if c.by.tenant.Name != hosts[place] {
				c.by.reject(c, refused, "the directory %q is tenant %q's; give this tenant a directory of its own",
					place, hosts[place])
			}
		}
	}
}

// MayBeTenants reports whether a file is a tenant's as far as can be told where it cannot be understood: a glob of
// include found it, or include names it and it has a line that begins with the key tenant.
func (in *Inputs) MayBeTenants(path string) bool {
	return in.files[path] != nil && in.files[path].guest
}

func saysTenant(body []byte) bool {
	return slices.ContainsFunc(splitLines(body), func(line string) bool { return strings.HasPrefix(line, "tenant:") })
}

// Body is what a file holds, which may be secrets; nil for one that could not be read.
func (in *Inputs) Body(path string) []byte {
	if f := in.files[path]; f != nil {
		return f.Bytes
	}
	return nil
}
