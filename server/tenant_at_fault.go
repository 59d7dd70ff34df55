package server

import (
	"maps"
	"slices"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
)

// blame are the tenants in whose files mistakes are, and what stands in for them.
type blame struct {
	present, accepted *config.Inputs
	instead           map[string]string          // by path of a tenant's file: that of the accepted one, "" for none
	standing          map[string]bool            // the accepted ones of these
	names             map[string]string          // of these tenants, by the same path
	first             bool                       // nothing was accepted
	leavesOut         bool                       // see loading.leavesOut
	places            map[string]config.Location // of files that were asked for
	now, before       map[string][32]byte        // nil until somebody is blamed, as are the following

	files  map[string]string // of accepted tenants, by name
	homes  map[string]string // likewise, by the directory that is one tenant's
	lives  map[string]string // of present tenants, by such a directory
	owners map[string]string // of tenants, by name: those that were accepted, and others

	notes []error // what people should know of a first start
}

func newBlame(present, accepted *config.Inputs, first bool) *blame {
	return &blame{
		present: present, accepted: accepted, first: first, instead: map[string]string{}, standing: map[string]bool{},
		names: map[string]string{}, places: map[string]config.Location{},
	}
}

// find finds out whose files there are.
func (c *blame) find() {
	c.now, c.before = c.present.TenantDigests(), c.accepted.TenantDigests()
	c.files, c.homes, c.lives = map[string]string{}, map[string]string{}, map[string]string{}
	c.owners = map[string]string{}
	note := func(tenants map[string]string, homes, files map[string]string) {
		for _, file := range slices.Sorted(maps.Keys(tenants)) {
			name, at := tenants[file], c.place(file)
			if files[name] == "" {
				files[name] = file
			}
			if c.owners[name] == "" {
				c.owners[name] = at.Owner
			}
			if at.Directory && homes[at.Owner] == "" {
				homes[at.Owner] = file
			}
		}
	}
	note(c.accepted.TenantNames(), c.homes, c.files)
	note(c.present.TenantNames(), c.lives, map[string]string{})
}

// place is that of a file as the present main file has it.
func (c *blame) place(file string) config.Location {
	at, ok := c.places[file]
	if !ok {
		at = c.present.Location(file)
		c.places[file] = at
	}
	return at
}

// standsIn reports whether a file of the accepted inputs is used instead of a present one.
func (c *blame) standsIn(file string) bool { return c.standing[file] }

// addMistake finds the tenants whose files the mistakes are in; false if one of them is in no
// tenant's, or nothing is left to be tried.
func (c *blame) addMistake(mistakes diag.Mistakes) bool {
	if c.now == nil {
		c.find()
	}
	found := map[string]bool{}
	for _, m := range mistakes {
		file := c.ownerAtFault(m)
		if file == "" {
			return false
		}
		found[file] = true
	}
	for file := range found {
		if former, tried := c.instead[file]; tried { // the accepted ones are at fault too
			c.instead[file], c.standing[former] = "", false
			continue
		}
		c.instead[file] = c.substitute(file)
		c.standing[c.instead[file]] = c.instead[file] != ""
		c.names[file] = c.name(file)
	}
	return true
}

