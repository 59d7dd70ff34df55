package holidays

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rickar/cal/v2"
)

//go:embed data/*.txt
var files embed.FS

// country is what is known of one.
type country struct {
	code, name, source string
	needsRegion        bool // its regions have different days, and its own few are of no use
	regions            []region
	days               []*day
}

type region struct{ code, name, source string }

// day is a holiday of a country or of some of its regions.
type day struct {
	key         string
	names       names
	rule        rule
	where       map[string]bool // regions; "": the country itself
	move        substitution
	from, until int // years; 0: no bound
	every       int // only years that this divides, counted from from; 0: each
	except      int // year; 0: none
	provisional bool
}

func (d *day) in(year int) bool {
	return (d.from == 0 || year >= d.from) && (d.until == 0 || year <= d.until) && year != d.except &&
		(d.every == 0 || (year-d.from)%d.every == 0)
}

// list are the codes that the country is asked for by, in words.
func (c *country) list() string {
	var codes []string
	for _, p := range c.places() {
		codes = append(codes, p.code)
	}
	return strings.Join(codes, ", ")
}

// places are the country, unless its regions are all that there is, and its regions.
func (c *country) places() []*Place {
	var list []*Place
	if !c.needsRegion {
		list = append(list, &Place{c.code, c.name, c.source, c})
	}
	for _, r := range c.regions {
		list = append(list, &Place{c.code + "-" + r.code, r.name, r.source, c})
	}
	return list
}

type allData struct{ countries []*country }

// data is what the directory data holds. A test reads all of it, and so an error cannot come up in a program.
var data = sync.OnceValue(func() allData {
	cal.DefaultLoc = time.UTC // days are dates: no clock of any zone skips their midnight
	all, err := readData(files)
	if err != nil {
		panic(err)
	}
	return all
})

func readData(fsys fs.FS) (all allData, err error) {
	entries, err := fs.ReadDir(fsys, "data")
	if err != nil {
		return all, err
	}
	shared, err := fs.ReadFile(fsys, "data/names.txt")
	if err != nil {
		return all, err
	}
	known, err := parseNames(string(shared))
	if err != nil {
		return all, fmt.Errorf("data/names.txt: %w", err)
	}
	for _, e := range entries {
		code := strings.TrimSuffix(e.Name(), ".txt")
		if code == "names" {
			continue
		}
		text, err := fs.ReadFile(fsys, path.Join("data", e.Name()))
		if err != nil {
			return all, err
		}
		c, err := parseCountry(string(text), known, libraryOf(code))
		if err == nil && c.code != code {
			err = fmt.Errorf("it is of %s", c.code)
		}
		if err != nil {
			return all, fmt.Errorf("data/%s: %w", e.Name(), err)
		}
		all.countries = append(all.countries, c)
	}
	slices.SortFunc(all.countries, func(a, b *country) int { return cmp.Compare(a.code, b.code) })
	return all, nil
}

// parseNames reads rows of KEY | en | de | es | fr.
func parseNames(text string) (map[string]names, error) {
	known := map[string]names{}
	for n, line := range lines(text) {
		columns := split(line)
		if len(columns) != 5 || slices.Contains(columns, "") {
			return nil, fmt.Errorf("line %d: expected KEY | en | de | es | fr, found %q", n, line)
		}
		if _, twice := known[columns[0]]; twice {
			return nil, fmt.Errorf("line %d: %s is already named", n, columns[0])
		}
		known[columns[0]] = names{texts: [4]string(columns[1:])}
	}
	return known, nil
}

// lines are those of a text that say something, by their numbers.
func lines(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range strings.Lines(text) {
			n++
			line = strings.TrimSpace(line)
			if line != "" && !strings.HasPrefix(line, "#") && !yield(n, line) {
				return
			}
		}
	}
}

// split are the columns of a row.
func split(row string) []string {
	columns := strings.Split(row, "|")
	for i := range columns {
		columns[i] = strings.TrimSpace(columns[i])
	}
	return columns
}

