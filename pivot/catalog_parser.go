package pivot

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// section is a heading of the catalog and the lines that are indented below it.
type section struct {
	line    int
	heading string
	fields  []string
}

// catalogParser parses the catalog, whose text explains its format.
type catalogParser struct {
	lists   map[string][]value // by name in braces
	objects map[string]*object
}

func parseCatalog(text string) (*catalog, error) {
	var sections []section
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.TrimSpace(line) == "" || line[0] == '#':
		case line[0] != ' ':
			sections = append(sections, section{i + 1, line, nil})
		case len(sections) == 0:
			return nil, fmt.Errorf("line %d: a field of nothing", i+1)
		default:
			last := &sections[len(sections)-1]
			last.fields = append(last.fields, strings.TrimSpace(line))
		}
	}
	p := catalogParser{map[string][]value{}, map[string]*object{}}
	c := &catalog{modules: map[string]*object{}, instant: map[string]bool{}, aliases: map[string][]string{}}
	var common []field
	// Names in braces may be used before they are explained: objects first, since lists hold
	// them, then what is within both.
	for _, pass := range []func(s section) error{
		func(s section) error { return p.declare(s) },
		func(s section) error { return p.parseList(s) },
		func(s section) error {
			o, known := p.objects[s.heading]
			if !known {
				o = new(object)
			}
			if err := p.parseFields(o, s.fields); err != nil || known {
				return err
			}
			if s.heading == "*" {
				common = o.fields
				return nil
			}
			if _, isList, _ := p.definition(s.heading); isList {
				return nil
			}
			if module, names, ok := strings.Cut(s.heading, " <- "); ok {
				for name := range strings.FieldsSeq(names) {
					c.aliases[name] = append(c.aliases[name], module)
				}
				return nil
			}
			o.fields = append(o.fields, common...)
			return p.parseModule(c, o, s.heading)
		},
	} {
		for _, s := range sections {
			if err := pass(s); err != nil {
				return nil, fmt.Errorf("line %d: %s: %w", s.line, s.heading, err)
			}
		}
	}
	for _, v := range p.lists["{cause}"] {
		c.causes = append(c.causes, v.word)
	}
	for _, v := range p.lists["{instant}"] {
		c.instant[v.word] = true
	}
	return c, nil
}

// definition splits a heading such as "{digit} = 1 | 2".
func (p *catalogParser) definition(heading string) (name string, isList bool, values string) {
	name, values, isList = strings.Cut(heading, " = ")
	return name, isList, values
}

func (p *catalogParser) declare(s section) error {
	if name, isList, _ := p.definition(s.heading); !isList && strings.HasPrefix(name, "{") {
		if p.objects[name] != nil {
			return errors.New("it appears here twice")
		}
		p.objects[name] = &object{versions: allVersions}
	}
	return nil
}

func (p *catalogParser) parseList(s section) error {
	name, isList, values := p.definition(s.heading)
	if !isList {
		return nil
	}
	parsed, err := p.parseValues(values)
	p.lists[name] = append(p.lists[name], parsed...)
	return err
}

// parseModule reads a heading such as "menu -> <digits> timeout".
func (p *catalogParser) parseModule(c *catalog, o *object, heading string) error {
	head, keys, found := strings.Cut(heading, " -> ")
	if !found {
		return errors.New("expected -> and the keys of its children")
	}
	name, vs, err := parseVersions(head)
	if err != nil {
		return err
	}
	if c.modules[name] != nil {
		return errors.New("it appears here twice")
	}
	o.versions, o.keys = vs, strings.Fields(keys)
	for _, key := range o.keys {
		if strings.HasPrefix(key, "<") && !slices.Contains([]string{"<any>", "<digits>", "<score>", "<cause>"}, key) {
			return fmt.Errorf("keys %s are not known", key)
		}
	}
	c.modules[name] = o
	return nil
}

// parseVersions takes "since 5" or "before 5" from the end of a text.
func parseVersions(s string) (string, versions, error) {
	words := strings.Fields(s)
	if n := len(words); n >= 2 && (words[n-2] == "since" || words[n-2] == "before") {
		i := slices.Index(Versions(), Version(words[n-1]))
		if i < 0 {
			return "", 0, fmt.Errorf("version %q is not known", words[n-1])
		}
		older := versions(1)<<i - 1
		rest := strings.Join(words[:n-2], " ")
		if words[n-2] == "before" {
			return rest, older, nil
		}
		return rest, allVersions &^ older, nil
	}
	return strings.TrimSpace(s), allVersions, nil
}

