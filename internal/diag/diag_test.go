package diag

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/growth"
)

func TestPosString(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pos  Pos
		want string
	}{
		{Pos{}, ""},
		{Pos{File: "a.yaml"}, "a.yaml"},
		{Pos{"a.yaml", 3, 0}, "a.yaml:3"},
		{Pos{"a.yaml", 3, 7}, "a.yaml:3:7"},
	} {
		if got := c.pos.String(); got != c.want {
			t.Errorf("%#v: got %q, want %q", c.pos, got, c.want)
		}
	}
}

func TestMistakesErr(t *testing.T) {
	t.Parallel()
	if err := (Mistakes{}).Err(); err != nil {
		t.Fatalf("no mistakes: got %v, want nil", err)
	}
	ms := Mistakes{
		Mistakef(Pos{"b.yaml", 1, 1}, "third"),
		Mistakef(Pos{"a.yaml", 9, 1}, "second"),
		Mistakef(Pos{"a.yaml", 2, 5}, "first"),
		Mistakef(Pos{"a.yaml", 9, 1}, "second"),
		Mistakef(Pos{}, "no place"),
	}
	want := "no place\na.yaml:2:5: first\na.yaml:9:1: second\nb.yaml:1:1: third"
	if got := ms.Err().Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if ms[0].Message != "third" {
		t.Error("Err reordered the receiver")
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	many := []string{"a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"}
	for _, c := range []struct {
		got   string
		known []string
		want  string
	}{
		{"calender", []string{"routes", "calendar"}, `; did you mean "calendar"?`},
		{"offcie", []string{"office"}, `; did you mean "office"?`},
		{"OFFICE", []string{"office"}, `; did you mean "office"?`},
		{"zzzz", []string{"b", "a"}, "; known: a, b"},
		{"zzzz", many, ""},
		{"zzzz", nil, ""},
		{"bürö", []string{"büro"}, `; did you mean "büro"?`},
		{"", []string{"office"}, "; known: office"},
	} {
		if got := Suggest(c.got, c.known); got != c.want {
			t.Errorf("Suggest(%q, %q): got %q, want %q", c.got, c.known, got, c.want)
		}
	}
}

// TestSuggestLong sees that what a long name costs follows its length, and not the product with
// the lengths of the known ones.
func TestSuggestLong(t *testing.T) {
	known := make([]string, 1000)
	for i := range known {
		known[i] = strings.Repeat("x", 60) + strconv.Itoa(i)
	}
	growth.Linear(t, 100_000, func(n int) int {
		return growth.Bytes(func() {
			if got := Suggest(strings.Repeat("x", n), known); got != "" {
				t.Errorf("suggested %q", got)
			}
		})
	})
	for _, c := range []struct {
		a, b string
		want int
	}{
		{strings.Repeat("ä", 64), strings.Repeat("ä", 63), 1},
		{strings.Repeat("ä", 65), strings.Repeat("ä", 64), 65},
		{strings.Repeat("ä", 65), strings.Repeat("ä", 65), 0},
		{"a", strings.Repeat("b", 900_000), 900_000},
	} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("Distance of %d and %d bytes: got %d, want %d", len(c.a), len(c.b), got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"ab", "ba", 1}, {"kitten", "sitting", 3}, {"abcd", "acbd", 1}} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("Distance(%q, %q): got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          `""`,
		"BEGIN:VEVENT":              `"BEGIN:VEVENT"`,
		"12345678901234567890":      `"12345678901234567890"`,
		"root:x:0:0:root:/root:/sh": `"root:x:0:0:root:/roo…"`,
		"äöüäöüäöüäöüäöüäöüäöüäöü": `"äöüäöüäöüäöüäöüäöüäö…"`,
		"one\x00two":  `"one…"`,
		"\x1b[31mred": `"…"`,
		"\u202eabc":   `"…"`,
	} {
		if got := Excerpt(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// TestByOwner: of the mistakes of each owner the first ones stay, those of nobody all do.
func TestByOwner(t *testing.T) {
	t.Parallel()
	var ms Mistakes
	for i := range 2 * MaxMistakes {
		for _, dir := range []string{"a", "", "b"} {
			if dir != "b" || i <= MaxMistakes {
				ms = append(ms, Mistakef(Pos{File: fmt.Sprintf("%s/%d", dir, i)}, "wrong"))
			}
		}
	}
	got := map[string]int{}
	of := func(m Mistake) string { dir, _, _ := strings.Cut(m.File, "/"); return dir }
	last := map[string]string{}
	for _, m := range ms.ByOwner(of) {
		got[of(m)]++
		last[of(m)] = m.Message
	}
	if got["a"] != MaxMistakes+1 || got[""] != 2*MaxMistakes || got["b"] != MaxMistakes+1 {
		t.Errorf("got %v", got)
	}
	if last["a"] != "200 more mistakes of this tenant's files are not listed; correct the others first" ||
		last["b"] != "wrong" || last[""] != "wrong" {
		t.Errorf("got %v", last)
	}
}
