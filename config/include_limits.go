package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// What included files may hold, in bytes: they are in memory while a configuration is
// read, and as long as it is used.
const (
	mostOwnSources     = 100 // files in the directory of one tenant
	mostOwnSourceBytes = 2 * maxFile
	mostSourceBytes    = 256 << 20 // of all
)

// ownerFiles is what one owner has of the included files: those in the directory that the operator
// made for a tenant, or one file.
type ownerFiles struct {
	paths []string
	infos []fs.FileInfo
	bytes int64
	err   error // they are not read
}

// limitIncludes notes which included files are not read, before any is: those of a tenant that
// together are more than a tenant's may be, and the largest until all fit. What they held when they
// were accepted stays in use. Links count for what they lead to.
func (s *source) limitIncludes(found []includedPath) {
	in := s.inputs
	if in.frozen {
		return
	}
	var all []*ownerFiles
	byOwner := map[string]*ownerFiles{}
	for _, f := range found {
		owner := cmp.Or(in.tenantDirs[f.S], f.S)
		if byOwner[owner] == nil {
			byOwner[owner] = &ownerFiles{}
			all = append(all, byOwner[owner])
		}
		byOwner[owner].paths = append(byOwner[owner].paths, f.S)
	}
	var total int64
	for _, o := range all {
		if len(o.paths) > mostOwnSources {
			o.err = fmt.Errorf(
				"its directory holds %d files that are included, and may hold %d; remove some, and the others are read",
				len(o.paths), mostOwnSources)
			continue
		}
		o.infos = in.statAll(o.paths, in.tenantDirs[o.paths[0]])
		for _, info := range o.infos {
			if info != nil {
				o.bytes += info.Size()
			}
		}
		if len(o.paths) > 1 && o.bytes > mostOwnSourceBytes {
			o.err = fmt.Errorf(
				"the files of its directory that are included hold %d bytes together, and may hold %d; make them smaller",
				o.bytes, mostOwnSourceBytes)
			continue
		}
		total += min(o.bytes, mostOwnSourceBytes)
	}
	slices.SortStableFunc(all, func(a, b *ownerFiles) int { return cmp.Compare(b.bytes, a.bytes) })
	for _, o := range all {
		if o.err == nil && total > mostSourceBytes {
			o.err = fmt.Errorf(
				"all files that are included hold more than %d bytes, and these %d of them; make them smaller",
				mostSourceBytes, o.bytes)
			total -= min(o.bytes, mostOwnSourceBytes)
		}
		if o.err == nil {
			continue
		}
		// One file says it for all of them: the tenant's that was accepted, else the first.
		accepted := slices.ContainsFunc(o.paths, func(path string) bool { return s.accepted.Of(path) == path })
		for i, path := range o.paths {
			if s.accepted.Of(path) != path && (accepted || i > 0) {
				in.exclude(path)
				continue
			}
			f := &Input{Path: path, home: in.tenantDirs[path], Err: o.err, skipped: true}
			if o.infos != nil {
				f.stamp, f.stampPaths = infoStamp(o.infos), o.paths
			}
			if in.prefetched == nil {
				in.prefetched = map[string]*Input{}
			}
			in.prefetched[path] = f
		}
	}
}

// exclude leaves a file out that an include finds.
func (in *Inputs) exclude(path string) {
	if in.excluded == nil {
		in.excluded = map[string]bool{}
	}
	in.excluded[path] = true
}

// infoStamp changes when files that are not read may have changed.
func infoStamp(infos []fs.FileInfo) string {
	var stamp []byte
	for _, info := range infos {
		if info == nil {
			stamp = append(stamp, "not to be had; "...)
		} else {
			stamp = fmt.Append(stamp, info.Size(), " ", info.ModTime().UnixNano(), "; ")
		}
	}
	return string(stamp)
}

// statAll are those of the files of one owner; nil for each that is not to be
// had, which reading it tells.
func (in *Inputs) statAll(paths []string, home string) []fs.FileInfo {
	list := make([]fs.FileInfo, len(paths))
	tree := in.disk.confinedTo(home).tree()
	for i, path := range paths {
		if info, err := tree.Stat(path); err == nil {
			list[i] = info
		}
	}
	return list
}

// countBytes counts what was read of an included file, whose owner may
// have made it larger meanwhile.
func (in *Inputs) countBytes(f *Input) {
	owner := in.tenantDirs[f.Path]
	if owner == "" {
		return
	}
	if in.bytesRead[owner] += len(f.Bytes); in.bytesRead[owner] > mostOwnSourceBytes {
		f.Bytes, f.Err = nil,
			errors.New("the files of its directory that are included grow while they are read; make them smaller")
	}
}
