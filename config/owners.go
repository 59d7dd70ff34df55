package config

import (
	"crypto/sha256"
	"errors"
	"hash"
	"maps"
	"path/filepath"
	"slices"

	"github.com/callhours/callhours/internal/files"
)

// OwnerSum is a SHA-256 over the names and the bytes of what is one owner's, as of a
// [Place]; of "" what is everybody's.
type OwnerSum [sha256.Size]byte

// tooSlow is the sum of all that takes too long to be read.
var tooSlow = OwnerSum(sha256.Sum256([]byte("too slow")))

// IsSlow reports whether the files of the owner are not known because reading them
// takes too long, or does not end.
func (s OwnerSum) IsSlow() bool { return s == tooSlow }

// OwnerSums are the sums of all owners: the same for the same files,
// whatever their times and modes are.
func (in *Inputs) OwnerSums() map[string]OwnerSum {
	return in.ownerSums(nil, func(f *Input) (contentSum, error) { return f.content(), f.Err },
		func(l DirQuery) listing { return in.listings[l] })
}

// ownerSums asks nothing of what is slow already.
func (in *Inputs) ownerSums(slow map[string]bool, read func(*Input) (contentSum, error), look func(DirQuery) listing,
) map[string]OwnerSum {
	sums, running := map[string]OwnerSum{}, map[string]hash.Hash{}
	late := func(owner string, err error) {
		if owner != "" && errors.Is(err, files.ErrHung) {
			sums[owner] = tooSlow
		}
	}
	say := func(owner, text string) {
		if running[owner] == nil {
			running[owner] = sha256.New()
		}
		hashString(running[owner], text)
	}
	owners := owners{in: in}
	for _, path := range slices.Sorted(maps.Keys(in.files)) {
		f := in.files[path]
		owner := owners.of(f)
		if slow[owner] {
			continue
		}
		c, err := read(f)
		late(owner, err)
		say(owner, path)
		running[owner].Write(c[:])
	}
	for _, l := range slices.SortedFunc(maps.Keys(in.listings), DirQuery.compare) {
		owner := owners.named(l.Tenant)
		if slow[owner] {
			continue
		}
		f := look(l)
		say(owner, l.Name)
		for _, name := range f.names {
			say(owners.found(l, name), name)
		}
		for _, b := range f.unreadable {
			by := owner
			if b.tenantDir != "" && l.Tenant == "" {
				by = in.fromMain(b.tenantDir)
			}
			late(by, b.err)
			say(by, b.dir)
			say(by, b.err.Error())
		}
		if late(owner, f.err); f.err != nil {
			say(owner, f.err.Error())
		}
	}
	for owner, h := range running {
		if _, late := sums[owner]; !late {
			sums[owner] = OwnerSum(h.Sum(nil))
		}
	}
	for owner := range slow {
		sums[owner] = tooSlow
	}
	return sums
}

// owners tell whose inputs are.
type owners struct {
	in *Inputs
	by map[string]string // by path of an included file
}

// of is the owner of a file: of the tenant's that names it or that it is, as far as that can be
// told where it cannot be understood.
func (o *owners) of(f *Input) string {
	if f.Tenant == "" && f.mayBeTenantFile {
		return o.named(f.Path)
	}
	return o.named(f.Tenant)
}

// named is the owner of a tenant's file; "" of "".
func (o *owners) named(file string) string {
	if file == "" {
		return ""
	}
	owner, known := o.by[file]
	if !known {
		owner = o.in.Location(file).Owner
		if o.by == nil {
			o.by = map[string]string{}
		}
		o.by[file] = owner
	}
	return owner
}

// found is the owner of a name that a look found: whose file that is, if an include did.
func (o *owners) found(l DirQuery, name string) string {
	if o.in.includesBy(l) {
		return o.named(name)
	}
	return o.named(l.Tenant)
}

// includesBy reports whether a look is a glob of main's include.
func (in *Inputs) includesBy(l DirQuery) bool {
	return l.Tenant == "" && !l.Directory && slices.Contains(in.includes, filepath.ToSlash(l.Name))
}

// OwnerOf is the owner of a file; "" for everybody's, or one that is not
// known. The nil Inputs know none.
func (in *Inputs) OwnerOf(path string) string {
	if in == nil || in.files[path] == nil {
		return ""
	}
	return (&owners{in: in}).of(in.files[path])
}

