package funcs

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"github.com/callhours/callhours/templates/jsonsafe"
)

// listOf is the elements of a list of any type.
func (r *Run) listOf(v any) ([]any, error) {
	if list, ok := v.([]any); ok {
		return list, nil
	}
	rv := reflect.ValueOf(v)
	if k := rv.Kind(); k != reflect.Slice && k != reflect.Array {
		return nil, fmt.Errorf("expected a list, found %s", jsonsafe.Describe(v))
	}
	if rv.Len() > MaxElements {
		return nil, Limitf("a list of more than %d elements", MaxElements)
	}
	if err := r.spendElements(rv.Len()); err != nil {
		return nil, err
	}
	list := make([]any, rv.Len())
	for i := range list {
		list[i] = rv.Index(i).Interface()
	}
	return list, nil
}

// stringList is a list of texts.
func (r *Run) stringList(texts []string) ([]any, error) {
	list := make([]any, len(texts))
	for i, s := range texts {
		list[i] = s
	}
	return bound(r, list)
}

func (r *Run) list(values ...any) ([]any, error) { return bound(r, values) }

// until counts from 0 up, or down, to a number that is not included.
func (r *Run) until(end int) ([]any, error) {
	if end < 0 {
		return r.untilStep(0, end, -1)
	}
	return r.untilStep(0, end, 1)
}

func (r *Run) untilStep(start, end, step int) ([]any, error) {
	list := []any{}
	for i := start; (step > 0 && i < end) || (step < 0 && i > end); i += step {
		list = append(list, i)
		if len(list) > MaxElements {
			return nil, r.spendElements(len(list))
		}
		if (step > 0) != (i+step > i) { // past the largest number
			break
		}
	}
	return list, r.spendElements(len(list))
}

// seq writes the numbers of a range as text, like the shell command: END, START END or START STEP
// END.
func (r *Run) seq(numbers ...int) (string, error) {
	start, step, end := 1, 0, 0
	switch len(numbers) {
	case 1:
		end = numbers[0]
	case 2:
		start, end = numbers[0], numbers[1]
	case 3:
		start, step, end = numbers[0], numbers[1], numbers[2]
	default:
		return "", fmt.Errorf("expected one to three numbers, found %d", len(numbers))
	}
	if step == 0 {
		step = cmp.Or(cmp.Compare(end, start), 1)
	}
	list, err := r.untilStep(start, end+cmp.Compare(step, 0), step)
	if err != nil {
		return "", err
	}
	return r.joinValues(" ", list, false)
}

// sliceFunc is a function that returns a part of a list, or the list in another order.
func sliceFunc(pick func(list []any) []any) func(r *Run) any {
	return func(r *Run) any {
		return func(list any) ([]any, error) {
			elements, err := r.listOf(list)
			if err != nil {
				return nil, err
			}
			if err := r.spendElements(len(elements)); err != nil {
				return nil, err
			}
			return pick(elements), nil
		}
	}
}

// elementFunc is a function that returns one element of a list, nil if it is empty.
func elementFunc(pick func(list []any) any) func(r *Run) any {
	return func(r *Run) any {
		return func(list any) (any, error) {
			elements, err := r.listOf(list)
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

func (r *Run) append(list, value any) ([]any, error) {
	elements, err := r.listOf(list)
	if err != nil {
		return nil, err
	}
	if err := r.spendElements(len(elements) + 1); err != nil {
		return nil, err
	}
	return bound(r, append(slices.Clip(slices.Clone(elements)), value))
}

func (r *Run) prepend(list, value any) ([]any, error) {
	elements, err := r.listOf(list)
	if err != nil {
		return nil, err
	}
	if err := r.spendElements(len(elements) + 1); err != nil {
		return nil, err
	}
	return bound(r, append([]any{value}, elements...))
}

func (r *Run) concat(lists ...any) ([]any, error) {
	all := []any{}
	for _, list := range lists {
		elements, err := r.listOf(list)
		if err != nil {
			return nil, err
		}
		if len(all)+len(elements) > MaxElements {
			return nil, r.spendElements(MaxElements + 1)
		}
		if err := r.spendElements(len(elements)); err != nil {
			return nil, err
		}
		all = append(all, elements...)
	}
	return bound(r, all)
}

// has reports whether a list contains a value.
func (r *Run) has(value, list any) (bool, error) {
	if list == nil {
		return false, nil
	}
	elements, err := r.listOf(list)
	if err != nil {
		return false, err
	}
	return r.contains(elements, value)
}

func (r *Run) contains(elements []any, value any) (bool, error) {
	for _, e := range elements {
		if same, err := r.deepEqual(e, value); same || err != nil {
			return same, err
		}
	}
	return false, nil
}

func (r *Run) without(list any, excluded ...any) ([]any, error) {
	elements, err := r.listOf(list)
	if err != nil {
		return nil, err
	}
	kept := []any{}
	for _, e := range elements {
		dropped, err := r.contains(excluded, e)
		if err != nil {
			return nil, err
		}
		if !dropped {
			kept = append(kept, e)
		}
	}
	return kept, r.spendElements(len(kept))
}

func (r *Run) uniq(list any) ([]any, error) {
	elements, err := r.listOf(list)
	if err != nil {
		return nil, err
	}
	kept := []any{}
	for _, e := range elements {
		seen, err := r.contains(kept, e)
		if err != nil {
			return nil, err
		}
		if !seen {
			kept = append(kept, e)
		}
	}
	return kept, r.spendElements(len(kept))
}

// slice gives the elements from start (default 0) up to end (default all).
func (r *Run) slice(list any, bounds ...int) ([]any, error) {
	elements, err := r.listOf(list)
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
		return nil, fmt.Errorf("expected a start and an end, found %d numbers", len(bounds))
	}
	if start < 0 || start > end || end > len(elements) {
		return nil, fmt.Errorf("expected 0 <= start <= end <= %d, found %d and %d", len(elements), start, end)
	}
	return elements[start:end:end], nil
}

func (r *Run) chunk(size int, list any) ([]any, error) {
	elements, err := r.listOf(list)
	if err != nil {
		return nil, err
	}
	if size < 1 {
		return nil, fmt.Errorf("expected a size of 1 or more, found %d", size)
	}
	if err := r.spendElements(len(elements)); err != nil {
		return nil, err
	}
	chunks := []any{}
	for c := range slices.Chunk(elements, size) {
		chunks = append(chunks, c)
	}
	return chunks, r.spendElements(len(chunks))
}

func (r *Run) sortAlpha(list any) ([]any, error) {
	elements, err := r.listOf(list)
	if err != nil {
		return nil, err
	}
	texts := make([]string, 0, len(elements))
	for _, e := range elements {
		s, err := jsonsafe.Text(e)
		if err != nil {
			return nil, err
		}
		if err := r.spend(8 * (perElement + len(s))); err != nil { // to compare it with some others
			return nil, err
		}
		texts = append(texts, s)
	}
	slices.Sort(texts)
	return r.stringList(texts)
}
