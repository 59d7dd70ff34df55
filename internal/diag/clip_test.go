package diag

import (
	"strings"
	"testing"
)

func TestClip(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"a\n":                    `"a\n"`,
		strings.Repeat("ä", 40):  `"` + strings.Repeat("ä", 40) + `"`,
		strings.Repeat("😀", 999): `"` + strings.Repeat("😀", 40) + `"…`,
	} {
		if got := Clip(s); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	}
}
