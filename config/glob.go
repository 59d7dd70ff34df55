package config

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// wild are the characters that make a name a glob.
const wild = "*?["

// glob gives the names that fit a pattern, sorted, and the directories that it had to look into and could
// not: what is in those is not known, which filepath.Glob does not report. The error is that of a pattern
// that is none, or errManyNames.
func (d disk) glob(pattern string) (names []string, unread []barred, _ error) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return nil, nil, err
	}
	w := globbing{disk: d}
	dir := filepath.VolumeName(pattern)
	rest := filepath.ToSlash(pattern[len(dir):])
	if strings.HasPrefix(rest, "/") {
		dir, rest = dir+"/", strings.TrimLeft(rest, "/")
	}
	w.walk(dir, strings.Split(rest, "/"))
	if w.full {
		return nil, nil, errManyNames
	}
	slices.Sort(w.names)
	return slices.Compact(w.names), w.unread, nil
}

// globbing is one run of glob, or the part of it in the directory that the first wildcard stands for: that is one
// tenant's (see placeOf), whose file system may not answer.
type globbing struct {
	disk   disk
	names  []string
	unread []barred
	full   bool // it looked at more names than the tenant's globs may
}

// walk follows what is left of a pattern, element by element, from a directory.
func (w *globbing) walk(dir string, elements []string) {
	if w.full {
		return
	}
	if len(elements) == 0 {
		w.exists(dir)
		return
	}
	first, rest := elements[0], elements[1:]
	if !strings.ContainsAny(first, wild) {
		w.walk(w.disk.join(dir, first), rest)
		return
	}
	found, err := w.disk.listFor()(orDot(dir))
	if w.full = errors.Is(err, errManyNames); err != nil {
		w.bar(dir, err)
		return
	}
	for _, name := range found {
		if fits, _ := filepath.Match(first, name); !fits {
			continue // the pattern was found to be one
		}
		at := w.disk.join(dir, name)
		if len(rest) == 0 {
			w.names = append(w.names, at)
			continue
		}
		of := w.disk.of
		if of == "" {
			w.disk.of = at
		}
		w.walk(at, rest)
		w.disk.of = of
	}
}

// exists keeps a name if there is something of that name, a link that leads nowhere included: reading it says so.
func (w *globbing) exists(name string) {
	_, err := w.disk.tree().Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		var found []string
		found, err = w.disk.list(orDot(w.disk.dir(name)))
		if _, there := slices.BinarySearch(found, filepath.Base(name)); err == nil && !there {
			return
		}
	}
	if err != nil {
		w.bar(w.disk.dir(name), reason(err))
		return
	}
	w.names = append(w.names, name)
}

func (w *globbing) bar(dir string, err error) {
	if errors.Is(err, errNoDirectory) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return
	}
	w.unread = append(w.unread, barred{orDot(dir), err, w.disk.of})
}

func orDot(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}
