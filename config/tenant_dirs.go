package config

import (
	"cmp"
	"maps"
	"path"
	"path/filepath"
	"strings"

	"github.com/callhours/callhours/internal/files"
)

// findHomes finds the directories in which tenants' files may name files: the one that the operator
// made for the tenant (see [Inputs.locate]), which the tenant's file must not lead out of either;
// else that of the tenant's file, if nothing else of the configuration lies there or below; else
// the one beside the file with its name without extension; none where something else lies there
// too. It runs once: a tenant whose former file is used has its former directory.
func (s *source) findHomes(all []includedPath) {
	in := s.inputs
	if in.frozen && in.homes != nil {
		return
	}
	lies := map[string]int{} // how many files lie in a directory or below it
	count := func(name string) {
		for at := in.disk.abs(name); ; {
			up := path.Dir(at)
			if up == at {
				return
			}
			lies[up]++
			at = up
		}
	}
	count(s.file.Path)
	for _, name := range s.operatorPaths() {
		count(name)
	}
	operators := maps.Clone(lies)
	for _, f := range all {
		count(f.S)
	}
	in.homes, in.tenantDirs = map[string]string{}, map[string]string{}
	for _, f := range all {
		if at := cmp.Or(s.inputs.locate(f.S).dir, f.tenantDir); at != "" {
			if in.tenantDirs[f.S] = at; operators[in.disk.abs(at)] == 0 {
				in.homes[f.S] = at
			}
			continue
		}
		dir := in.disk.dir(f.S)
		beside := in.disk.siblingDir(f.S)
		switch {
		case lies[in.disk.abs(cmp.Or(dir, "."))] == 1:
			in.homes[f.S] = cmp.Or(dir, ".")
		case lies[in.disk.abs(beside)] == 0 && beside != f.S:
			in.homes[f.S] = beside
		}
	}
}

// tenantDirs are the directories of one tenant.
type tenantDirs struct {
	dir  string // of which what lies there is the tenant's
	home string // of which the tenant's files may name files; "" for none
}

// tenantDirsOf returns the directories of the tenant in whose directory a file lies; false for
// none. The nil File has none.
func (f *File) tenantDirsOf(name string) (dirs tenantDirs, ok bool) {
	if f == nil {
		return dirs, false
	}
	in := f.Inputs
	for _, places := range []map[string]string{in.homes, in.tenantDirs} {
		for by, dir := range places {
			if dir != "" && in.disk.contains(in.disk.abs(dir), in.disk.abs(name)) && len(dir) > len(dirs.dir) {
				dirs, ok = tenantDirs{dir, in.homes[by]}, true
			}
		}
	}
	return dirs, ok
}

// InTenantDir reports whether a file lies in a tenant's directory, so that it names files by the
// tenant's rules.
func (f *File) InTenantDir(name string) bool {
	_, ok := f.tenantDirsOf(name)
	return ok
}

// operatorPaths returns what else the main file names, which no tenant may read; of a glob, the
// part before its first wildcard.
func (s *source) operatorPaths() []string {
	var names []string
	for _, key := range []string{"secrets", "state_dir", "templates", "admin_web_config"} {
		for _, n := range s.top.get(key).scalars() {
			if i := strings.IndexAny(n.text, wildcards); i >= 0 {
				n = &node{text: n.text[:i] + "x"}
			}
			if n.text == "" {
				continue
			}
			name := s.inputs.disk.join(s.dir, n.text)
			names = append(names, name)
			if key != "admin_web_config" { // or a directory
				names = append(names, s.inputs.disk.join(name, "x"))
			}
		}
	}
	if tls := s.top.get("tls"); tls != nil {
		for _, n := range append(tls.child("cert_file").scalars(), tls.child("key_file").scalars()...) {
			names = append(names, s.inputs.disk.join(s.dir, n.text))
		}
	}
	return names
}

// resolveAllowed resolves the name of a file, or a glob, that a source names; "" for a tenant's
// that may not name it, which is reported.
func (s *source) resolveAllowed(t Text, key string) string {
	full := s.resolve(t)
	if full == "" || s.tenant == nil {
		return full
	}
	d := s.inputs.disk
	switch {
	case s.home == "":
		s.mistake(t.Pos,
			"%s %s: other files of the configuration are beside this one and in %q, so it cannot name files; "+
				"put it into a directory of its own", key, quote(t.S), d.siblingDir(s.path))
	case !d.contains(d.abs(s.home), d.abs(full)):
		s.mistake(t.Pos,
			"%s %s is outside of %q, the directory of which this tenant's file may name files; move it there", key,
			quote(t.S), s.home)
	default:
		return full
	}
	return ""
}

// siblingDir returns the directory beside a file with the file's name, without its extension.
func (d disk) siblingDir(file string) string {
	return d.join(d.dir(file), strings.TrimSuffix(path.Base(filepath.ToSlash(file)), path.Ext(file)))
}

// confinedTo is a disk that has only what lies below a directory, whatever links
// there are; "" for everything.
func (d disk) confinedTo(dir string) disk {
	switch {
	case dir == "":
	case d.fsys == nil:
		d.home = dir
	default: // files in memory have no links
		d.tenantDir = dir
	}
	return d
}

func (d disk) tree() files.Tree {
	if d.home != "" {
		return files.Tree{FS: files.Below(d.home), Time: d.time}
	}
	return files.Tree{FS: d.fsys, Home: d.tenantDir, Time: d.time}
}

// abs returns a name in a form that can be compared.
func (d disk) abs(name string) string {
	if d.fsys == nil {
		if full, err := filepath.Abs(name); err == nil {
			return filepath.ToSlash(full)
		}
	}
	return path.Join("/", filepath.ToSlash(name))
}
