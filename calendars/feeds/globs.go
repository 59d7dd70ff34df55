package feeds

import (
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/callhours/callhours/internal/files"
)

// What the globs of an owner's calendars look at, in names: those of a directory count for each
// glob, with what comparing them takes ([files.MatchCost]), and what a directory or file costs the
// system counts as if it were so many names.
const (
	// maxNames is at one load, of a tenant.
	maxNames = 1_000_000
	// listedNames is for each name of a directory that is listed anew, foundNames for a file that
	// is found.
	listedNames = 20
	foundNames  = 10
	// polledNames is how much files are looked at again in a second, of an owner; unspent it adds
	// up tenfold.
	polledNames = 400_000
	// keptNames are those of directories that are kept, so that they are not listed for each glob.
	keptNames = 200_000
	// settledDir is how old a change of a directory is when it is listed, so that a later one shows
	// in its time.
	settledDir = 2 * time.Second
)

// errManyNames is why a calendar of a tenant is not looked for.
var errManyNames = fmt.Errorf("the globs of the tenant's calendars look at more than %d names together (those of a "+
	"directory for each glob, those that are long and compared with a long pattern several times, each file that is "+
	"found as %d); use fewer or shorter globs, or directories with fewer files", maxNames, foundNames)

// globs finds the files that the globs of one owner name, and lists a directory once for all of
// them as long as it does not change. The zero value is ready, and safe for concurrent use.
type globs struct {
	mu        sync.Mutex
	dirs      map[string]listing
	names     int       // in dirs
	spent     int       // beyond polledNames, at paidUntil
	paidUntil time.Time // when spent was last paid off
	once      bool      // directories are listed once, whatever happens to them
}

// listing is a directory as it was listed.
type listing struct {
	info    fs.FileInfo
	names   []string
	settled bool // while the time of the directory stays the same, so do its names
}

// mayList reports whether directories may be listed at a moment; otherwise so much was listed that
// files wait.
func (g *globs) mayList(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if passed := now.Sub(g.paidUntil); passed > 0 {
		g.spent = max(-10*polledNames, g.spent-int(min(passed.Seconds(), 3600)*polledNames))
	}
	g.paidUntil = now
	return g.spent <= 0
}

// find gives the names that fit a pattern, sorted, and what that has cost in names; errManyNames
// where it is more than most.
func (g *globs) find(fsys fs.FS, pattern string, now time.Time, maxCost int) (names []string, cost int, _ error) {
	tree := files.Tree{FS: fsys}
	names, err := tree.GlobIn(pattern, func(dir, element string) ([]string, error) {
		list, fresh, err := g.list(tree, dir, now)
		if cost += files.MatchCost(element, list); fresh {
			cost += listedNames * len(list)
		}
		if cost > maxCost {
			return nil, errManyNames
		}
		return list, err
	})
	if cost += foundNames * len(names); err == nil && cost > maxCost {
		err = errManyNames
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.spent += cost
	return names, cost, err
}

// list gives the names in a directory, and whether it was listed for that.
func (g *globs) list(tree files.Tree, dir string, now time.Time) (names []string, fresh bool, _ error) {
	g.mu.Lock()
	previous, ok := g.dirs[dir]
	g.mu.Unlock()
	if ok && g.once {
		return previous.names, false, nil
	}
	info, err := tree.Stat(dir)
	if err != nil {
		return nil, false, err
	}
	if !info.IsDir() {
		return nil, false, &files.KindError{Found: "a file", Expected: "a directory"}
	}
	if ok && previous.settled && previous.info.ModTime().Equal(info.ModTime()) && previous.info.Size() == info.Size() {
		return previous.names, false, nil
	}
	entries, err := tree.List(dir)
	if err != nil {
		return nil, true, err
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.names+len(names) > keptNames {
		g.dirs, g.names = nil, 0
	}
	if g.dirs == nil {
		g.dirs = map[string]listing{}
	}
	if len(names) <= keptNames {
		g.names += len(names) - len(g.dirs[dir].names)
		g.dirs[dir] = listing{info, names, now.Sub(info.ModTime()) > settledDir}
	}
	return names, true, nil
}
