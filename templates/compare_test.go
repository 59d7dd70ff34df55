package templates

import (
	"bytes"
	"errors"
	"fmt"
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

// TestComparisons holds eq, ne, lt, le, gt, ge and index to what text/template's own give, for each pair of values.
// What is an error there is one here, in other words.
func TestComparisons(t *testing.T) {
	t.Parallel()
	r := &run{t: &Template{}}
	r.begin(t.Context(), nil, Env{})
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
			r := &run{t: &Template{}}
			r.begin(t.Context(), nil, Env{})
			if got, err := r.equal(a, b); err != nil || got != reflect.DeepEqual(a, b) {
				t.Errorf("%#v and %#v: got %t, %v", a, b, got, err)
			}
			if r.work == maxWork {
				t.Errorf("%#v and %#v: nothing is spent", a, b)
			}
		}
	}
}

// TestIncomparable says in words of ours what cannot be compared.
func TestIncomparable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{{ eq .Data.front_desk 1 }}`:   "t:1:4: eq: want two numbers or two texts to compare, found a text and a whole number; toString makes a text of a number, int a number of a text",
		`{{ lt 1.5 1 }}`:                "t:1:4: lt: want two numbers or two texts to compare, found a number with a fraction and a whole number; float64 makes the one of the other",
		`{{ gt .Data.numbers 1 }}`:      "t:1:4: gt: want two numbers or two texts to compare, found a list and a whole number",
		`{{ eq .Data .Data }}`:          "t:1:4: eq: a map cannot be compared; compare what it holds",
		`{{ eq 1 }}`:                    "t:1:4: eq: want at least 2 arguments, found 1",
		`{{ index .Data 1 }}`:           "t:1:4: index: want a text for a key, found a number",
		`{{ index .Call "From" }}`:      "t:1:4: index: want a list or a map, found an object",
		`{{ index .Data.numbers "1" }}`: "t:1:4: index: want a whole number for a place in a list, found a text",
		`{{ index nil 1 }}`:             "t:1:4: index: want a list or a map, found nothing; guard it with {{with}}",
	} {
		_, err := execute(t, text)
		if fmt.Sprint(err) != want {
			t.Errorf("%s\ngot:  %v\nwant: %s", text, err, want)
		}
	}
}
