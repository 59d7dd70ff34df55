package holidays

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Place is a country, or a region of one.
type Place struct {
	code    string // "DE", "DE-BY"
	name    string
	source  string // of its law
	country *country
}

// Code is the place's code by ISO 3166: "DE" or "DE-BY".
func (p *Place) Code() string { return p.code }

// Name is the place's name in English.
func (p *Place) Name() string {
	name, _, _ := strings.Cut(p.name, " (")
	return name
}

// Note is what to mind there; "" for nothing.
func (p *Place) Note() string {
	_, note, _ := strings.Cut(p.name, " (")
	return strings.TrimSuffix(note, ")")
}

// Source is where the law is written that names its days.
func (p *Place) Source() string { return p.source }

// Country is the code of its country.
func (p *Place) Country() string { return p.country.code }

// Region is the place's code within its country; "" for the country itself.
func (p *Place) Region() string {
	_, region, _ := strings.Cut(p.code, "-")
	return region
}

// Places are all that are known, in the order of their codes.
func Places() []*Place {
	var list []*Place
	for _, c := range data().countries {
		list = append(list, c.places()...)
	}
	return list
}

// LookUp finds a place by its code: "DE", "de-by". The error says which ones are known.
func LookUp(code string) (*Place, error) {
	code = strings.ToUpper(strings.TrimSpace(code))
	own, region, isRegion := strings.Cut(code, "-")
	i, found := slices.BinarySearchFunc(data().countries, own, func(c *country, code string) int {
		return cmp.Compare(c.code, code)
	})
	if !found {
		return nil, unknownCountry(code)
	}
	c := data().countries[i]
	if !isRegion && c.needsRegion {
		return nil, fmt.Errorf("the regions of %s have different holidays; write one of %s", own, c.list())
	}
	for _, p := range c.places() {
		if p.code == code {
			return p, nil
		}
	}
	if len(c.regions) == 0 {
		return nil, fmt.Errorf("regions of %s are not known; write %s for the days of the whole country, and the "+
			"others under also", own, own)
	}
	return nil, fmt.Errorf("the region %q of %s is not known; known are %s", region, own, c.list())
}

func unknownCountry(code string) error {
	var known []string
	for _, c := range data().countries {
		known = append(known, c.code)
		for _, p := range c.places() {
			if p.Region() == code && code != "" {
				return fmt.Errorf("the country %q is not known; did you mean %q, %s?", code, p.code, p.Name())
			}
		}
	}
	return errors.New("the country " + fmt.Sprintf("%q", code) + " is not known; known are " + strings.Join(known, ", "))
}

// Has reports whether a day of the place has a name, in any language.
func (p *Place) Has(name string) bool { return len(p.keysOf(name)) > 0 }

// Names are what the days of the place are called in a language, in the order of the year.
func (p *Place) Names(language string) []string {
	var list []string
	for _, d := range p.country.days {
		if name := d.names.in(language); d.where[p.Region()] && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// keysOf are the keys of the days that have a name.
func (p *Place) keysOf(name string) []string {
	var keys []string
	for _, d := range p.country.days {
		called := func(text string) bool { return text != "" && fold(text) == fold(name) }
		if d.where[p.Region()] && (slices.ContainsFunc(d.names.texts[:], called) || called(d.names.local)) {
			keys = append(keys, d.key)
		}
	}
	return keys
}

// fold makes names equal that people take for the same.
func fold(name string) string {
	name = strings.NewReplacer("’", "'", "‘", "'").Replace(name)
	return strings.ToLower(strings.Join(strings.Fields(name), " "))
}

// days are those of the place in some years, both included, with the days that stand for them. A year more on each
// side is worked out, since New Year's Day may be kept on 31 December.
func (p *Place) days(first, last int) []Day {
	type entry struct {
		Day
		move substitution
	}
	var entries []entry
	taken := map[time.Time]bool{}
	for _, d := range p.country.days {
		if !d.where[p.Region()] {
			continue
		}
		for year := first - 1; year <= last+1; year++ {
			if !d.in(year) {
				continue
			}
			for _, at := range d.rule.dates(year) {
				taken[at] = true
				own := Day{Date: at, For: at, Provisional: d.provisional, key: d.key, named: d.names}
				entries = append(entries, entry{own, d.move})
			}
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return a.Date.Compare(b.Date) })
	days := make([]Day, len(entries))
	for i, e := range entries {
		e.Date = e.move.move(e.For, taken)
		taken[e.Date] = true
		days[i] = e.Day
	}
	return slices.DeleteFunc(days, func(d Day) bool {
		within := func(at time.Time) bool { return first <= at.Year() && at.Year() <= last }
		return !within(d.Date) && !within(d.For)
	})
}
