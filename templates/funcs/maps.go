package funcs

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/callhours/callhours/templates/jsonsafe"
)

// mapOf is the entries of a map whose keys are text.
func (r *Run) mapOf(v any) (map[string]any, error) {
	if m, ok := v.(map[string]any); ok {
		return m, nil
	}
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Map || rv.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("expected a map, found %s", jsonsafe.Describe(v))
	}
	if rv.Len() > MaxElements {
		return nil, Limitf("a map of more than %d entries", MaxElements)
	}
	if err := r.spend(4 * perElement * rv.Len()); err != nil {
		return nil, err
	}
	m := make(map[string]any, rv.Len())
	for k, e := range rv.Seq2() {
		m[k.String()] = e.Interface()
	}
	return m, nil
}

// dict makes a map of keys and values that take turns.
func (r *Run) dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 == 1 {
		return nil, fmt.Errorf("expected a value for each key, found %s", Arguments(len(pairs)))
	}
	m := make(map[string]any, len(pairs)/2)
	for pair := range slices.Chunk(pairs, 2) {
		key, err := jsonsafe.Text(pair[0])
		if err != nil {
			return nil, err
		}
		if err := r.spend(4*perElement + len(key)); err != nil {
			return nil, err
		}
		m[key] = pair[1]
	}
	return bound(r, m)
}

// get is the value of a key, an empty text if there is none.
func (r *Run) get(from any, key string) (any, error) {
	m, err := r.mapOf(from)
	if err != nil {
		return nil, err
	}
	if err := r.spend(len(key)); err != nil {
		return nil, err
	}
	if v, ok := m[key]; ok {
		return v, nil
	}
	return "", nil
}

func (r *Run) hasKey(from any, key string) (bool, error) {
	m, err := r.mapOf(from)
	if err != nil {
		return false, err
	}
	if err := r.spend(len(key)); err != nil {
		return false, err
	}
	_, ok := m[key]
	return ok, nil
}

// dig follows keys into maps in maps: the keys, what to give if one is missing, the map.
func (r *Run) dig(args ...any) (any, error) {
	if len(args) < 3 {
		return nil, fmt.Errorf("expected keys, a default and a map, found %d arguments", len(args))
	}
	keys, missing, v := args[:len(args)-2], args[len(args)-2], args[len(args)-1]
	for _, k := range keys {
		key, err := jsonsafe.Text(k)
		if err != nil {
			return nil, err
		}
		m, err := r.mapOf(v)
		if err != nil {
			return nil, err
		}
		if err := r.spend(perElement + len(key)); err != nil {
			return nil, err
		}
		next, ok := m[key]
		if !ok {
			return missing, nil
		}
		v = next
	}
	return v, nil
}

// keys and values are sorted by key, so that the same data gives the same answer.
func (r *Run) keys(from any) ([]any, error) {
	m, err := r.mapOf(from)
	if err != nil {
		return nil, err
	}
	if err := r.sortKeys(m); err != nil {
		return nil, err
	}
	return r.stringList(slices.Sorted(maps.Keys(m)))
}

// sortKeys counts what it takes to sort the keys of a map.
func (r *Run) sortKeys(m map[string]any) error {
	for k := range m {
		if err := r.spend(8 * (perElement + len(k))); err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) values(from any) ([]any, error) {
	m, err := r.mapOf(from)
	if err != nil {
		return nil, err
	}
	if err := r.sortKeys(m); err != nil {
		return nil, err
	}
	list := make([]any, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, m[k])
	}
	return list, r.spendElements(len(list))
}

func (r *Run) pick(from any, keys ...string) (map[string]any, error) {
	return r.filter(from, keys, true)
}

func (r *Run) omit(from any, keys ...string) (map[string]any, error) {
	return r.filter(from, keys, false)
}

// filter gives the entries whose keys are named, or those whose keys are not.
func (r *Run) filter(from any, keys []string, named bool) (map[string]any, error) {
	m, err := r.mapOf(from)
	if err != nil {
		return nil, err
	}
	if err := r.spendElements(len(m)); err != nil {
		return nil, err
	}
	set := map[string]bool{}
	for _, key := range keys {
		if err := r.spend(4*perElement + len(key)); err != nil {
			return nil, err
		}
		set[key] = true
	}
	kept := map[string]any{}
	for k, v := range m {
		if err := r.spend(len(k)); err != nil {
			return nil, err
		}
		if set[k] == named {
			kept[k] = v
		}
	}
	return kept, nil
}

func (r *Run) pluck(key string, from ...any) ([]any, error) {
	list := []any{}
	for _, f := range from {
		m, err := r.mapOf(f)
		if err != nil {
			return nil, err
		}
		if err := r.spend(perElement + len(key)); err != nil {
			return nil, err
		}
		if v, ok := m[key]; ok {
			list = append(list, v)
		}
	}
	return bound(r, list)
}

// splitN is sprig's split into a map with the keys _0, _1 and so on.
func (r *Run) splitN(sep string, n int, s string) (map[string]any, error) {
	if n < 0 || n > MaxElements {
		n = MaxElements + 1
	}
	if err := r.spend(len(s) + len(sep)); err != nil {
		return nil, err
	}
	parts := strings.SplitN(s, sep, n)
	if err := r.spendElements(len(parts)); err != nil {
		return nil, err
	}
	if err := r.spend(256 * len(parts)); err != nil { // to make a key of each
		return nil, err
	}
	m := make(map[string]any, len(parts))
	for i, p := range parts {
		m[fmt.Sprintf("_%d", i)] = p
	}
	return bound(r, m)
}
