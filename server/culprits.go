package server

import (
	"path"
	"slices"
	"strings"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
)

// culprits are the tenants in whose files mistakes are, and what stands in for them.
type culprits struct {
	present, accepted *config.Inputs
	instead           map[string]string // by path of a tenant's file: that of the accepted one, "" for none
	names             map[string]string // of these tenants, by the same path
	first             bool              // nothing was accepted
	now, before       map[string][32]byte
}

// standsIn reports whether a file of the accepted inputs is used instead of a present one.
func (c *culprits) standsIn(file string) bool {
	for _, path := range c.instead {
		if path == file {
			return true
		}
	}
	return false
}

// blame finds the tenants whose files the mistakes are in; false if one of them is in no tenant's, or
// nothing is left to be tried.
func (c *culprits) blame(mistakes diag.Mistakes) bool {
	if c.now == nil {
		c.now, c.before = c.present.Sums(), c.accepted.Sums()
	}
	found := map[string]bool{}
	for _, m := range mistakes {
		file := c.culprit(m)
		if file == "" {
			return false
		}
		found[file] = true
	}
	for file := range found {
		c.instead[file] = c.substitute(file)
		c.names[file] = c.name(file)
	}
	return true
}

// culprit is the tenant's file that is to be mended; "" if there is none that has not been replaced already. Of two
// that a mistake concerns it is the one that has changed, else the one that the mistake stands in, which is the later.
func (c *culprits) culprit(m diag.Mistake) string {
	var files []string
	for _, place := range []diag.Pos{m.Pos, m.Other} {
		if file := c.tenantOf(place.File); file != "" && !slices.Contains(files, file) && !c.tried(file) {
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

func (c *culprits) tried(file string) bool {
	_, ok := c.instead[file]
	return ok || c.standsIn(file)
}

// tenantOf is the path of the tenant's file to which a file belongs; "" for what is everybody's. One that was included
// and cannot be understood is what it was before, and a tenant's if it is new.
func (c *culprits) tenantOf(file string) string {
	if of := c.present.Of(file); of != "" {
		if c.accepted.Has(of) && c.accepted.Of(of) == "" {
			return ""
		}
		return of
	}
	switch {
	case c.accepted.Of(file) == file:
		return file
	case c.first && !c.present.MayBeTenants(file):
	case c.present.IsSource(file) && !c.accepted.Has(file):
		return file
	}
	return ""
}

// changed reports whether a tenant's files are others than the accepted ones.
func (c *culprits) changed(file string) bool {
	sum, ok := c.now[file]
	return !ok || sum != c.before[c.substitute(file)]
}

// substitute is the accepted file of a tenant whose present one is that: at the same path, else, where the file was
// renamed, under the same name of the tenant; "" for none.
func (c *culprits) substitute(file string) string {
	if c.accepted.Of(file) == file {
		return file
	}
	if name := c.present.TenantIn(file); name != "" {
		if former := c.accepted.FileOf(name); former != "" && !c.present.Has(former) {
			return former
		}
	}
	return ""
}

// name is that of the tenant to which a file belongs: as it was accepted, else as the file says,
// else as the file is called.
func (c *culprits) name(file string) string {
	if name := c.accepted.TenantIn(c.instead[file]); name != "" {
		return name
	}
	if name := c.present.TenantIn(file); name != "" {
		return name
	}
	base := path.Base(strings.ReplaceAll(file, `\`, "/"))
	return strings.TrimSuffix(base, path.Ext(base))
}

// mayStart reports whether a generation may be the first one although tenants are left out. One without a route answers
// nobody. Who takes what may be a tenant's that is left out would keep it, since that is accepted then: where its file
// is no YAML, any account that stands in it may be its own, and the name is what the file is called.
func (c *culprits) mayStart(g *Generation) bool {
	if len(g.routes) == 0 {
		return false
	}
	for file, name := range c.names {
		if c.present.TenantIn(file) != "" {
			continue // the others' claims have been compared with its own
		}
		for _, t := range g.file.Tenants {
			if t.Name == name || slices.ContainsFunc(t.Accounts, func(a diag.Text) bool {
				return c.present.Mentions(file, a.S)
			}) {
				return false
			}
		}
	}
	return true
}
