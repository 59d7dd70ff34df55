package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// Limits of included files, in bytes. Their contents stay in memory as long as the configuration.
const (
	maxOwnSources     = 100 // files in the directory of one tenant
	maxOwnSourceBytes = 2 * maxFile
	maxSourceBytes    = 256 << 20 // of all
)

// ownerFiles are the included files of one owner: those in a tenant's directory, or a single file.
type ownerFiles struct {
	paths []string
	infos []fs.FileInfo
	bytes int64
	err   error // they are not read
}

// limitIncludes rejects included files before any is read: all files of a tenant that together
// exceed a tenant's limit, and the largest until the rest fits. Their accepted contents stay in
// use. A link counts with the size of its target.
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
		if in.countKept(o) {
			total += min(o.bytes, maxOwnSourceBytes)
			continue
		}
		if len(o.paths) > maxOwnSources {
			o.err = fmt.Errorf(
				"its directory has %d included files, and the limit is %d; remove some",
				len(o.paths), maxOwnSources)
			continue
		}
		o.infos = in.statAll(o.paths, in.tenantDirs[o.paths[0]])
		for _, info := range o.infos {
			if info != nil {
				o.bytes += info.Size()
			}
		}
		if len(o.paths) > 1 && o.bytes > maxOwnSourceBytes {
			o.err = fmt.Errorf(
				"the included files of its directory have %d bytes together, and the limit is %d; make them smaller",
				o.bytes, maxOwnSourceBytes)
			continue
		}
		total += min(o.bytes, maxOwnSourceBytes)
	}
	slices.SortStableFunc(all, func(a, b *ownerFiles) int { return cmp.Compare(b.bytes, a.bytes) })
	for _, o := range all {
		if o.err == nil && total > maxSourceBytes {
			o.err = fmt.Errorf(
				"all included files have more than %d bytes, and these %d of them; make them smaller",
				maxSourceBytes, o.bytes)
			total -= min(o.bytes, maxOwnSourceBytes)
		}
		if o.err == nil {
			continue
		}
		// One file reports it for all: the tenant's accepted one, else the first.
		accepted := slices.ContainsFunc(o.paths, func(path string) bool { return s.accepted.TenantFile(path) == path })
		for i, path := range o.paths {
			if s.accepted.TenantFile(path) != path && (accepted || i > 0) {
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

// countKept counts files that are kept; false if they are not.
func (in *Inputs) countKept(o *ownerFiles) bool {
	if !in.keptOwners.contains(in.Location(o.paths[0]).Owner) {
		return false
	}
	for _, path := range o.paths {
		if was := in.keptOwners.in.files[path]; was != nil {
			o.bytes += int64(len(was.Bytes))
		}
	}
	return true
}

// exclude drops a file that an include finds.
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

// statAll describes files; nil for each that cannot be described, which reading it reports.
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

// countBytes adds the bytes of an included file to those of its owner, who may have enlarged the
// file since limitIncludes.
func (in *Inputs) countBytes(f *Input) {
	owner := in.tenantDirs[f.Path]
	if owner == "" {
		return
	}
	if in.bytesRead[owner] += len(f.Bytes); in.bytesRead[owner] > maxOwnSourceBytes {
		f.Bytes, f.Err = nil,
			errors.New("the files of its directory that are included grow while they are read; make them smaller")
	}
}
