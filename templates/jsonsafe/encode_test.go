package jsonsafe_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/callhours/callhours/templates/jsonsafe"
)

type branch struct{ Name, State string }

func TestAppend(t *testing.T) {
	t.Parallel()
	raw := jsonsafe.Raw
	for _, c := range []struct {
		value any
		want  string
	}{
		{nil, `null`},
		{"", `""`},
		{"<a&b>\u2028", "\"<a&b>\u2028\""},
		{"\x00\a\x7f\"\\\n", `"\u0000\u0007` + "\x7f" + `\"\\\n"`},
		{"\b\f\r\t\x1f", `"\b\f\r\t\u001f"`},
		{"a\xff", "\"a\ufffd\""},
		{true, `true`},
		{int64(-7), `-7`},
		{1.5, `1.5`},
		{[]any{1, "a", nil}, `[1,"a",null]`},
		{[]string{"a"}, `["a"]`},
		{map[string]any{"b": 1, "a": []any{}}, `{"a":[],"b":1}`},
		{jsonsafe.JSON{}, `null`},
		{raw(`{"a":1}`), `{"a":1}`},
		{[]any{raw(`"x"`)}, `["x"]`},
		{[]jsonsafe.JSON{raw(`"<"`)}, `["<"]`},
		{branch{"<open>", "open"}, `{"Name":"<open>","State":"open"}`},
	} {
		got, err := jsonsafe.Append(nil, c.value, 1000)
		if err != nil || string(got) != c.want {
			t.Errorf("%#v: got %s, %v, want %s", c.value, got, err, c.want)
		}
		if !json.Valid(got) || !utf8.Valid(got) {
			t.Errorf("%#v: %q is not JSON", c.value, got)
		}
	}
	if _, err := jsonsafe.Append(nil, func() {}, 1000); err == nil || err.Error() != "an object has no JSON form" {
		t.Errorf("a func: got %v", err)
	}
	shared := slices.Repeat([]any{"0123456789"}, 100)
	got, err := jsonsafe.Append(nil, slices.Repeat([]any{shared}, 100), 1000)
	if !errors.Is(err, jsonsafe.ErrTooLong) || len(got) > 1100 {
		t.Errorf("too long: got %d bytes, %v", len(got), err)
	}
}

// FuzzAppend holds for every text: Append makes JSON of it that says the text again, alone, in a
// list and as a key, and what is plain is the same in quotes.
func FuzzAppend(f *testing.F) {
	for _, s := range []string{"", "a", "\"\\", "\x00\x1f\x7f", "\xff\xfe", "\u2028<&>", "\ufffd", "😀"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		j, err := jsonsafe.Append(nil, map[string]any{s: []any{s}}, 20*len(s)+20)
		if err != nil {
			t.Fatal(err)
		}
		var back map[string][]string
		if err := json.Unmarshal(j, &back); err != nil || !utf8.Valid(j) {
			t.Fatalf("%q: %q is not JSON: %v", s, j, err)
		}
		want := string([]rune(s)) // bytes that are not UTF-8 become U+FFFD
		if !slices.Equal(back[want], []string{want}) || len(back) != 1 {
			t.Errorf("%q: got %q back from %s", s, back, j)
		}
		if quoted := string(jsonsafe.AppendString(nil, s)); jsonsafe.IsPlain(s) && quoted != `"`+s+`"` {
			t.Errorf("%q is plain, and %s in quotes", s, quoted)
		}
	})
}

func TestInside(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value      any
		want, fail string
	}{
		{"a", "a", ""},
		{7, "7", ""},
		{
			nil, "",
			"expected a text inside the quotes, found nothing; guard it with {{with}}, give a default, or leave the quotes out to write null",
		},
		{jsonsafe.JSON{}, "", "expected a text inside the quotes, found JSON; leave the quotes or toJson out"},
		{[]any{1}, "", "expected a text inside the quotes, found a list; leave the quotes out to write it as JSON"},
		{
			&branch{}, "",
			"expected a text inside the quotes, found an object, which has Name, State; write one of them after a dot",
		},
	} {
		got, err := jsonsafe.Inside(c.value)
		if got != c.want || c.fail == "" && err != nil || c.fail != "" && (err == nil || err.Error() != c.fail) {
			t.Errorf("%#v: got %q, %v", c.value, got, err)
		}
	}
}
