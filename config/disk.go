package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/callhours/callhours/internal/files"
)

// maxFile bounds one file of YAML or of numbers, in bytes.
const maxFile = 8 << 20

// disk looks up files: in fsys, or with the operating system when fsys is nil.
type disk struct {
	fsys      fs.FS
	home      string // where nothing leads out; "": everywhere
	tenantDir string // the directory of one tenant in which names are looked up for the operator; "" for none
	time      *files.Budget

	// skip is why globs do not look into a directory of one tenant, or errSkipped, where that is
	// intended; nil: they look into all
	skip func(dir string) error

	cache  *dirCache // nil: directories are listed each time
	tenant string    // whose globs list them, by the path of its file; "" for the operator's
}

// dirCache holds the directories that globs have listed, so that each is listed once. It is for one
// goroutine.
type dirCache struct {
	names  map[dirKey][]string // no directory for which there was an error
	counts map[string]int      // what globs have cost, in names, by tenant
}

// dirKey is a directory, and the directories that the way to it must not leave; see disk.
type dirKey struct{ home, tenantDir, name string }

func newDirCache() *dirCache { return &dirCache{map[dirKey][]string{}, map[string]int{}} }

// errTooManyNames is the error of a tenant's glob beyond maxGlobNames.
var errTooManyNames = fmt.Errorf(
	"the globs of the tenant look at more than %d names, those of a directory for each of them (long ones that are "+
		"compared with a long pattern count several times); "+
		"write fewer or shorter globs, or put what they are to find into directories of its own", maxGlobNames)

const (
	// globStat is what looking for one file costs, in names.
	globStat = 10
	// globListed is what a name costs in a directory that is listed for the first time, besides the
	// comparison.
	globListed = 5
)

// cachedList is list for a glob that compares the names with a pattern. For a tenant's globs it
// counts what that costs.
func (d disk) cachedList(name, pattern string) ([]string, error) {
	if d.cache == nil {
		return d.list(name)
	}
	at := dirKey{d.home, d.tenantDir, name}
	names, known := d.cache.names[at]
	if !known {
		var err error
		if names, err = d.list(name); err != nil {
			return nil, err
		}
		d.cache.names[at] = names
	}
	cost := files.MatchCost(pattern, names)
	if !known {
		cost += globListed * len(names)
	}
	return names, d.count(cost)
}

// count adds what a tenant's globs cost, in names.
func (d disk) count(cost int) error {
	if d.cache == nil || d.tenant == "" {
		return nil
	}
	if d.cache.counts[d.tenant] += cost; d.cache.counts[d.tenant] > maxGlobNames {
		return errTooManyNames
	}
	return nil
}

// read gives the bytes and the mode of a file. Its errors say what is wrong and
// leave the name to the caller.
func (d disk) read(name string) ([]byte, fs.FileMode, error) {
	return readResult(d.tree().Read(name, maxFile))
}

// readArgument is read for the name that was typed on the command line.
func (d disk) readArgument(name string) ([]byte, fs.FileMode, error) {
	return readResult(d.tree().ReadArgument(name, maxFile))
}

func readResult(body []byte, info fs.FileInfo, err error) ([]byte, fs.FileMode, error) {
	if _, ok := errors.AsType[*files.TooLargeError](err); ok {
		return nil, 0, fmt.Errorf("%w; split it into several", reason(err))
	}
	if err != nil {
		return nil, 0, reason(err)
	}
	return body, info.Mode(), nil
}

// errSkipped says that what lies in a directory is known.
var errSkipped = errors.New("it is not looked at")

// errNoDirectory says that a name is not there, or not a directory's.
var errNoDirectory = errors.New("there is no such directory")

// list gives the names in a directory, sorted.
func (d disk) list(name string) ([]string, error) {
	entries, err := d.tree().List(name)
	_, otherKind := errors.AsType[*files.KindError](err)
	if otherKind || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, errNoDirectory
	}
	if err != nil {
		return nil, reason(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}

// dir is the directory of a file; "" when its name is bare.
func (d disk) dir(name string) string {
	switch {
	case d.fsys != nil && strings.Contains(name, "/"):
		return path.Dir(name)
	case d.fsys == nil && filepath.Base(name) != name:
		return filepath.Dir(name)
	}
	return ""
}

// join resolves a name that a file in dir mentions.
func (d disk) join(dir, name string) string {
	switch {
	case d.fsys != nil && path.IsAbs(name):
		return name
	case d.fsys != nil:
		return path.Join(dir, name)
	case filepath.IsAbs(name):
		return filepath.Clean(name)
	}
	return filepath.Join(dir, name)
}

// reason is what the operating system has to say without the name that it says it of.
func reason(err error) error {
	if link, ok := errors.AsType[*files.LinkError](err); ok {
		return link
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return fs.ErrNotExist
	}
	return files.Reason(err)
}

// contains reports whether a file lies in a directory or below it.
func (d disk) contains(dir, name string) bool {
	if dir == "" || dir == "." {
		return !path.IsAbs(name) && !filepath.IsAbs(name) && name != ".." &&
			!strings.HasPrefix(filepath.ToSlash(name), "../")
	}
	rest, ok := strings.CutPrefix(filepath.ToSlash(name), strings.TrimSuffix(filepath.ToSlash(dir), "/"))
	return ok && strings.HasPrefix(rest, "/")
}
