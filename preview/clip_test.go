package preview_test

import (
	"strings"
	"testing"

	"github.com/callhours/callhours/preview"
)

// TestClip: a title is cut after so many characters, never within one.
func TestClip(t *testing.T) {
	t.Parallel()
	for _, letter := range []string{"x", "ä", "語", "\xff"} {
		at := strings.Repeat(letter, 256)
		if got := preview.Title(at); got != at {
			t.Errorf("%q: a title of 256 characters is cut to %d bytes", letter, len(got))
		}
		if got := preview.Title(at + letter); got != at+"…" {
			t.Errorf("%q: a title of 257 characters is cut to %d bytes", letter, len(got))
		}
	}
	long := strings.Repeat("x", 1<<20)
	if got := preview.Title(long); len(got) != 256+len("…") {
		t.Errorf("got %d bytes", len(got))
	}
}
