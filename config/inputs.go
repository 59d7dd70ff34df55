package config

import (
	"cmp"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/files"
)

// Input is a file as it was read, or the error of reading it. Its bytes may contain secrets.
type Input struct {
	Path  string
	Bytes []byte
	Mode  fs.FileMode
	Err   error // nil: it was read
	// Tenant is the path of the tenant's file that names this file, or that this is; "" for a file
	// of the operator or of several tenants.
	Tenant string
	Name   string // of the tenant whose file this is; "" for others, and where it cannot be understood
	Source bool   // it is YAML of the configuration: the main file, or one that it includes
	// Accounts are what a tenant's file claims, in lower case.
	Accounts []string

	mayBeTenantFile bool     // see MayBeTenantFile
	readers         []string // tenants' files that name it, and "" for what is everybody's
	skipped         bool     // it was not read; Err says why
	// of skipped files: a text that changes when one of stampPaths does; "" without sizes
	stamp      string
	stampPaths []string // the paths of these files
	rejected   bool     // Bytes were read, and Err says why they are not to be used
	home       string   // the directory that it must not lead out of; "" for none
}

// Inputs are the files of a configuration as they were when first read: YAML, secrets, lists of
// numbers, templates, and which files the globs found. Loading from the same Inputs again gives the
// same result. Load fills them and they do not change after it; those of [Inputs.With] and [Unpack]
// are never read from disk.
type Inputs struct {
	disk       disk
	prefetched map[string]*Input // read from disk, and not used yet
	frozen     bool              // nothing more is read from disk
	argument   string            // the file that the command line names, which may be a pipe
	files      map[string]*Input
	listings   map[DirQuery]listing
	dirCache   *dirCache                            // during Load; else nil
	restored   []string                             // tenants' files that are read although no include finds them
	excluded   map[string]bool                      // tenants' files that are not loaded
	check      func(path string, body []byte) error // see SetCheck; nil: no check
	former     *Inputs                              // has what restored files name; nil: nothing
	keptOwners *keptOwners                          // during Load, see Keep; else nil
	withdrawn  map[string]bool                      // tenants' files that name a secret which is; see Secret
	// homes are the directories in which tenants' files may name files, by the path of the tenant's
	// file.
	homes map[string]string
	// tenantDirs are the directories that the operator made for one tenant each, by the path of a
	// file there. The file does not lead out of its directory.
	tenantDirs   map[string]string
	bytesRead    map[string]int // bytes read of the included files in each of them
	reservations []Reservation  // see Reservations

	dir      string   // of the main file
	includes []string // what it includes, as paths and globs
}

// DirQuery finds which files match a glob, or which templates are in a directory.
type DirQuery struct {
	Tenant    string // as in Input
	Name      string // of the directory, or the glob
	Directory bool
}

type listing struct {
	names      []string        // sorted; without its own name in a directory
	unreadable []unreadableDir // directories that a glob leads to and that cannot be read
	err        error
}

// unreadableDir is a directory that cannot be read, and why.
type unreadableDir struct {
	dir       string
	err       error
	tenantDir string // the directory of one tenant in which it lies; "" for none
}

// NewInputs returns empty inputs, which Load reads from fsys; nil: the operating system.
func NewInputs(fsys fs.FS) *Inputs {
	return &Inputs{
		disk: disk{fsys: fsys, time: &files.Budget{}}, files: map[string]*Input{}, prefetched: map[string]*Input{},
		listings: map[DirQuery]listing{}, dirCache: newDirCache(), bytesRead: map[string]int{},
	}
}

// Open reads the main file, as Load would.
func (in *Inputs) Open(main string) {
	in.argument = main
	in.read(main, "")
}

// SetCheck sets a check of each file that was read from disk, and applies it to those that were
// read already. Its error makes the file unusable, which is a mistake like any other.
func (in *Inputs) SetCheck(check func(path string, body []byte) error) {
	in.check = check
	for _, f := range in.files {
		in.checkFile(f)
	}
}

func (in *Inputs) checkFile(f *Input) {
	if f.Err != nil || in.check == nil {
		return
	}
	f.Err = in.check(f.Path, f.Bytes)
	f.rejected = f.Err != nil
}

// Files returns all files that were read, or should have been, sorted by path.
func (in *Inputs) Files() []Input {
	list := make([]Input, 0, len(in.files))
	for _, path := range slices.Sorted(maps.Keys(in.files)) {
		list = append(list, *in.files[path])
	}
	return list
}

// TenantFile returns the path of the tenant's file to which a file belongs; "" for the operator's
// or an unknown file. The nil Inputs have none.
func (in *Inputs) TenantFile(path string) string {
	if in == nil {
		return ""
	}
	if f := in.files[path]; f != nil {
		return f.Tenant
	}
	return ""
}

