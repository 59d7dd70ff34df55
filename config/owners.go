package config

import (
	"crypto/sha256"
	"errors"
	"maps"
	"path/filepath"
	"slices"

	"github.com/callhours/callhours/internal/files"
)

// OwnerSum is a SHA-256 over the names and the bytes of an owner's files, an owner being that of a
// [Place]; of "" over what is everybody's.
type OwnerSum [sha256.Size]byte

// slowSum is the sum of files that take too long to be read.
var slowSum = OwnerSum(sha256.Sum256([]byte("too slow")))

// IsSlow reports whether the files of the owner are unknown because reading them takes too long, or
// does not end.
func (s OwnerSum) IsSlow() bool { return s == slowSum }

// OwnerSums are the sums of all owners: the same for the same files, whatever their times and modes
// are.
func (in *Inputs) OwnerSums() map[string]OwnerSum {
	return in.readSums(owners{in: in})
}

// readSums are the sums of what was read.
func (in *Inputs) readSums(o owners) map[string]OwnerSum {
	return in.ownerSums(o, nil, func(f *Input) (contentSum, error) { return f.content(), f.Err },
		func(l DirQuery) listing { return in.listings[l] })
}

// ownerSums reads nothing of owners that are slow already.
func (in *Inputs) ownerSums(owners owners, slow map[string]bool, read func(*Input) (contentSum, error),
	list func(DirQuery) listing,
) map[string]OwnerSum {
	sums, running := map[string]OwnerSum{}, hashes{}
	markSlow := func(owner string, err error) {
		if owner != "" && errors.Is(err, files.ErrHung) {
			sums[owner] = slowSum
		}
	}
	for _, path := range slices.Sorted(maps.Keys(in.files)) {
		f := in.files[path]
		owner := owners.ofFile(f)
		if slow[owner] {
			continue
		}
		c, err := read(f)
		markSlow(owner, err)
		running.writeFile(owner, path, c)
	}
	for _, l := range slices.SortedFunc(maps.Keys(in.listings), DirQuery.compare) {
		owner := owners.ofTenantFile(l.Tenant)
		if slow[owner] {
			continue
		}
		f := list(l)
		running.write(owner, l.Name)
		for _, name := range f.names {
			running.write(owners.ofMatch(l, name), name)
		}
		for _, b := range f.unreadable {
			dirOwner := owner
			if b.tenantDir != "" && l.Tenant == "" {
				dirOwner = owners.ofDir(b.tenantDir)
			}
			markSlow(dirOwner, b.err)
			running.write(dirOwner, b.dir)
			running.write(dirOwner, b.err.Error())
		}
		if markSlow(owner, f.err); f.err != nil {
			running.write(owner, f.err.Error())
		}
	}
	for owner, h := range running {
		if _, isSlow := sums[owner]; !isSlow {
			sums[owner] = OwnerSum(h.Sum(nil))
		}
	}
	for owner := range slow {
		sums[owner] = slowSum
	}
	return sums
}

// owners tell whose inputs are.
type owners struct {
	in     *Inputs
	single bool              // everything belongs to ""
	cache  map[string]string // by path of an included file
}

// ofFile is the owner of a file: that of the tenant's file that names it or that it is, as far as
// that is known where it cannot be parsed.
func (o *owners) ofFile(f *Input) string {
	if f.Tenant == "" && f.mayBeTenantFile {
		return o.ofTenantFile(f.Path)
	}
	return o.ofTenantFile(f.Tenant)
}

// ofTenantFile is the owner of a tenant's file; "" of "".
func (o *owners) ofTenantFile(file string) string {
	if file == "" || o.single {
		return ""
	}
	owner, known := o.cache[file]
	if !known {
		owner = o.in.Location(file).Owner
		if o.cache == nil {
			o.cache = map[string]string{}
		}
		o.cache[file] = owner
	}
	return owner
}

// ofDir is the owner of a tenant's directory.
func (o *owners) ofDir(dir string) string {
	if o.single {
		return ""
	}
	return o.in.fromMain(dir)
}

// ofMatch is the owner of a name that a query matched: that of the file, if an include matched it.
func (o *owners) ofMatch(l DirQuery, name string) string {
	if o.in.isInclude(l) {
		return o.ofTenantFile(name)
	}
	return o.ofTenantFile(l.Tenant)
}

// isInclude reports whether a query is a glob of main's include.
func (in *Inputs) isInclude(l DirQuery) bool {
	return l.Tenant == "" && !l.Directory && slices.Contains(in.includes, filepath.ToSlash(l.Name))
}

// OwnerOf is the owner of a file; "" for everybody's, or an unknown one. The nil Inputs have none.
func (in *Inputs) OwnerOf(path string) string {
	if in == nil || in.files[path] == nil {
		return ""
	}
	return (&owners{in: in}).ofFile(in.files[path])
}

