package funcs

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/callhours/callhours/templates/jsonsafe"
)

// deepEqual is reflect.DeepEqual, and counts as it goes: it ends at the first difference.
func (r *Run) deepEqual(a, b any) (bool, error) {
	if err := r.spend(perElement); err != nil {
		return false, err
	}
	switch a := a.(type) {
	case nil, bool, int, int64, float64:
		return a == b, nil
	case string:
		b, ok := b.(string)
		return r.equalStrings(a, b, ok)
	case jsonsafe.JSON:
		b, ok := b.(jsonsafe.JSON)
		return r.equalStrings(a.String(), b.String(), ok)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) || (a == nil) != (b == nil) {
			return false, nil
		}
		if len(a) == 0 || &a[0] == &b[0] {
			return true, nil
		}
		for i := range a {
			if same, err := r.deepEqual(a[i], b[i]); !same || err != nil {
				return false, err
			}
		}
		return true, nil
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) || (a == nil) != (b == nil) {
			return false, nil
		}
		if reflect.ValueOf(a).UnsafePointer() == reflect.ValueOf(b).UnsafePointer() {
			return true, nil
		}
		for k, e := range a {
			if err := r.spend(len(k)); err != nil {
				return false, err
			}
			other, ok := b[k]
			if !ok {
				return false, nil
			}
			if same, err := r.deepEqual(e, other); !same || err != nil {
				return false, err
			}
		}
		return true, nil
	}
	if reflect.TypeOf(a) != reflect.TypeOf(b) {
		return false, nil
	}
	if err := r.spendSize(a); err != nil {
		return false, err
	}
	return reflect.DeepEqual(a, b), nil
}

func (r *Run) equalStrings(a, b string, bothStrings bool) (bool, error) {
	if !bothStrings || len(a) != len(b) {
		return false, nil
	}
	if err := r.spend(len(a)); err != nil {
		return false, err
	}
	return a == b, nil
}

// The comparisons of text/template, with a count of what they go through and words of ours for what
// cannot be compared.

func (r *Run) eq(first reflect.Value, others ...reflect.Value) (bool, error) {
	if len(others) == 0 {
		return false, errors.New("expected at least 2 arguments, found 1")
	}
	first = elem(first)
	for _, other := range others {
		if same, err := r.equal(first, elem(other)); same || err != nil {
			return same, err
		}
	}
	return false, nil
}

func (r *Run) ne(a, b reflect.Value) (bool, error) {
	same, err := r.eq(a, b)
	return !same && err == nil, err
}

func (r *Run) lt(a, b reflect.Value) (bool, error) { return r.less(elem(a), elem(b)) }

func (r *Run) le(a, b reflect.Value) (bool, error) {
	if less, err := r.lt(a, b); less || err != nil {
		return less, err
	}
	return r.eq(a, b)
}

func (r *Run) gt(a, b reflect.Value) (bool, error) {
	lessOrEqual, err := r.le(a, b)
	return !lessOrEqual && err == nil, err
}

func (r *Run) ge(a, b reflect.Value) (bool, error) {
	less, err := r.lt(a, b)
	return !less && err == nil, err
}

// elem is the value in an interface.
func elem(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Interface {
		return v.Elem()
	}
	return v
}

// equal reports whether two values are equal. Whole numbers are compared whatever their types, and
// nil equals nil alone.
func (r *Run) equal(a, b reflect.Value) (bool, error) {
	switch {
	case a.Kind() == reflect.String && b.Kind() == reflect.String: // the usual case
		return r.equalStrings(a.String(), b.String(), true)
	case isNil(a) || isNil(b):
		if comparisonKind(a) != comparisonKind(b) && a.IsValid() && b.IsValid() {
			return false, incomparable(a, b)
		}
		return isNil(a) && isNil(b), nil
	case a.CanInt() && b.CanInt():
		return a.Int() == b.Int(), nil
	case a.CanUint() && b.CanUint():
		return a.Uint() == b.Uint(), nil
	case a.CanInt() && b.CanUint():
		return a.Int() >= 0 && uint64(a.Int()) == b.Uint(), nil
	case a.CanUint() && b.CanInt():
		return b.Int() >= 0 && a.Uint() == uint64(b.Int()), nil
	case comparisonKind(a) != comparisonKind(b):
		return false, incomparable(a, b)
	}
	switch a.Kind() {
	case reflect.Bool:
		return a.Bool() == b.Bool(), nil
	case reflect.Float32, reflect.Float64:
		return a.Float() == b.Float(), nil
	}
	if !b.Type().Comparable() {
		return false, fmt.Errorf("%s cannot be compared; compare its elements", jsonsafe.Describe(b.Interface()))
	}
	return a.Interface() == b.Interface(), r.spend(perElement * opaqueSize)
}