// IsSource reports whether a file is the main one or one that it includes, and not of secrets or
// numbers.
func (in *Inputs) IsSource(path string) bool { return in.files[path] != nil && in.files[path].Source }

// TenantName returns the name of the tenant in a file; "" if it has none or cannot be parsed.
func (in *Inputs) TenantName(path string) string {
	if f := in.files[path]; f != nil {
		return f.Name
	}
	return ""
}

// FileByTenant returns the path of a tenant's file; "" if there is none.
func (in *Inputs) FileByTenant(tenant string) string {
	if in == nil {
		return ""
	}
	for path, f := range in.files {
		if f.Name == tenant && tenant != "" {
			return path
		}
	}
	return ""
}

// TenantNames returns the names of tenants by the paths of their files, of those that can be
// parsed. The nil Inputs have none.
func (in *Inputs) TenantNames() map[string]string {
	names := map[string]string{}
	if in != nil {
		for path, f := range in.files {
			if f.Name != "" {
				names[path] = f.Name
			}
		}
	}
	return names
}

// StateDir returns the state_dir of the main file, as far as it can be found where that is not
// YAML; "" for none.
func (in *Inputs) StateDir(path string) string {
	f := in.files[path]
	if f == nil {
		return ""
	}
	for _, line := range splitLines(f.Bytes) {
		if rest, ok := strings.CutPrefix(line, "state_dir:"); ok {
			rest, _, _ = strings.Cut(rest, " #")
			if dir := strings.Trim(strings.TrimSpace(rest), `"'`); dir != "" {
				return in.disk.join(in.disk.dir(path), dir)
			}
		}
	}
	return ""
}

// EmptiedGlobs returns the globs of the main file's include that matched tenants' files in former
// and match none now, with these files.
func (in *Inputs) EmptiedGlobs(former *Inputs) map[string][]string {
	gone := map[string][]string{}
	for query, f := range former.listings {
		names, ok := in.listings[query]
		if !query.Directory && query.Tenant == "" && ok && len(names.names) == 0 && len(names.unreadable) == 0 {
			for _, name := range f.names {
				if former.IsSource(name) {
					gone[query.Name] = append(gone[query.Name], name)
				}
			}
		}
	}
	return gone
}

// Has reports whether a file was read.
func (in *Inputs) Has(path string) bool { return in.files[path] != nil && in.files[path].Err == nil }

// Line returns a line of a file, counted from 1, without its end; "" if there is none.
func (in *Inputs) Line(pos diag.Pos) string {
	f := in.files[pos.File]
	if f == nil || pos.Line < 1 {
		return ""
	}
	lines := splitLines(f.Bytes)
	if pos.Line > len(lines) {
		return ""
	}
	return strings.TrimLeft(lines[pos.Line-1], "\ufeff")
}

// With returns inputs in which some tenants have their files of former. The keys of instead are
// paths of tenants' files; the values are the files of former to use in their place, or "" to leave
// the tenant out.
func (in *Inputs) With(former *Inputs, replacements map[string]string) *Inputs {
	out := &Inputs{
		disk: in.disk, frozen: true, files: maps.Clone(in.files), listings: maps.Clone(in.listings), former: former,
		excluded: map[string]bool{}, dir: in.dir, includes: in.includes, restored: slices.Clone(in.restored),
	}
	maps.Copy(out.excluded, in.excluded)
	maps.DeleteFunc(out.files, func(_ string, f *Input) bool {
		_, replaced := replacements[f.Tenant]
		return replaced && f.Tenant != ""
	})
	maps.DeleteFunc(out.listings, func(l DirQuery, _ listing) bool {
		_, replaced := replacements[l.Tenant]
		return replaced && l.Tenant != ""
	})
	out.homes, out.tenantDirs, out.reservations = maps.Clone(in.homes), maps.Clone(in.tenantDirs), in.reservations
	restored := map[string]bool{}
	for replaced, path := range replacements {
		if home := former.homes[path]; home != "" {
			out.homes[path] = home
		}
		delete(out.files, replaced)
		out.excluded[replaced] = replaced != path
		restored[path] = path != ""
	}
	for path, f := range former.files {
		if restored[f.Tenant] {
			out.files[path] = f
		}
	}
	for query, f := range former.listings {
		if restored[query.Tenant] {
			out.listings[query] = f
		}
	}
	for glob, files := range in.EmptiedGlobs(former) { // so that they are still gone when that is the former one
		if files = slices.DeleteFunc(files, func(path string) bool { return !restored[path] }); len(files) > 0 {
			out.listings[DirQuery{Name: glob}] = listing{names: files}
		}
	}
	out.restored = slices.DeleteFunc(out.restored, func(path string) bool { return out.excluded[path] || restored[path] })
	for _, path := range slices.Sorted(maps.Keys(restored)) {
		if restored[path] {
			out.restored = append(out.restored, path)
		}
	}
	return out
}

