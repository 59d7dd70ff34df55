package preview

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/routes"
)

// Guide says what to write into a calendar for a route to take a branch.
type Guide struct {
	Calendar string
	EditURL  string // where people edit it; ""
	Entries  []GuideEntry
}

// GuideEntry is an event that makes a route take a branch, unless one above it is taken.
type GuideEntry struct {
	Branch string   // for people
	State  string   // of the branch
	Titles []string // examples; none: any title will do
	Names  []string // one of which the title holds; none: it need not hold any
	More   int      // how many other names there are
	AllDay bool     // only all-day events count
}

// Bounds of a guide.
const (
	maxGuideEntries = 12 // of a calendar
	maxGuideTitles  = 3
	maxGuideNames   = 6
	maxGuideText    = 64 // bytes of a title or name; longer ones are no examples
)

// Guides are those of a route's calendars, in the order of its conditions. Conditions that look at
// something else than titles are left out: what they want is in the words of the branch. The error
// names a route that does not exist.
func (p *Preview) Guides(route string) ([]Guide, error) {
	r, err := p.find(route)
	if err != nil {
		return nil, err
	}
	var guides []Guide
	for _, name := range r.Calendars() {
		g := Guide{Calendar: name, EditURL: p.options.Names.EditURLs[name]}
		for _, c := range r.Criteria(name) {
			e := newGuideEntry(c)
			b := r.Branches[c.Branch]
			e.Branch, e.State = r.BranchLabel(b.Name), string(b.State)
			known := slices.ContainsFunc(g.Entries, func(o GuideEntry) bool {
				return o.Branch == e.Branch && slices.Equal(o.Titles, e.Titles)
			})
			if c.Negated || known || c.Narrowed() && len(e.Titles)+len(e.Names) == 0 {
				continue
			}
			if g.Entries = append(g.Entries, e); len(g.Entries) == maxGuideEntries {
				break
			}
		}
		guides = append(guides, g)
	}
	return guides, nil
}

func newGuideEntry(c routes.Criterion) GuideEntry {
	e := GuideEntry{AllDay: c.AllDay()}
	for _, title := range c.Titles() {
		if len(title) <= maxGuideText && len(e.Titles) < maxGuideTitles {
			first, size := utf8.DecodeRuneInString(title)
			e.Titles = append(e.Titles, string(unicode.ToUpper(first))+title[size:])
		}
	}
	names := slices.Sorted(slices.Values(c.Names()))
	for _, name := range names {
		if len(name) <= maxGuideText && len(e.Names) < maxGuideNames {
			e.Names = append(e.Names, name)
		}
	}
	e.More = len(names) - len(e.Names)
	return e
}
