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

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "abc…"},
		{"aé", 2, "a…"},
		{"😀😀", 5, "😀…"},
		{"\x80\x80\x80\x80\x80\x80\x80\x80\x80", 8, "\x80\x80\x80\x80…"},
	} {
		if got := Cut(c.text, c.most); got != c.want {
			t.Errorf("%q, %d: got %q, want %q", c.text, c.most, got, c.want)
		}
	}
}