// ownerAtFault is the tenant's file that is to be mended; "" if there is none that has not been
// replaced already. Of two that a mistake concerns it is the one that has changed, else the one
// that the mistake stands in, which is the later.
func (c *blame) ownerAtFault(m diag.Mistake) string {
	var files []string
	for _, place := range []diag.Pos{m.Pos, m.Other} {
		file := c.tenantOf(place.File)
		if c.leavesOut && c.standsIn(file) {
			file = c.replaced(file)
		} else if c.tried(file) {
			continue
		}
		if file != "" && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	for _, file := range files {
		if c.changed(file) {
			return file
		}
	}
	if len(files) == 0 {
		return ""
	}
	return files[0]
}

// leftOut are the names of tenants of which nothing is used.
func (c *blame) leftOut() (names []string) {
	for file, former := range c.instead {
		if former == "" {
			names = append(names, diag.Line(c.names[file]))
		}
	}
	slices.Sort(names)
	return names
}

// replaced is the path of the file in whose place an accepted one stands.
func (c *blame) replaced(accepted string) string {
	for _, file := range slices.Sorted(maps.Keys(c.instead)) {
		if c.instead[file] == accepted {
			return file
		}
	}
	return ""
}

func (c *blame) tried(file string) bool {
	_, ok := c.instead[file]
	return ok || c.standsIn(file)
}

// tenantOf is the path of the tenant's file to which a file belongs; "" for what is everybody's.
// One that was included and cannot be understood is what it was before, and a tenant's if it is
// new.
func (c *blame) tenantOf(file string) string {
	if of := c.present.TenantFile(file); of != "" {
		if c.accepted.Has(of) && c.accepted.TenantFile(of) == "" {
			return ""
		}
		return of
	}
	switch {
	case c.accepted.TenantFile(file) == file:
		return file
	case c.first && !c.present.MayBeTenantFile(file):
	case c.present.IsSource(file) && !c.accepted.Has(file):
		return file
	}
	return ""
}

// changed reports whether a tenant's files are others than the accepted ones.
func (c *blame) changed(file string) bool {
	sum, ok := c.now[file]
	return !ok || sum != c.before[c.substitute(file)]
}

// substitute is the accepted file of a tenant whose present one is that: at the same path, else,
// where the file was renamed, in the same directory, if that is one tenant's, or under the same
// name of the tenant; "" for none.
func (c *blame) substitute(file string) string {
	if c.accepted.TenantFile(file) == file {
		return file
	}
	owner := c.place(file).Owner
	home := c.homes[owner]
	if lives := c.lives[owner]; lives != "" && lives != file {
		home = "" // it is not that file which was renamed
	}
	for _, former := range []string{home, c.files[c.present.TenantName(file)]} {
		if former != "" && !c.present.Has(former) {
			return former
		}
	}
	return ""
}

// name is that of the tenant to which a file belongs: as it was accepted, else as the operator
// calls the directory that is one tenant's; where it is none, as the file says, else as the file is
// called. Names that are another's are passed over, so that no tenant is taken for one whose files
// are refused; what is left then is the path.
func (c *blame) name(file string) string {
	at := c.place(file)
	for _, accepted := range []string{c.instead[file], c.homes[at.Owner]} {
		if name := c.accepted.TenantName(accepted); name != "" {
			return name
		}
	}
	says := ""
	if !at.Directory {
		says = c.present.TenantName(file)
	}
	for _, name := range []string{says, at.Name} {
		if of := c.owners[name]; name != "" && (of == "" || of == at.Owner) {
			return name
		}
	}
	return file
}

// refusal is what is wrong with the files of one owner.
type refusal struct {
	names    []string // of its tenants
	mistakes diag.Mistakes
}

// refusals are all that is wrong, by owner; of "" what is nobody's alone.
func (c *blame) refusals(mistakes diag.Mistakes) map[string]refusal {
	all := map[string]refusal{}
	for file, name := range c.names {
		owner := c.place(file).Owner
		r := all[owner]
		r.names = append(r.names, diag.Line(name)) // it may be that of a file
		all[owner] = r
	}
	for _, m := range mistakes {
		owner := ""
		for _, file := range []string{m.File, m.Other.File} {
			if of := c.tenantOf(file); of != "" && owner == "" {
				owner = c.place(of).Owner
			}
		}
		r := all[owner]
		r.mistakes = append(r.mistakes, m)
		all[owner] = r
	}
	return all
}

// directory is the one, of those that are one tenant's, in which a mistake is; "" for none.
func (c *blame) directory(m diag.Mistake) string {
	for _, file := range []string{m.File, m.Other.File} {
		if at := c.place(c.present.TenantFile(file)); at.Directory {
			return at.Owner
		}
		if at := c.place(file); at.Directory {
			return at.Owner
		}
	}
	return ""
}