// reading is a country's file while it is read.
type reading struct {
	*country
	known   map[string]names
	library map[string][]*cal.Holiday // of rickar/cal, by region
	fromLib bool                      // cal: days are the library's, in each region
	move    *substitution             // nil: the library's
	mapped  map[string]bool           // the library's names that a row speaks of
}

// parseCountry reads a country's file.
func parseCountry(text string, known map[string]names, library map[string][]*cal.Holiday) (*country, error) {
	r := &reading{country: &country{}, known: known, library: library, mapped: map[string]bool{}}
	for n, line := range lines(text) {
		if err := r.row(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if r.code == "" || r.source == "" {
		return nil, errors.New("country or source is missing")
	}
	if r.fromLib {
		if err := r.allMapped(); err != nil {
			return nil, err
		}
	}
	return r.country, nil
}

var codeGrammar = regexp.MustCompile(`^[A-Z0-9]{1,3}$`)

func (r *reading) row(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	columns := split(rest)
	switch word {
	case "country":
		if len(columns) != 2 || !codeGrammar.MatchString(columns[0]) {
			return fmt.Errorf("expected country CODE | NAME, found %q", line)
		}
		r.code, r.name = columns[0], columns[1]
	case "source":
		r.source = rest
	case "cal":
		r.fromLib = true
	case "needs-region":
		r.needsRegion = true
	case "substitute":
		s, err := parseSubstitution(rest)
		if err != nil {
			return err
		}
		r.move = &s
	case "region":
		if len(columns) < 2 || len(columns) > 3 || !codeGrammar.MatchString(columns[0]) {
			return fmt.Errorf("expected region CODE | NAME | SOURCE, found %q", line)
		}
		source := r.source
		if len(columns) == 3 {
			source = columns[2]
		}
		r.regions = append(r.regions, region{columns[0], columns[1], source})
	case "drop":
		if len(columns) != 2 || columns[1] == "" {
			return fmt.Errorf("expected drop NAME | REASON, found %q", line)
		}
		if len(r.inLibrary(columns[0])) == 0 {
			return fmt.Errorf("rickar/cal has no %q to drop", columns[0])
		}
		r.mapped[columns[0]] = true
	case "=":
		return r.named(columns)
	case "+":
		return r.added(columns)
	default:
		return fmt.Errorf("unknown word %q", word)
	}
	return nil
}

// inLibrary are the days of a name in the library, by region.
func (r *reading) inLibrary(name string) map[string]*cal.Holiday {
	found := map[string]*cal.Holiday{}
	for region, list := range r.library {
		for _, h := range list {
			if h.Name == name {
				found[region] = h
			}
		}
	}
	return found
}

// named reads = NAME | KEY, or = NAME | en | de | es | fr: a day of the library, with its names, in the regions that
// have it there.
func (r *reading) named(columns []string) error {
	if len(columns) != 2 && len(columns) != 5 {
		return errors.New("expected = NAME | KEY, or = NAME | en | de | es | fr")
	}
	name, called := columns[0], names{}
	key := strings.ReplaceAll(strings.ToLower(strings.Trim(keyGrammar.ReplaceAllString(columns[1], "-"), "-")), "--", "-")
	if len(columns) == 2 {
		shared, ok := r.known[columns[1]]
		if !ok {
			return fmt.Errorf("names.txt has no %q", columns[1])
		}
		called = shared
	} else {
		called.texts = [4]string(columns[1:])
	}
	found := r.inLibrary(name)
	// The German Länder have days that some years only or some regions only have; a row for one that none has is stale.
	if len(found) == 0 {
		return fmt.Errorf("rickar/cal has no %q", name)
	}
	r.mapped[name] = true
	if !slices.Contains(called.texts[:], name) {
		called.local = name
	}
	// One day may have different rules in different regions: a day for each rule.
	byRule := map[*cal.Holiday]*day{}
	for _, region := range slices.Sorted(mapKeys(found)) {
		h := found[region]
		d := byRule[h]
		if d == nil {
			d = &day{key: key, names: called, rule: library{h}, move: ofLibrary(h), where: map[string]bool{}}
			if r.move != nil {
				d.move = *r.move
			}
			byRule[h] = d
			r.days = append(r.days, d)
		}
		d.where[region] = true
		for _, own := range r.regions {
			d.where[own.code] = d.where[own.code] || len(r.library) == 1 // a list of the whole country
		}
	}
	return nil
}

var keyGrammar = regexp.MustCompile(`[^a-zA-Z0-9]+`)

func mapKeys[V any](m map[string]V) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// added reads + KEY | RULE | WHERE | OPTIONS: a day of ours.
func (r *reading) added(columns []string) error {
	if len(columns) != 3 && len(columns) != 4 {
		return errors.New("expected + KEY | RULE | WHERE | OPTIONS")
	}
	d := &day{key: columns[0], where: map[string]bool{}}
	var ok bool
	if d.names, ok = r.known[d.key]; !ok {
		return fmt.Errorf("names.txt has no %q", d.key)
	}
	var err error
	if d.rule, err = parseRule(columns[1], r.oneInLibrary); err != nil {
		return err
	}
	if lib, ok := d.rule.(library); ok {
		d.move = ofLibrary(lib.Holiday)
		if !slices.Contains(d.names.texts[:], lib.Name) {
			d.names.local = lib.Name
		}
	}
	if r.move != nil {
		d.move = *r.move
	}
	if err := r.places(d, strings.Fields(columns[2])); err != nil {
		return err
	}
	if len(columns) == 4 {
		if err := d.options(columns[3]); err != nil {
			return err
		}
	}
	r.days = append(r.days, d)
	return nil
}

// oneInLibrary finds a day of the library by its name, which only one rule may have.
func (r *reading) oneInLibrary(name string) (one *cal.Holiday, err error) {
	for _, h := range r.inLibrary(name) {
		if one != nil && one != h {
			return nil, fmt.Errorf("rickar/cal has two rules for %q", name)
		}
		one = h
	}
	if one == nil {
		return nil, fmt.Errorf("rickar/cal has no %q", name)
	}
	return one, nil
}

// places reads *, * -ES -CT, or AN CT.
func (r *reading) places(d *day, words []string) error {
	codes := []string{""}
	for _, own := range r.regions {
		codes = append(codes, own.code)
	}
	for i, word := range words {
		code, without := strings.CutPrefix(word, "-")
		if code == r.code {
			code = ""
		}
		switch {
		case word == "*" && i == 0:
			for _, code := range codes {
				d.where[code] = true
			}
		case !slices.Contains(codes, code):
			return fmt.Errorf("unknown region %q", code)
		case without && !d.where[code]:
			return fmt.Errorf("%s: the day does not apply to %s; remove this", word, code)
		case without:
			delete(d.where, code)
		default:
			d.where[code] = true
		}
	}
	if len(d.where) == 0 {
		return errors.New("the day is of no region")
	}
	return nil
}

// options reads from=2021 until=2024 every=4 except=2020 substitute=sun+1 provisional source=….
func (d *day) options(text string) (err error) {
	for word := range strings.FieldsSeq(text) {
		key, value, _ := strings.Cut(word, "=")
		year := map[string]*int{"from": &d.from, "until": &d.until, "every": &d.every, "except": &d.except}[key]
		switch {
		case year != nil:
			if *year, err = strconv.Atoi(value); err != nil || *year < 1 || *year > 9999 {
				return fmt.Errorf("expected a number, found %q", word)
			}
		case key == "substitute":
			if d.move, err = parseSubstitution(strings.ReplaceAll(value, ",", " ")); err != nil {
				return err
			}
		case word == "provisional":
			d.provisional = true
		case key == "source" && value != "":
		default:
			return fmt.Errorf("unknown option %q", word)
		}
	}
	return nil
}

// allMapped sees that no day of the library is passed over in silence.
func (r *reading) allMapped() error {
	for _, region := range slices.Sorted(mapKeys(r.library)) {
		for _, h := range r.library[region] {
			if !r.mapped[h.Name] {
				return fmt.Errorf("rickar/cal has %q, which no row mentions", h.Name)
			}
		}
	}
	return nil
}
