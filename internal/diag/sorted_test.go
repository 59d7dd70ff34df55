package diag

import (
	"fmt"
	"strings"
	"testing"
)

// TestSortedFirst: of a file with many mistakes the first are said, and how many more there are,
// for each file that they concern.
func TestSortedFirst(t *testing.T) {
	t.Parallel()
	var ms Mistakes
	for i := range 1000 {
		m := Mistakef(Pos{"a.tmpl", 1000 - i, 1}, "wrong %d", i)
		m.Other.File = fmt.Sprintf("t%d.yaml", i%2)
		ms = append(ms, m)
	}
	for i := range MaxMistakes + 1 {
		ms = append(ms, Mistakef(Pos{"b.yaml", i + 1, 1}, "wrong"), Mistakef(Pos{}, "no file %d", i))
	}
	got := ms.Sorted()
	by := map[string]int{}
	for _, m := range got {
		by[m.File+" "+m.Other.File]++
	}
	for of, want := range map[string]int{
		"a.tmpl t0.yaml": MaxMistakes + 1, "a.tmpl t1.yaml": MaxMistakes + 1,
		"b.yaml ": MaxMistakes + 1, " ": MaxMistakes + 1,
	} {
		if by[of] != want {
			t.Errorf("%q: %d are said, want %d", of, by[of], want)
		}
	}
	if text := got.Error(); strings.Count(text,
		"300 more mistakes of this file are not listed; correct the others first") != 2 ||
		strings.Contains(text, "b.yaml: more") {
		t.Errorf("what is left out is not said as it should be")
	}
	if again := got.Sorted(); len(again) != len(got) {
		t.Errorf("sorted again they are %d, and were %d", len(again), len(got))
	}
}