func (p *catalogParser) parseFields(o *object, lines []string) error {
	for _, line := range lines {
		var err error
		if sets, isChoice := strings.CutPrefix(line, "one of "); isChoice {
			err = o.parseChoice(sets)
		} else {
			err = p.parseField(o, line)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
	}
	return nil
}

func (o *object) parseChoice(sets string) error {
	sets, vs, err := parseVersions(sets)
	o.choice = &choice{versions: vs}
	for set := range strings.SplitSeq(sets, ",") {
		var names []string
		for name := range strings.SplitSeq(set, "+") {
			names = append(names, strings.TrimSpace(name))
			if !slices.ContainsFunc(o.fields, func(f field) bool { return f.name == strings.TrimSpace(name) }) {
				return fmt.Errorf("there is no field %q above", strings.TrimSpace(name))
			}
		}
		o.choice.sets = append(o.choice.sets, names)
	}
	return err
}

func (p *catalogParser) parseField(o *object, line string) error {
	name, what, _ := strings.Cut(line, " ")
	parts := strings.Split(strings.TrimSpace(what), ", ")
	f := field{name: name}
	var err error
	if parts[0] != "" {
		if f.values, err = p.parseValues(parts[0]); err != nil {
			return err
		}
	}
	for i := range f.values {
		f.versions |= f.values[i].versions
	}
	for _, part := range parts[1:] {
		word, vs, err := parseVersions(part)
		switch {
		case err != nil:
			return err
		case word == "required":
			f.required = vs & f.versions
		case word == "unique":
			for i := range f.values {
				f.values[i].unique = true
			}
		default:
			var found bool
			if word, f.unless, found = strings.Cut(word, " unless "); word != "expected" {
				return fmt.Errorf("%q is not known", part)
			} else if found && f.unless == "" {
				return errors.New("expected a field after unless")
			}
			f.expected = true
		}
	}
	if name == "<any>" || name == "<header>" {
		o.others = &otherMembers{name == "<header>", f.values}
		return nil
	}
	if slices.ContainsFunc(o.fields, func(other field) bool { return other.name == name }) {
		return errors.New("it appears here twice")
	}
	if len(o.fields) == 60 {
		return errors.New("expected at most 60 fields") // which are given is kept in 64 bits, and * has some too
	}
	o.fields = append(o.fields, f)
	return nil
}

func (p *catalogParser) parseValues(s string) ([]value, error) {
	var out []value
	for one := range strings.SplitSeq(s, " | ") {
		parsed, err := p.parseValue(one)
		if err != nil {
			return nil, err
		}
		out = append(out, parsed...)
	}
	return out, nil
}

// parseValue reads one of the values that a field may have; a name in braces may stand for several.
func (p *catalogParser) parseValue(s string) ([]value, error) {
	s, vs, err := parseVersions(s)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(s, "{") {
		if o := p.objects[s]; o != nil {
			return []value{{kind: objectKind, versions: vs, object: o}}, nil
		}
		list := slices.Clone(p.lists[s])
		if list == nil {
			return nil, fmt.Errorf("%s is not explained", s)
		}
		for i := range list {
			list[i].versions &= vs
		}
		return list, nil
	}
	v := value{versions: vs}
	name, bounds, _ := strings.Cut(s, " ")
	var known bool
	if v.kind, known = kindNames[name]; !known {
		if strings.Contains(s, " ") || s == "" {
			return nil, fmt.Errorf("%q is not known", s)
		}
		v.kind, v.word = wordKind, strings.Trim(s, `"`)
		return []value{v}, nil
	}
	if v.kind == listKind {
		size, elements, found := strings.Cut(" "+bounds, " of ")
		if !found {
			return nil, fmt.Errorf("%q: expected the type of the list", s)
		}
		if v.elements, err = p.parseValue(elements); err != nil {
			return nil, err
		}
		bounds = strings.TrimSpace(size)
	}
	if bounds == "" {
		return []value{v}, nil
	}
	v.bounded = true
	v.min, v.max, err = parseRange(bounds)
	return []value{v}, err
}

// parseRange reads "32", "1..1000", "1.." or "..5000".
func parseRange(s string) (least, most int, err error) {
	from, to, isRange := strings.Cut(s, "..")
	if !isRange {
		to = from
	}
	least, most = -noBound, noBound
	if from != "" {
		if least, err = strconv.Atoi(from); err != nil {
			return 0, 0, fmt.Errorf("%q: expected a number or a range", s)
		}
	}
	if to != "" {
		if most, err = strconv.Atoi(to); err != nil {
			return 0, 0, fmt.Errorf("%q: expected a number or a range", s)
		}
	}
	return least, most, nil
}