// read returns a file on behalf of a tenant's file, or of "". It reads each file once.
func (in *Inputs) read(path, tenant string) *Input {
	f := in.peek(path, in.confinedDir(path, tenant))
	if other := in.files[path]; other != nil && other != f { // somebody else may have it, wherever it leads
		if f.Err == nil {
			other.addReader(tenant)
		}
		return f
	}
	in.files[path] = f
	if !in.frozen {
		f.addReader(tenant)
	}
	return f
}

// addReader adds a tenant's file, or "", to those on whose behalf a file is read.
func (f *Input) addReader(tenant string) {
	if !slices.Contains(f.readers, tenant) {
		f.readers = append(f.readers, tenant)
		if f.Tenant = f.readers[0]; len(f.readers) > 1 {
			f.Tenant = ""
		}
	}
}

// confinedDir returns the directory that a file must not lead out of; "" for none. The file of a
// tenant may be the operator's link, unless it lies in a directory where the tenant chooses names.
func (in *Inputs) confinedDir(path, tenant string) string {
	if path == tenant {
		return in.tenantDirs[path]
	}
	return in.homes[tenant]
}

// peek reads a file without adding it to the inputs. home is its confinedDir.
func (in *Inputs) peek(path, home string) *Input {
	if f := cmp.Or(in.files[path], in.prefetched[path]); f != nil &&
		(in.frozen || f.skipped || f.home == home || home == "" && f.Err == nil) {
		return f
	}
	f := &Input{Path: path, home: home}
	switch {
	case in.frozen && in.former != nil && in.former.files[path] != nil:
		f = in.former.files[path]
	case in.frozen:
		f.Err = fs.ErrNotExist
	case in.keptFile(path, home) != nil:
		f = in.keptFile(path, home)
		in.countBytes(f)
		in.checkFile(f)
	case path == in.argument:
		f.Bytes, f.Mode, f.Err = in.disk.readArgument(path)
		in.checkFile(f)
	default:
		f.Bytes, f.Mode, f.Err = in.disk.confinedTo(home).read(path)
		in.countBytes(f)
		in.checkFile(f)
	}
	if in.prefetched == nil {
		in.prefetched = map[string]*Input{}
	}
	in.prefetched[path] = f
	return f
}

// update records what a file turned out to be. Frozen inputs have it recorded, and may be in use
// elsewhere.
func (in *Inputs) update(path string, note func(*Input)) {
	if !in.frozen {
		note(in.files[path])
	}
}

func (in *Inputs) noteWithdrawn(tenant string) {
	if in.withdrawn == nil {
		in.withdrawn = map[string]bool{}
	}
	in.withdrawn[tenant] = true
}

// setTenant makes a file a tenant's own.
func (f *Input) setTenant(path string) { f.Tenant, f.readers = path, []string{path} }

// glob finds the names that fit a pattern.
func (in *Inputs) glob(pattern, tenant string) listing {
	return in.list(DirQuery{Tenant: tenant, Name: pattern})
}

// sourcesBelow returns the paths of tenants' files below a directory, sorted. The nil Inputs have
// none.
func (in *Inputs) sourcesBelow(dir string) []string {
	var paths []string
	if in != nil {
		for path, f := range in.files {
			if f.Source && f.Tenant == path && in.disk.contains(dir, path) {
				paths = append(paths, path)
			}
		}
	}
	slices.Sort(paths)
	return paths
}

// templateExt is the extension of template files.
const templateExt = ".json.tmpl"

// templates gives the names of the template files in a directory, sorted.
func (in *Inputs) templates(dir string) ([]string, error) {
	f := in.list(DirQuery{Name: dir, Directory: true})
	return f.names, f.err
}

func (in *Inputs) list(l DirQuery) listing {
	f := in.peekList(l)
	in.listings[l] = f
	return f
}

// peekList is list without adding the listing to the inputs.
func (in *Inputs) peekList(l DirQuery) listing {
	f, ok := in.listings[l]
	switch {
	case ok:
		return f
	case in.frozen && in.former != nil:
		return in.former.listings[l]
	case in.frozen:
		return listing{}
	}
	return in.keptList(l, func() listing { return in.listDisk(l, in.dirCache) })
}

// listDisk lists from disk; each directory once for all globs in cache.
func (in *Inputs) listDisk(l DirQuery, cache *dirCache) listing {
	d := in.disk.confinedTo(in.homes[l.Tenant])
	d.cache, d.tenant = cache, l.Tenant
	return d.run(l)
}

// run lists the files of a DirQuery.
func (d disk) run(l DirQuery) listing {
	var f listing
	if !l.Directory {
		f.names, f.unreadable, f.err = d.glob(l.Name)
		return f
	}
	if f.names, f.err = d.list(l.Name); f.err == nil {
		f.names = slices.DeleteFunc(f.names, func(name string) bool { return !strings.HasSuffix(name, templateExt) })
	}
	return f
}
