package config

import (
	"maps"
	"regexp"
	"strconv"

	"github.com/callhours/callhours/internal/diag"
)

// Data is what an installation tells its templates. Values holds map[string]any, []any, string, int, bool and nil; it
// may be shared with other Data and must not be changed.
type Data struct {
	Values map[string]any
	places *places
}

// places has the shape of Values.
type places struct {
	at    diag.Pos
	key   diag.Pos           // of the key that it stands under; zero without one
	of    *diag.Pos          // of the mapping that it was written in, the same one for all of its keys
	in    map[string]*places // of a mapping, by key
	items []*places          // of a list
}

// find gives the places of what is under a key, or a decimal index of a list; nil for nothing.
func (p *places) find(step string) *places {
	if p.items == nil {
		return p.in[step]
	}
	if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(p.items) {
		return p.items[i]
	}
	return nil
}

// At gives the place of a value by its path: keys, and indexes in decimal. A text stands where its first character
// does. The zero Pos when there is no such value.
func (d *Data) At(path ...string) diag.Pos {
	p := d.places
	for _, step := range path {
		if p == nil {
			break
		}
		p = p.find(step)
	}
	if p == nil {
		return diag.Pos{}
	}
	return p.at
}

// KeyAt gives the place of one of the Values' own keys; the zero Pos when there is no such key.
func (d *Data) KeyAt(key string) diag.Pos {
	if p := d.places.in[key]; p != nil {
		return p.key
	}
	return diag.Pos{}
}

// Beside tells whether two of the Values' own keys stand in the same mapping.
func (d *Data) Beside(a, b string) bool {
	one, other := d.places.in[a], d.places.in[b]
	return one != nil && other != nil && one.of == other.of
}

func noData() *Data { return &Data{Values: map[string]any{}, places: &places{}} }

// data reads a mapping of the user's own making. Never nil.
func (f fields) data(key string) *Data {
	d := noData()
	n := f.get(key)
	if n == nil {
		return d
	}
	if n.kind != mapping {
		f.mistake(n.Pos, "want %s as a mapping, found %s", key, n.what())
		return d
	}
	values, at := f.dataValue(n)
	d.Values, d.places = values.(map[string]any), at
	return d
}

// smallInteger is what is a number in data: everything longer or otherwise written is an identifier.
var smallInteger = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,8})$`)

func (s *source) dataValue(n *node) (any, *places) {
	p := &places{at: n.first}
	switch n.kind {
	case mapping:
		values := make(map[string]any, len(n.entries))
		p.in = make(map[string]*places, len(n.entries))
		of := new(diag.Pos) // and not a part of p, which would keep all of it
		*of = n.first
		for _, e := range n.entries {
			if e.key.S == "" {
				s.mistake(e.key.Pos, "a key of data is empty")
			}
			values[e.key.S], p.in[e.key.S] = s.dataValue(e.value)
			p.in[e.key.S].key, p.in[e.key.S].of = e.key.Pos, of
		}
		return values, p
	case list:
		values := make([]any, len(n.items))
		p.items = make([]*places, len(n.items))
		for i, item := range n.items {
			values[i], p.items[i] = s.dataValue(item)
		}
		return values, p
	}
	switch {
	case n.empty():
		s.mistake(n.Pos, `a value of data is missing; write "" for an empty text or null for nothing`)
		return nil, p
	case !n.plain:
		return n.text, p
	case n.text == "true", n.text == "false":
		return n.text == "true", p
	case n.text == "null":
		return nil, p
	case smallInteger.MatchString(n.text):
		i, _ := strconv.Atoi(n.text)
		return i, p
	}
	return n.text, p
}

// merge lays one Data over another: mappings merge deeply, everything else replaces. Neither is changed.
func merge(under, over *Data) *Data {
	if len(over.Values) == 0 {
		return under
	}
	if len(under.Values) == 0 {
		return over
	}
	values, at := mergeMaps(under.Values, over.Values, under.places, over.places)
	return &Data{values, at}
}

func mergeMaps(under, over map[string]any, underAt, overAt *places) (map[string]any, *places) {
	values, at := maps.Clone(under), &places{at: overAt.at, key: overAt.key, of: overAt.of, in: maps.Clone(underAt.in)}
	for key, value := range over {
		below, wasMap := values[key].(map[string]any)
		above, isMap := value.(map[string]any)
		if wasMap && isMap {
			values[key], at.in[key] = mergeMaps(below, above, underAt.in[key], overAt.in[key])
		} else {
			values[key], at.in[key] = value, overAt.in[key]
		}
	}
	return values, at
}
