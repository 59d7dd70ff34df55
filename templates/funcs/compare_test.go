package funcs

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/callhours/callhours/templates/jsonsafe"
)

type comparable struct{ A, B int }

// compared are values of every kind that templates meet.
func compared() []any {
	type text string
	var none *comparable
	one := &comparable{1, 2}
	return []any{
		nil, true, false, 0, 1, -1, int64(1), int8(-3), uint(1), uint64(1 << 63), 1.0, 1.5, float32(1.5), "", "a", "b",
		"ab", text("a"), complex(1, 2),
		[]any{},
		[]any(nil),
		[]any{1, "a"},
		map[string]any{},
		map[string]any(nil),
		map[string]any{"a": 1},
		map[string]string{"a": "b"},
		[]string{"a"},
		comparable{1, 2},
		comparable{1, 3},
		one, none, &comparable{1, 2},
		jsonsafe.Raw("1"),
		time.Unix(5, 0).UTC(),
		[2]int{1, 2},
		errors.New,
		map[int64]string{1: "x"},
	}
}

// TestComparisons holds eq, ne, lt, le, gt, ge and index to what text/template's own give, for each
// pair of values. What is an error there is one here, in other words.
func TestComparisons(t *testing.T) {
	t.Parallel()
	r := &Run{literals: &Literals{}}
	_ = r.Begin(t.Context(), Env{})
	ours, theirs := template.FuncMap{}, template.New("theirs")
	for name := range strings.FieldsSeq("eq ne lt le gt ge index") {
		ours[name] = functions[name].bind(r)
	}
	tried := 0
	for name := range ours {
		text := `{{ printf "%v" (` + name + ` .A .B) }}`
		want, own := template.Must(theirs.New(name).Parse(text)),
			template.Must(template.New(name).Funcs(ours).Parse(text))
		for _, a := range compared() {
			for _, b := range compared() {
				data := map[string]any{"A": a, "B": b}
				var expected, got bytes.Buffer
				wrong, err := want.Execute(&expected, data), own.Execute(&got, data)
				if (wrong == nil) != (err == nil) || wrong == nil && expected.String() != got.String() {
					t.Errorf("%s of %T %v and %T %v: got %q, %v; text/template gives %q, %v", name, a, a, b, b, &got,
						err, &expected, wrong)
				}
				tried++
			}
		}
	}
	if tried < 9000 {
		t.Errorf("tried %d", tried)
	}
}

// TestEqual holds equal to reflect.DeepEqual.
func TestEqual(t *testing.T) {
	t.Parallel()
	values := compared()
	values = slices.DeleteFunc(values, func(v any) bool { return reflect.ValueOf(v).Kind() == reflect.Func })
	for _, v := range slices.Clone(values) {
		values = append(values, []any{v, 1}, map[string]any{"k": v}, []any{[]any{v}}, map[string]any{"k": []any{v}})
	}
	for _, a := range values {
		for _, b := range values {
			r := &Run{literals: &Literals{}}
			_ = r.Begin(t.Context(), Env{})
			if got, err := r.deepEqual(a, b); err != nil || got != reflect.DeepEqual(a, b) {
				t.Errorf("%#v and %#v: got %t, %v", a, b, got, err)
			}
			if r.left == MaxWork {
				t.Errorf("%#v and %#v: nothing is spent", a, b)
			}
		}
	}
}
