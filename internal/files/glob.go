package files

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Glob returns the names that match a pattern (path.Match), sorted. Directories that are not there,
// or must not be read, match nothing; another error is returned.
func (t Tree) Glob(pattern string) ([]string, error) { return t.GlobIn(pattern, t.names) }

// GlobIn is Glob with list for the names in a directory, so that a caller can list it once for
// several patterns, and refuse to compare the names with element, the part of the pattern that they
// have to match: see [MatchCost].
func (t Tree) GlobIn(pattern string, list func(dir, element string) ([]string, error)) ([]string, error) {
	if err := CheckPattern(pattern); err != nil {
		return nil, wrap(pattern, err)
	}
	if !strings.ContainsAny(pattern, wildcards) {
		_, err := t.Stat(pattern)
		if errors.Is(err, ErrHung) {
			return nil, err
		}
		if _, leadsNowhere := errors.AsType[*LinkError](err); err != nil && !leadsNowhere {
			return nil, nil
		}
	}
	names, err := t.glob(pattern, list)
	slices.Sort(names)
	return names, err
}

func (t Tree) names(dir, _ string) ([]string, error) {
	entries, err := t.List(dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

// wildcards are the characters that make a name a pattern; a backslash escapes the next one.
const wildcards = `*?[\`

func (t Tree) glob(pattern string, list func(dir, element string) ([]string, error)) ([]string, error) {
	if !strings.ContainsAny(pattern, wildcards) {
		return []string{pattern}, nil
	}
	dir, name := filepath.Split(pattern)
	if len(dir) > 1 {
		dir = strings.TrimSuffix(dir, string(filepath.Separator))
	}
	dirs, err := t.glob(dir, list)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, dir := range dirs {
		names, err := list(cmp.Or(dir, "."), name)
		if matchesNothing(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, n := range Matching(name, names) {
			found = append(found, filepath.Join(dir, n))
		}
	}
	return found, nil
}

// matchesNothing reports whether an error means that a glob finds nothing in a directory.
func matchesNothing(err error) bool {
	_, kind := errors.AsType[*KindError](err)
	return kind || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOTDIR)
}
