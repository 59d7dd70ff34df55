package config

import (
	"maps"
	"regexp"
	"strconv"

	"github.com/callhours/callhours/internal/diag"
)

// Data are the values that an installation gives its templates. Values holds map[string]any, []any,
// string, int, bool and nil; it may be shared with other Data and must not be changed.
type Data struct {
	Values    map[string]any
	positions *dataPos
}

// dataPos has the shape of Values.
type dataPos struct {
	pos     diag.Pos
	key     diag.Pos            // of the key that it stands under; zero without one
	mapping *diag.Pos           // of the mapping that it was written in, the same one for all of its keys
	members map[string]*dataPos // of a mapping, by key
	items   []*dataPos          // of a list
}

// find gives the places of what is under a key, or a decimal index of a list; nil for nothing.
func (p *dataPos) find(step string) *dataPos {
	if p.items == nil {
		return p.members[step]
	}
	if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(p.items) {
		return p.items[i]
	}
	return nil
}

// Pos returns the place of a value by its path: keys, and indexes in decimal. A text is where its
// first character is. The zero Pos if there is no such value.
func (d *Data) Pos(path ...string) diag.Pos {
	p := d.positions
	for _, step := range path {
		if p == nil {
			break
		}
		p = p.find(step)
	}
	if p == nil {
		return diag.Pos{}
	}
	return p.pos
}

// KeyPos returns the place of one of the top-level keys; the zero Pos if there is no such key.
func (d *Data) KeyPos(key string) diag.Pos {
	if p := d.positions.members[key]; p != nil {
		return p.key
	}
	return diag.Pos{}
}

// SameMapping reports whether two top-level keys are in the same mapping of a file.
func (d *Data) SameMapping(a, b string) bool {
	one, other := d.positions.members[a], d.positions.members[b]
	return one != nil && other != nil && one.mapping == other.mapping
}

func emptyData() *Data { return &Data{Values: map[string]any{}, positions: &dataPos{}} }

// data reads a mapping of the user's own making. Never nil.
func (f fields) data(key string) *Data {
	d := emptyData()
	n := f.get(key)
	if n == nil {
		return d
	}
	if n.kind != mapping {
		f.mistake(n.Pos, "expected %s to be a mapping, found %s", key, n.kindName())
		return d
	}
	values, at := f.dataValue(n)
	d.Values, d.positions = values.(map[string]any), at
	return d
}

// smallInteger matches what is a number in data. Longer or otherwise written ones are identifiers.
var smallInteger = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,8})$`)

func (s *source) dataValue(n *node) (any, *dataPos) {
	p := &dataPos{pos: n.firstChar}
	switch n.kind {
	case mapping:
		values := make(map[string]any, len(n.entries))
		p.members = make(map[string]*dataPos, len(n.entries))
		start := new(diag.Pos) // and not a part of p, which would keep all of it
		*start = n.firstChar
		for _, e := range n.entries {
			if e.key.S == "" {
				s.mistake(e.key.Pos, "a key of data is empty")
			}
			values[e.key.S], p.members[e.key.S] = s.dataValue(e.value)
			p.members[e.key.S].key, p.members[e.key.S].mapping = e.key.Pos, start
		}
		return values, p
	case list:
		values := make([]any, len(n.items))
		p.items = make([]*dataPos, len(n.items))
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

// merge overlays one Data on another: mappings merge deeply, everything else replaces. Neither is
// changed.
func merge(base, overlay *Data) *Data {
	if len(overlay.Values) == 0 {
		return base
	}
	if len(base.Values) == 0 {
		return overlay
	}
	values, at := mergeMaps(base.Values, overlay.Values, base.positions, overlay.positions)
	return &Data{values, at}
}

func mergeMaps(base, overlay map[string]any, basePos, overlayPos *dataPos) (map[string]any, *dataPos) {
	values, at := maps.Clone(base),
		&dataPos{pos: overlayPos.pos, key: overlayPos.key, mapping: overlayPos.mapping, members: maps.Clone(basePos.members)}
	for key, value := range overlay {
		below, wasMap := values[key].(map[string]any)
		above, isMap := value.(map[string]any)
		if wasMap && isMap {
			values[key], at.members[key] = mergeMaps(below, above, basePos.members[key], overlayPos.members[key])
		} else {
			values[key], at.members[key] = value, overlayPos.members[key]
		}
	}
	return values, at
}
