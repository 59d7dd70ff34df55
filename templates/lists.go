package templates

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// listOf gives the elements of a list of any kind.
func listOf(v any) ([]any, error) {
	if list, ok := v.([]any); ok {
		return list, nil
	}
	rv := reflect.ValueOf(v)
	if k := rv.Kind(); k != reflect.Slice && k != reflect.Array {
		return nil, wantf("want a list, found %s", describe(v))
	}
	if rv.Len() > MaxElements {
		return nil, limitf("a list of more than %d elements", MaxElements)
	}
	list := make([]any, rv.Len())
	for i := range list {
		list[i] = rv.Index(i).Interface()
	}
	return list, nil
}

// mapOf gives the entries of a map whose keys are text.
func mapOf(v any) (map[string]any, error) {
	if m, ok := v.(map[string]any); ok {
		return m, nil
	}
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Map || rv.Type().Key().Kind() != reflect.String {
		return nil, wantf("want a map, found %s", describe(v))
	}
	if rv.Len() > MaxElements {
		return nil, limitf("a map of more than %d entries", MaxElements)
	}
	m := make(map[string]any, rv.Len())
	for k, e := range rv.Seq2() {
		m[k.String()] = e.Interface()
	}
	return m, nil
}

// strings makes a list of texts.
func (r *run) strings(texts []string) ([]any, error) {
	list := make([]any, len(texts))
	for i, s := range texts {
		list[i] = s
	}
	return weigh(r, list)
}

func (r *run) list(values ...any) ([]any, error) { return weigh(r, values) }

// until counts from 0 up, or down, to a number that is not included.
func (r *run) until(end int) ([]any, error) {
	if end < 0 {
		return r.untilStep(0, end, -1)
	}
	return r.untilStep(0, end, 1)
}

func (r *run) untilStep(start, end, step int) ([]any, error) {
	list := []any{}
	for i := start; (step > 0 && i < end) || (step < 0 && i > end); i += step {
		list = append(list, i)
		if len(list) > MaxElements {
			return nil, r.elements(len(list))
		}
		if (step > 0) != (i+step > i) { // past the largest number
			break
		}
	}
	return list, r.elements(len(list))
}

// seq writes the numbers of a range as text, like the shell command: END, START END or START STEP END.
func (r *run) seq(numbers ...int) (string, error) {
	start, step, end := 1, 0, 0
	switch len(numbers) {
	case 1:
		end = numbers[0]
	case 2:
		start, end = numbers[0], numbers[1]
	case 3:
		start, step, end = numbers[0], numbers[1], numbers[2]
	default:
		return "", wantf("want one to three numbers, found %d", len(numbers))
	}
	if step == 0 {
		step = cmp.Or(cmp.Compare(end, start), 1)
	}
	list, err := r.untilStep(start, end+cmp.Compare(step, 0), step)
	if err != nil {
		return "", err
	}
	return r.glue(" ", list, false)
}

// part is a function that gives a part of a list, or the list in another order.
func part(pick func(list []any) []any) func(r *run) any {
	return func(r *run) any {
		return func(list any) ([]any, error) {
			elements, err := listOf(list)
			if err != nil {
				return nil, err
			}
			return pick(elements), r.elements(len(elements))
		}
	}
}

// one is a function that gives one element of a list, nothing if it is empty.
func one(pick func(list []any) any) func(r *run) any {
	return func(*run) any {
		return func(list any) (any, error) {
			elements, err := listOf(list)
			if err != nil || len(elements) == 0 {
				return nil, err
			}
			return pick(elements), nil
		}
	}
}

func rest(list []any) []any    { return list[min(1, len(list)):] }
func initial(list []any) []any { return list[:max(len(list)-1, 0)] }