// still has the files of some owners be what they were, whatever they hold by now.
type still struct {
	owners                 // of what they were
	kept   map[string]bool // owners whose files are as they were
	slow   map[string]bool // owners whose files cannot be read, for that takes too long
}

// Keep has the files of some owners be as they were in accepted, and nothing asked of the disk
// about them: those of the kept, and of the slow with an error that says so.
func (in *Inputs) Keep(accepted *Inputs, kept, slow map[string]bool) {
	in.still = &still{owners{in: accepted}, kept, slow}
	in.disk.passed = func(dir string) error {
		switch owner := in.fromMain(dir); {
		case slow[owner]:
			return files.TooSlow(owner)
		case kept[owner]:
			return errPassed
		}
		return nil
	}
	for path, f := range accepted.files {
		if f.Source && f.Tenant == path && kept[in.still.of(f)] {
			in.restored = append(in.restored, path)
		}
	}
	slices.Sort(in.restored)
}

func (s *still) keeps(owner string) bool { return s != nil && (s.kept[owner] || s.slow[owner]) }

// lacks reports whether a file is not read, though it is there: its owner's are as they
// were, and it was not among them.
func (s *still) lacks(path string) bool {
	return s != nil && s.in.files[path] == nil && s.kept[s.in.Location(path).Owner]
}

// keptFile gives a file that is kept; nil if it is not.
func (in *Inputs) keptFile(path, home string) *Input {
	if in.still == nil {
		return nil
	}
	was := in.still.in.files[path]
	owner := ""
	if was != nil {
		owner = in.still.of(was)
	} else if path != in.argument {
		owner = in.Location(path).Owner
	}
	switch f := (&Input{Path: path, home: home}); {
	case in.still.slow[owner]:
		f.Err = files.TooSlow(owner)
		return f
	case was != nil && in.still.kept[owner]:
		f.Bytes, f.Mode, f.Err = was.Bytes, was.Mode, was.Err
		return f
	}
	return nil
}

// keptList puts what is kept in the place of what a look finds.
func (in *Inputs) keptList(l DirQuery, look func() listing) listing {
	switch {
	case in.still == nil:
		return look()
	case !in.includesBy(l):
		if in.still.keeps(in.still.named(l.Tenant)) {
			return in.still.in.listings[l]
		}
		return look()
	}
	was := listing{}
	for _, path := range in.restored {
		if fits, _ := filepath.Match(l.Name, path); fits { // the pattern is one
			was.names = append(was.names, path)
		}
	}
	return in.mixed(look(), was, in.still.kept)
}

// mixed is what an include found, with what another found of some owners.
func (in *Inputs) mixed(is, other listing, of map[string]bool) listing {
	owners := owners{in: in}
	isTheirs := func(name string) bool { return of[owners.named(name)] }
	are := func(b unreadableDir) bool { return b.tenantDir != "" && of[in.fromMain(b.tenantDir)] }
	is.names = slices.DeleteFunc(slices.Clone(is.names), isTheirs)
	is.unreadable = slices.DeleteFunc(slices.Clone(is.unreadable), are)
	for _, name := range other.names {
		if isTheirs(name) {
			is.names = append(is.names, name)
		}
	}
	for _, b := range other.unreadable {
		if are(b) {
			is.unreadable = append(is.unreadable, b)
		}
	}
	slices.Sort(is.names)
	return is
}

// Restore gives inputs in which what is some owners' is that of former: what was read of
// them last, where their accepted files stand in meanwhile. They are to be compared with
// files, and not to be loaded.
func (in *Inputs) Restore(former *Inputs, of map[string]bool) *Inputs {
	out := *in
	out.files, out.listings = maps.Clone(in.files), maps.Clone(in.listings)
	is, was := owners{in: in}, owners{in: former}
	maps.DeleteFunc(out.files, func(_ string, f *Input) bool { return of[is.of(f)] })
	for path, f := range former.files {
		if of[was.of(f)] {
			out.files[path] = f
		}
	}
	maps.DeleteFunc(out.listings, func(l DirQuery, _ listing) bool {
		return of[is.named(l.Tenant)] && !in.includesBy(l)
	})
	for l, f := range former.listings {
		switch _, known := out.listings[l]; {
		case in.includesBy(l) && known:
			out.listings[l] = in.mixed(out.listings[l], f, of)
		case of[was.named(l.Tenant)]:
			out.listings[l] = f
		}
	}
	return &out
}
