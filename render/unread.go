package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates"
)

// Bounds of the search for misspelt keys. Beyond them nothing is said: it is a guess that is
// missed.
const (
	maxUnread  = 20        // misspelt keys that are reported of the data of a tenant
	maxNearest = 2_000_000 // of a tenant: products of the lengths of names that are compared
)

// UnreadData finds keys of data that no template or condition reads, where one that is read has
// nearly the same name: a misspelt optional field changes nothing, and nobody is told. A key that
// resembles nothing is somebody's note, and so is one that stands beside the one that it resembles.
// Each is found once, at its place, however many branches have it. What it takes is bounded for
// each tenant by the keys of its data and the names that its templates read.
func UnreadData(all []*Route) []diag.Mistake { return findUnread(all).mistakes() }

func findUnread(all []*Route) *unreadSearch {
	s := &unreadSearch{
		byData: map[identity]*sharedData{}, readers: map[string]*reader{},
		spent: map[string]int{}, found: map[string]int{}, suspects: map[string]map[diag.Pos]string{},
	}
	for _, r := range all {
		s.add(r)
	}
	for _, d := range s.data {
		s.suspect(d)
	}
	for _, d := range s.data {
		s.acquit(d)
	}
	return s
}

// unreadSearch is a search through the data of all routes.
type unreadSearch struct {
	byData   map[identity]*sharedData
	data     []*sharedData
	readers  map[string]*reader             // by what they are
	spent    map[string]int                 // of maxNearest, by tenant
	found    map[string]int                 // suspects, by tenant
	suspects map[string]map[diag.Pos]string // keys that may be misspelt, and what was meant, by key and place
}

// sharedData is the data of branches that share it, and what reads it.
type sharedData struct {
	Data
	tenant string
	all    bool // it is read as a whole, or nobody knows what reads it
	used   []*templates.Template
	seen   map[*templates.Template]bool
	names  map[string]bool // keys that conditions read
}

// reader are templates that read data together.
type reader struct {
	names  map[string]bool
	sorted []string
	bare   []string            // of sorted
	near   map[string][]string // of sorted, by key
}

func (s *unreadSearch) mistakes() []diag.Mistake {
	var mistakes []diag.Mistake
	for key, at := range s.suspects {
		for place, meant := range at {
			mistakes = append(mistakes, diag.Mistakef(place, "no template reads data %q; did you mean %q?", key, meant))
		}
	}
	return diag.Mistakes(mistakes).Sorted()
}

// add notes what the branches of a route read of their data.
func (s *unreadSearch) add(r *Route) {
	for i := range r.branches {
		b, given := &r.branches[i], r.options.Branches[i].Data
		id, ok := identityOf(given.Values)
		if !ok || given.Key == nil {
			continue
		}
		d := s.byData[id]
		if d == nil {
			d = &sharedData{
				Data: given, tenant: r.options.Tenant,
				seen: map[*templates.Template]bool{}, names: map[string]bool{},
			}
			s.byData[id], s.data = d, append(s.data, d)
		}
		for name := range r.Route.Names(i) {
			d.names[name] = true
		}
		for _, name := range r.options.Branches[i].Reads {
			d.names[name] = true
		}
		if b.template == nil { // it passes, or is asked
			continue
		}
		for _, t := range slices.Concat(b.inner, []*templates.Template{b.template}) {
			if !d.seen[t] {
				d.seen[t] = true
				d.used = append(d.used, t)
			}
			d.all = d.all || t.ReadsAll()
		}
	}
}

// reader gives what templates read together.
func (s *unreadSearch) reader(used []*templates.Template) *reader {
	var id strings.Builder
	for _, t := range used {
		fmt.Fprintf(&id, "%p ", t)
	}
	r := s.readers[id.String()]
	if r != nil {
		return r
	}
	r = &reader{names: map[string]bool{}, near: map[string][]string{}}
	for _, t := range used {
		for _, name := range t.Uses().Data {
			r.names[name] = true
		}
		for _, f := range t.Fields() {
			r.names[f.Name] = true
		}
	}
	r.sorted = slices.Sorted(maps.Keys(r.names))
	for _, name := range r.sorted {
		r.bare = append(r.bare, bare(name))
	}
	s.readers[id.String()] = r
	return r
}

// suspect looks for keys that are not read here and resemble one that is.
func (s *unreadSearch) suspect(d *sharedData) {
	if d.all || len(d.used) == 0 {
		return
	}
	r := s.reader(d.used)
	var keys []string
	for key := range d.Values {
		if !r.names[key] && !d.names[key] && s.suspects[key][d.Key(key)] == "" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		if s.spent[d.tenant] > maxNearest || s.found[d.tenant] == maxUnread {
			return
		}
		near, known := r.near[key]
		if !known {
			near = s.nearest(d.tenant, key, r)
		}
		for _, name := range near {
			if at := d.Key(key); at.Line > 0 && !d.Beside(key, name) {
				if s.suspects[key] == nil {
					s.suspects[key] = map[diag.Pos]string{}
				}
				s.suspects[key][at] = name
				s.found[d.tenant]++
				break
			}
		}
	}
}

// nearest are the names that templates read and that a key resembles.
func (s *unreadSearch) nearest(tenant, key string, r *reader) (near []string) {
	plain := bare(key)
	for i, name := range r.sorted {
		s.spent[tenant]++
		if !mayBeNear(plain, r.bare[i]) {
			continue
		}
		s.spent[tenant] += len(plain) * len(r.bare[i])
		if resembles(plain, r.bare[i]) {
			near = append(near, name)
		}
	}
	r.near[key] = near
	return near
}

// acquit lets go of the keys that are read here: data is shared, and another branch may have found
// them.
func (s *unreadSearch) acquit(d *sharedData) {
	read := func(key string) {
		if at := s.suspects[key]; at != nil {
			delete(at, d.Key(key))
		}
	}
	for name := range d.names {
		read(name)
	}
	switch {
	case !d.all:
		for name := range s.reader(d.used).names {
			read(name)
		}
	case len(d.Values) < len(s.suspects):
		for key := range d.Values {
			read(key)
		}
	default:
		for key := range s.suspects {
			if _, ok := d.Values[key]; ok {
				read(key)
			}
		}
	}
}

// mayBeNear tells whether names are of nearly the same length, and short enough to be compared.
func mayBeNear(a, b string) bool {
	const longest = 64
	return len(a) <= longest && len(b) <= longest && max(len(a), len(b))-min(len(a), len(b)) <= 4
}

// resembles tells whether a key was most likely meant to be another, both of them bare: they are
// alike but for a slip of the keys, two in a longer name. What differs in a number, such as line1
// and line2, is not meant to be the same.
func resembles(a, b string) bool {
	if a == b {
		return true
	}
	if digitless(a) == digitless(b) {
		return false
	}
	const short, long = 4, 8 // characters
	length := min(utf8.RuneCountInString(a), utf8.RuneCountInString(b))
	slips := 1
	switch {
	case length < short:
		return false
	case length >= long:
		slips = 2
	}
	return diag.Distance(a, b) <= slips
}

// bare is a name in lower case without what parts its words.
func bare(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "", ".", "").Replace(name))
}

func digitless(name string) string {
	return cmp.Or(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, name), name)
}
