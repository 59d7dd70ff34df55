package ical

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	ics "github.com/arran4/golang-ical"

	"github.com/callhours/callhours/internal/diag"
)

// valueKind is what the parameters of a time say about it.
type valueKind struct {
	date, zoned bool   // VALUE=DATE; TZID is there
	unnamed     bool   // TZID is there and names nothing
	odd         string // what is wrong with the names of the parameters; "" for nothing
	tzid        string
	line        int // of the property
}

// valueKind reads the parameters of a property. A feed writes the same few thousands of times.
func (r *reader) valueKind(p property) (kind valueKind, err error) {
	const most = 1000
	written := p.content[len(p.name) : len(p.content)-len(p.value)]
	kind, ok := r.kinds[written]
	defer func() {
		if kind.line = p.line; kind.odd != "" {
			r.tolerate(p.line, kind.odd)
		}
		if kind.unnamed {
			r.tolerate(p.line, "a TZID that names no time zone is ignored; name one, or remove it")
		}
	}()
	if ok {
		return kind, nil
	}
	parameters, err := p.parameters()
	if err != nil {
		return kind, err
	}
	kind.odd = correctNames(parameters)
	kind.date = strings.EqualFold(parameters["VALUE"], "DATE")
	kind.tzid, kind.zoned = parameters["TZID"]
	if kind.zoned && plainTZID(kind.tzid) == "" {
		kind.zoned, kind.unnamed = false, true
	}
	if len(r.kinds) < most {
		r.kinds[strings.Clone(written)] = kind
	}
	return kind, nil
}

// parameters are the first values of the parameters, by upper-case name.
func (p property) parameters() (map[string]string, error) {
	if len(p.content)-len(p.value) == len(p.name)+1 {
		return nil, nil
	}
	parsed, err := ics.ParseProperty(ics.ContentLine(p.content))
	if err != nil || parsed.Value != p.value {
		return nil,
			fmt.Errorf("expected parameters such as TZID=Europe/Berlin, found %s", diag.Quote(p.content[len(p.name):]))
	}
	parameters := map[string]string{}
	for name, values := range parsed.ICalParameters {
		parameters[strings.ToUpper(name)] = strings.Join(values, ",")
	}
	return parameters, nil
}

// correctNames corrects names of parameters of a time that have blanks around them or one slip,
// unless the right ones are present, and returns what was wrong; "" for nothing.
func correctNames(parameters map[string]string) (odd string) {
	for _, written := range slices.Sorted(maps.Keys(parameters)) {
		name := strings.TrimSpace(written)
		for _, known := range [...]string{"TZID", "VALUE", "RANGE"} {
			if diag.IsSlip(name, known) {
				name = known
			}
		}
		if _, there := parameters[name]; name != written && !there {
			parameters[name] = parameters[written]
			odd = fmt.Sprintf("the parameter %s is read as %s", diag.Quote(written), name)
		}
	}
	return odd
}