// less tells whether a text or number comes before another.
func (r *Run) less(a, b reflect.Value) (bool, error) {
	switch {
	case a.CanInt() && b.CanInt():
		return a.Int() < b.Int(), nil
	case a.CanUint() && b.CanUint():
		return a.Uint() < b.Uint(), nil
	case a.CanInt() && b.CanUint():
		return a.Int() < 0 || uint64(a.Int()) < b.Uint(), nil
	case a.CanUint() && b.CanInt():
		return b.Int() >= 0 && a.Uint() < uint64(b.Int()), nil
	case a.CanFloat() && b.CanFloat():
		return a.Float() < b.Float(), nil
	case a.Kind() == reflect.String && b.Kind() == reflect.String:
		return a.String() < b.String(), r.spend(min(a.Len(), b.Len()))
	}
	return false, incomparable(a, b)
}

// isNil reports whether a value is absent, or nil.
func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Map, reflect.Pointer, reflect.Slice, reflect.Func:
		return v.IsNil()
	}
	return false
}

// comparisonKind is the kind of a value, one for all widths of numbers.
func comparisonKind(v reflect.Value) reflect.Kind {
	switch {
	case v.CanInt():
		return reflect.Int
	case v.CanUint():
		return reflect.Uint
	case v.CanFloat():
		return reflect.Float64
	}
	return v.Kind()
}

// incomparable is the error of a comparison of unlike values.
func incomparable(a, b reflect.Value) error {
	describe := func(v reflect.Value) string {
		switch {
		case !v.IsValid():
			return "nothing"
		case v.CanFloat():
			return "a number with a fraction"
		case v.CanInt(), v.CanUint():
			return "a whole number"
		}
		return jsonsafe.Describe(v.Interface())
	}
	hint := ""
	switch {
	case (a.Kind() == reflect.String) != (b.Kind() == reflect.String):
		hint = "; toString makes a text of a number, int a number of a text"
	case a.CanFloat() != b.CanFloat():
		hint = "; float64 makes the one of the other"
	}
	return fmt.Errorf("expected two numbers or two texts to compare, found %s and %s%s", describe(a), describe(b), hint)
}

// index is an element of a list or map, or of one within it, as text/template's is. A key is
// counted to find it.
func (r *Run) index(from reflect.Value, keys ...reflect.Value) (reflect.Value, error) {
	from = elem(from)
	if !from.IsValid() {
		return reflect.Value{}, errors.New("expected a list or a map, found nothing; guard it with {{with}}")
	}
	for _, key := range keys {
		key = elem(key)
		for from.Kind() == reflect.Pointer || from.Kind() == reflect.Interface {
			if from = from.Elem(); !from.IsValid() {
				return reflect.Value{}, errors.New("expected a list or a map, found nothing; guard it with {{with}}")
			}
		}
		var err error
		switch from.Kind() {
		case reflect.Array, reflect.Slice, reflect.String:
			if from, err = element(from, key); err != nil {
				return reflect.Value{}, err
			}
		case reflect.Map:
			if key.Kind() == reflect.String {
				if err := r.spend(key.Len()); err != nil {
					return reflect.Value{}, err
				}
			}
			if from, err = entry(from, key); err != nil {
				return reflect.Value{}, err
			}
		default:
			return reflect.Value{}, fmt.Errorf("expected a list or a map, found %s", jsonsafe.Describe(from.Interface()))
		}
	}
	return from, nil
}

// element is the element at an index, which counts from 0.
func element(list, at reflect.Value) (reflect.Value, error) {
	n := int64(-1)
	switch {
	case at.CanInt():
		n = at.Int()
	case at.CanUint() && at.Uint() < 1<<62:
		n = int64(at.Uint()) // it is below 1<<62
	case at.CanUint():
	case !at.IsValid():
		return reflect.Value{}, errors.New("expected a whole number for a place in a list, found nothing")
	default:
		return reflect.Value{},
			fmt.Errorf("expected a whole number for a place in a list, found %s", jsonsafe.Describe(at.Interface()))
	}
	if n < 0 || n >= int64(list.Len()) {
		return reflect.Value{}, fmt.Errorf("there is no element %d: the list has %d, and the first is 0", n, list.Len())
	}
	return list.Index(int(n)), nil
}

// entry is the value of a key; the zero value if there is none.
func entry(from, key reflect.Value) (reflect.Value, error) {
	wanted := from.Type().Key()
	switch {
	case !key.IsValid():
		return reflect.Value{}, errors.New("expected a key, found nothing")
	case key.Type().AssignableTo(wanted):
	case (key.CanInt() || key.CanUint()) && wanted.Kind() >= reflect.Int && wanted.Kind() <= reflect.Uintptr:
		key = key.Convert(wanted)
	default:
		return reflect.Value{},
			fmt.Errorf("expected %s for a key, found %s", jsonsafe.DescribeType(wanted.String()),
				jsonsafe.Describe(key.Interface()))
	}
	if v := from.MapIndex(key); v.IsValid() {
		return v, nil
	}
	return reflect.Zero(from.Type().Elem()), nil
}
