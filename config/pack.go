package config

import (
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
)

// packed are Inputs as Pack writes them.
type packed struct {
	Files        []packedFile    `json:"files"`
	Listings     []packedListing `json:"looks"`
	Restored     []string        `json:"kept,omitempty"`
	Excluded     []string        `json:"without,omitempty"`
	Reservations []Reservation   `json:"holds,omitempty"`
}

type packedFile struct {
	Path    string      `json:"path"`
	Mode    fs.FileMode `json:"mode"`
	Readers []string    `json:"readers"`
	Tenant  string      `json:"tenant,omitempty"`
	Name    string      `json:"name,omitempty"`
	Source  bool        `json:"source,omitempty"`
	// Accounts is missing in what former versions wrote: the tenants have no accounts then
	// that could be another's claim.
	Accounts []string `json:"accounts,omitempty"`
	Home     string   `json:"home,omitempty"` // of a tenant's file
	Bytes    []byte   `json:"bytes"`
}

type packedListing struct {
	Tenant    string   `json:"tenant,omitempty"`
	Name      string   `json:"name"`
	Directory bool     `json:"directory,omitempty"`
	Names     []string `json:"names"`
}

// Pack writes the inputs as JSON, secrets included, so that Load can read the same configuration
// from what Unpack makes of it. What could not be read is left out.
func (in *Inputs) Pack() ([]byte, error) {
	p := packed{Restored: in.restored, Reservations: in.reservations}
	for _, f := range in.Files() {
		if f.Err == nil {
			p.Files = append(p.Files, packedFile{
				Path: f.Path, Mode: f.Mode, Readers: f.readers, Tenant: f.Tenant, Name: f.Name, Source: f.Source,
				Accounts: f.Accounts,
				Home:     in.homes[f.Path], Bytes: f.Bytes,
			})
		}
	}
	for _, l := range slices.SortedFunc(maps.Keys(in.listings), DirQuery.compare) {
		if f := in.listings[l]; f.err == nil {
			p.Listings = append(p.Listings, packedListing{l.Tenant, l.Name, l.Directory, f.names})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(in.excluded)) {
		if in.excluded[path] {
			p.Excluded = append(p.Excluded, path)
		}
	}
	return json.Marshal(p)
}

// Unpack makes inputs of what Pack wrote. path gives the present spelling of each path in it.
func Unpack(text []byte, path func(string) string) (*Inputs, error) {
	var p packed
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, err
	}
	spell := func(s string) string {
		if s == "" { // everybody's
			return ""
		}
		return path(s)
	}
	spellAll := func(list []string) (out []string) {
		for _, s := range list {
			out = append(out, spell(s))
		}
		return out
	}
	in := NewInputs(nil)
	in.frozen, in.restored, in.excluded = true, spellAll(p.Restored), map[string]bool{}
	for _, f := range p.Files {
		at := spell(f.Path)
		in.files[at] = &Input{
			Path: at, Bytes: f.Bytes, Mode: f.Mode, Tenant: spell(f.Tenant), readers: spellAll(f.Readers), Name: f.Name,
			Source: f.Source, Accounts: f.Accounts,
		}
	}
	for _, f := range p.Files {
		if f.Home != "" {
			if in.homes == nil {
				in.homes = map[string]string{}
			}
			in.homes[spell(f.Path)] = spell(f.Home)
		}
	}
	for _, l := range p.Listings {
		names := l.Names
		if !l.Directory {
			names = spellAll(names)
			slices.Sort(names)
		}
		in.listings[DirQuery{spell(l.Tenant), spell(l.Name), l.Directory}] = listing{names: names}
	}
	for _, h := range p.Reservations {
		h.Owner = spell(h.Owner)
		in.reservations = append(in.reservations, h)
	}
	for _, at := range p.Excluded {
		in.excluded[spell(at)] = true
	}
	return in, nil
}