// keptOwners are the owners whose files stay as they were, whatever they hold by now.
type keptOwners struct {
	owners                 // of what they were
	kept   map[string]bool // owners whose files are as they were
	slow   map[string]bool // owners whose files cannot be read, for that takes too long
}

// Keep uses the files of some owners as they were in accepted, and reads nothing of theirs from
// disk: those of the kept, and of the slow with an error that says so.
func (in *Inputs) Keep(accepted *Inputs, kept, slow map[string]bool) {
	in.keptOwners = &keptOwners{owners{in: accepted}, kept, slow}
	in.disk.skip = func(dir string) error {
		switch owner := in.fromMain(dir); {
		case slow[owner]:
			return files.TooSlow(owner)
		case kept[owner]:
			return errSkipped
		}
		return nil
	}
	for path, f := range accepted.files {
		if f.Source && f.Tenant == path && kept[in.keptOwners.ofFile(f)] {
			in.restored = append(in.restored, path)
		}
	}
	slices.Sort(in.restored)
}

func (k *keptOwners) contains(owner string) bool { return k != nil && (k.kept[owner] || k.slow[owner]) }

// excludes reports whether a file is not read although it exists: its owner's files are kept, and
// it was not among them.
func (k *keptOwners) excludes(path string) bool {
	return k != nil && k.in.files[path] == nil && k.kept[k.in.Location(path).Owner]
}

// keptFile is a file that is kept; nil if it is not.
func (in *Inputs) keptFile(path, home string) *Input {
	if in.keptOwners == nil {
		return nil
	}
	accepted := in.keptOwners.in.files[path]
	owner := ""
	if accepted != nil {
		owner = in.keptOwners.ofFile(accepted)
	} else if path != in.argument {
		owner = in.Location(path).Owner
	}
	switch f := (&Input{Path: path, home: home}); {
	case in.keptOwners.slow[owner]:
		f.Err = files.TooSlow(owner)
		return f
	case accepted != nil && in.keptOwners.kept[owner]:
		f.Bytes, f.Mode, f.Err = accepted.Bytes, accepted.Mode, accepted.Err
		return f
	}
	return nil
}

// keptList replaces what a query matches by what is kept.
func (in *Inputs) keptList(l DirQuery, list func() listing) listing {
	switch {
	case in.keptOwners == nil:
		return list()
	case !in.isInclude(l):
		if in.keptOwners.contains(in.keptOwners.ofTenantFile(l.Tenant)) {
			return in.keptOwners.in.listings[l]
		}
		return list()
	}
	accepted := listing{}
	for _, path := range in.restored {
		if matched, _ := filepath.Match(l.Name, path); matched { // the pattern is one
			accepted.names = append(accepted.names, path)
		}
	}
	return in.mergeListings(list(), accepted, in.keptOwners.kept)
}

// mergeListings is what an include matches, with what another one matched of some owners.
func (in *Inputs) mergeListings(current, other listing, of map[string]bool) listing {
	owners := owners{in: in}
	isTheirName := func(name string) bool { return of[owners.ofTenantFile(name)] }
	isTheirDir := func(b unreadableDir) bool { return b.tenantDir != "" && of[in.fromMain(b.tenantDir)] }
	current.names = slices.DeleteFunc(slices.Clone(current.names), isTheirName)
	current.unreadable = slices.DeleteFunc(slices.Clone(current.unreadable), isTheirDir)
	for _, name := range other.names {
		if isTheirName(name) {
			current.names = append(current.names, name)
		}
	}
	for _, b := range other.unreadable {
		if isTheirDir(b) {
			current.unreadable = append(current.unreadable, b)
		}
	}
	slices.Sort(current.names)
	return current
}

// Restore returns inputs in which the files of some owners are those of former: what was last read
// of them, where their accepted files are used meanwhile. They are for comparing with files, and
// not for loading.
func (in *Inputs) Restore(former *Inputs, of map[string]bool) *Inputs {
	out := *in
	out.files, out.listings = maps.Clone(in.files), maps.Clone(in.listings)
	current, previous := owners{in: in}, owners{in: former}
	maps.DeleteFunc(out.files, func(_ string, f *Input) bool { return of[current.ofFile(f)] })
	for path, f := range former.files {
		if of[previous.ofFile(f)] {
			out.files[path] = f
		}
	}
	maps.DeleteFunc(out.listings, func(l DirQuery, _ listing) bool {
		return of[current.ofTenantFile(l.Tenant)] && !in.isInclude(l)
	})
	for l, f := range former.listings {
		switch _, known := out.listings[l]; {
		case in.isInclude(l) && known:
			out.listings[l] = in.mergeListings(out.listings[l], f, of)
		case of[previous.ofTenantFile(l.Tenant)]:
			out.listings[l] = f
		}
	}
	return &out
}
