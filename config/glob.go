package config

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/callhours/callhours/internal/files"
)

// wildcards are the characters that make a name a glob.
const wildcards = "*?["

// glob returns the names that match a pattern, sorted, and the directories that it could not read.
// filepath.Glob does not report these, so that what lies in them would be missing silently. The
// error is that of [files.CheckPattern], or errTooManyNames.
func (d disk) glob(pattern string) (names []string, unreadable []unreadableDir, _ error) {
	if err := files.CheckPattern(pattern); err != nil {
		return nil, nil, err
	}
	g := globber{disk: d}
	dir := filepath.VolumeName(pattern)
	rest := filepath.ToSlash(pattern[len(dir):])
	if strings.HasPrefix(rest, "/") {
		dir, rest = dir+"/", strings.TrimLeft(rest, "/")
	}
	g.walk(dir, strings.Split(rest, "/"))
	if g.tooMany {
		return nil, nil, errTooManyNames
	}
	slices.Sort(g.names)
	return slices.Compact(g.names), g.unreadable, nil
}

// globber is one run of glob. Below the directory that the first wildcard matches, disk.tenantDir
// is that directory: it is one tenant's (see [Inputs.locate]), whose file system may hang.
type globber struct {
	disk       disk
	names      []string
	unreadable []unreadableDir
	tooMany    bool // it looked at more names than the tenant's globs may
}

// walk follows what is left of a pattern, element by element, from a directory.
func (g *globber) walk(dir string, elements []string) {
	if g.tooMany {
		return
	}
	if len(elements) == 0 {
		g.addIfExists(dir)
		return
	}
	first, rest := elements[0], elements[1:]
	if !strings.ContainsAny(first, wildcards) {
		g.walk(g.disk.join(dir, first), rest)
		return
	}
	found, err := g.disk.cachedList(cmp.Or(dir, "."), first)
	if g.tooMany = errors.Is(err, errTooManyNames); err != nil {
		g.addUnreadable(dir, err)
		return
	}
	for _, name := range files.Matching(first, found) {
		path := g.disk.join(dir, name)
		if len(rest) == 0 {
			g.names = append(g.names, path)
			continue
		}
		tenantDir := g.disk.tenantDir
		if tenantDir == "" {
			g.disk.tenantDir = path
			if err := g.disk.checkSkip(path); err != nil {
				if !errors.Is(err, errSkipped) {
					g.addUnreadable(path, err)
				}
				g.disk.tenantDir = ""
				continue
			}
		}
		g.walk(path, rest)
		g.disk.tenantDir = tenantDir
	}
}

// addIfExists adds a name that exists. A broken link counts, since reading it reports what is
// wrong.
func (g *globber) addIfExists(name string) {
	if g.tooMany = g.disk.count(globStat) != nil; g.tooMany {
		return
	}
	_, err := g.disk.tree().Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		var found []string
		base := filepath.Base(name)
		found, err = g.disk.cachedList(cmp.Or(g.disk.dir(name), "."), base)
		if g.tooMany = errors.Is(err, errTooManyNames); g.tooMany {
			return
		}
		if _, ok := slices.BinarySearch(found, base); err == nil && !ok {
			return
		}
	}
	if err != nil {
		g.addUnreadable(g.disk.dir(name), reason(err))
		return
	}
	g.names = append(g.names, name)
}

func (g *globber) addUnreadable(dir string, err error) {
	if errors.Is(err, errNoDirectory) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return
	}
	g.unreadable = append(g.unreadable, unreadableDir{cmp.Or(dir, "."), err, g.disk.tenantDir})
}

func (d disk) checkSkip(dir string) error {
	if d.skip == nil {
		return nil
	}
	return d.skip(dir)
}