func reverse(list []any) []any {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

func compact(list []any) []any {
	return slices.DeleteFunc(slices.Clone(list), func(v any) bool { return empty(v) })
}

func (r *run) append(list, value any) ([]any, error) {
	elements, err := listOf(list)
	if err != nil {
		return nil, err
	}
	return weigh(r, append(slices.Clip(slices.Clone(elements)), value))
}

func (r *run) prepend(list, value any) ([]any, error) {
	elements, err := listOf(list)
	if err != nil {
		return nil, err
	}
	return weigh(r, append([]any{value}, elements...))
}

func (r *run) concat(lists ...any) ([]any, error) {
	all := []any{}
	for _, list := range lists {
		elements, err := listOf(list)
		if err != nil {
			return nil, err
		}
		if err := r.elements(len(all) + len(elements)); err != nil {
			return nil, err
		}
		all = append(all, elements...)
	}
	return weigh(r, all)
}

// has tells whether a list holds a value.
func (r *run) has(value, list any) (bool, error) {
	if list == nil {
		return false, nil
	}
	elements, err := listOf(list)
	if err != nil {
		return false, err
	}
	return r.holds(elements, value)
}

func (r *run) holds(elements []any, value any) (bool, error) {
	if err := r.spend(16 * len(elements)); err != nil {
		return false, err
	}
	return slices.ContainsFunc(elements, func(e any) bool { return reflect.DeepEqual(e, value) }), nil
}

func (r *run) without(list any, drop ...any) ([]any, error) {
	elements, err := listOf(list)
	if err != nil {
		return nil, err
	}
	kept := []any{}
	for _, e := range elements {
		dropped, err := r.holds(drop, e)
		if err != nil {
			return nil, err
		}
		if !dropped {
			kept = append(kept, e)
		}
	}
	return kept, r.elements(len(kept))
}

func (r *run) uniq(list any) ([]any, error) {
	elements, err := listOf(list)
	if err != nil {
		return nil, err
	}
	kept := []any{}
	for _, e := range elements {
		seen, err := r.holds(kept, e)
		if err != nil {
			return nil, err
		}
		if !seen {
			kept = append(kept, e)
		}
	}
	return kept, r.elements(len(kept))
}

// slice gives the elements from start (default 0) up to end (default all).
func (r *run) slice(list any, bounds ...int) ([]any, error) {
	elements, err := listOf(list)
	if err != nil {
		return nil, err
	}
	start, end := 0, len(elements)
	switch len(bounds) {
	case 0:
	case 1:
		start = bounds[0]
	case 2:
		start, end = bounds[0], bounds[1]
	default:
		return nil, wantf("want a start and an end, found %d numbers", len(bounds))
	}
	if start < 0 || start > end || end > len(elements) {
		return nil, wantf("want 0 <= start <= end <= %d, found %d and %d", len(elements), start, end)
	}
	return elements[start:end:end], nil
}

func (r *run) chunk(size int, list any) ([]any, error) {
	elements, err := listOf(list)
	if err != nil {
		return nil, err
	}
	if size < 1 {
		return nil, wantf("want a size of 1 or more, found %d", size)
	}
	chunks := []any{}
	for c := range slices.Chunk(elements, size) {
		chunks = append(chunks, c)
	}
	return chunks, r.elements(len(elements) + len(chunks))
}

func (r *run) sortAlpha(list any) ([]any, error) {
	elements, err := listOf(list)
	if err != nil {
		return nil, err
	}
	texts := make([]string, 0, len(elements))
	for _, e := range elements {
		s, err := plain(e)
		if err != nil {
			return nil, err
		}
		texts = append(texts, s)
	}
	if err := r.spend(64 * len(texts)); err != nil { // to compare them
		return nil, err
	}
	slices.Sort(texts)
	return r.strings(texts)
}

// dict makes a map of keys and values that take turns.
func (r *run) dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 == 1 {
		return nil, wantf("want a value for each key, found %s", count(len(pairs), "argument"))
	}
	m := make(map[string]any, len(pairs)/2)
	for pair := range slices.Chunk(pairs, 2) {
		key, err := plain(pair[0])
		if err != nil {
			return nil, err
		}
		m[key] = pair[1]
	}
	return weigh(r, m)
}

// get gives the value of a key, an empty text if there is none.
func get(from any, key string) (any, error) {
	m, err := mapOf(from)
	if err != nil {
		return nil, err
	}
	if v, ok := m[key]; ok {
		return v, nil
	}
	return "", nil
}

func hasKey(from any, key string) (bool, error) {
	m, err := mapOf(from)
	_, ok := m[key]
	return ok, err
}

// dig follows keys into maps in maps: the keys, what to give if one is missing, the map.
func dig(args ...any) (any, error) {
	if len(args) < 3 {
		return nil, wantf("want keys, a default and a map, found %d arguments", len(args))
	}
	keys, missing, v := args[:len(args)-2], args[len(args)-2], args[len(args)-1]
	for _, k := range keys {
		key, err := plain(k)
		if err != nil {
			return nil, err
		}
		m, err := mapOf(v)
		if err != nil {
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
func (r *run) keys(from any) ([]any, error) {
	m, err := mapOf(from)
	if err != nil {
		return nil, err
	}
	return r.strings(slices.Sorted(maps.Keys(m)))
}

func (r *run) values(from any) ([]any, error) {
	m, err := mapOf(from)
	if err != nil {
		return nil, err
	}
	list := make([]any, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, m[k])
	}
	return list, r.elements(len(list))
}

func (r *run) pick(from any, keys ...string) (map[string]any, error) {
	return r.filter(from, func(key string) bool { return slices.Contains(keys, key) })
}

func (r *run) omit(from any, keys ...string) (map[string]any, error) {
	return r.filter(from, func(key string) bool { return !slices.Contains(keys, key) })
}

func (r *run) filter(from any, keep func(key string) bool) (map[string]any, error) {
	m, err := mapOf(from)
	if err != nil {
		return nil, err
	}
	kept := map[string]any{}
	for k, v := range m {
		if keep(k) {
			kept[k] = v
		}
	}
	return kept, r.elements(len(m))
}

func (r *run) pluck(key string, from ...any) ([]any, error) {
	list := []any{}
	for _, f := range from {
		m, err := mapOf(f)
		if err != nil {
			return nil, err
		}
		if v, ok := m[key]; ok {
			list = append(list, v)
		}
	}
	return weigh(r, list)
}

// splitN is sprig's split into a map with the keys _0, _1 and so on.
func (r *run) splitN(between string, n int, s string) (map[string]any, error) {
	if n < 0 || n > MaxElements {
		n = MaxElements + 1
	}
	parts := strings.SplitN(s, between, n)
	if err := r.elements(len(parts)); err != nil {
		return nil, err
	}
	if err := r.spend(256 * len(parts)); err != nil { // to make a key of each
		return nil, err
	}
	m := make(map[string]any, len(parts))
	for i, p := range parts {
		m[fmt.Sprintf("_%d", i)] = p
	}
	return weigh(r, m)
}
