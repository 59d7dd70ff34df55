package server

import (
	"maps"
	"slices"

	"github.com/callhours/callhours/config"
)

// draft is a generation whose calendar files have not been read and whose sample calls have not been
// made. A starting server opens its listeners with it, and answers the calls of owners whose files
// have been read. The nil draft does nothing.
type draft struct {
	owners []string      // all
	opened chan []string // owners whose files are read; it has room for each
}

func newDraft(g *Generation) *draft {
	return &draft{owners: ownersOf(g.file), opened: make(chan []string, len(g.calendars)+1)}
}

// ownersOf are the operator, as "", and the owners of tenants.
func ownersOf(file *config.File) []string {
	all := map[string]bool{"": true}
	for _, t := range file.Tenants {
		all[t.Owner] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// open reports that the files of owners have been read.
func (d *draft) open(owners ...string) {
	if d != nil && len(owners) > 0 {
		d.opened <- owners
	}
}

// openWithout does the same for all owners but those who still wait.
func (d *draft) openWithout(waiting map[string][]*unreadCalendar) {
	if d != nil {
		d.open(slices.DeleteFunc(slices.Clone(d.owners), func(o string) bool { return waiting[o] != nil })...)
	}
}

// beginOnce returns a function for loading.begin that serves the first draft; nil if there is no
// server.
func beginOnce(serve func(*Loaded), serves bool) func(*Generation) *draft {
	if !serves {
		return nil
	}
	begun := false
	return func(g *Generation) *draft {
		if begun {
			return nil
		}
		begun = true
		d := newDraft(g)
		serve(&Loaded{Generation: g, draft: d})
		return d
	}
}

// mayBegin reports whether a generation may answer calls before it has been accepted: no name or
// account that others could claim may be missing.
func (l *Loaded) mayBegin(main string, how loading, c *blame, g *Generation) bool {
	if how.first {
		return len(g.routes) > 0 && len(c.disputed(g)) == 0
	}
	if len(c.names) > 0 { // owners without files have stand-ins by now
		return true
	}
	if _, gone := l.gone(main, how); len(gone) > 0 {
		return false
	}
	return how.accepted != nil || how.known == nil || !hasLess(l.inputs, how.known)
}

// hasLess reports whether something is gone of what was accepted.
func hasLess(inputs, accepted *config.Inputs) bool {
	return len(inputs.EmptiedGlobs(accepted)) > 0 || inputs.Releases(accepted)
}
