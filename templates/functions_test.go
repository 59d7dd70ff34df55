package templates

import (
	"strings"
	"testing"

	"github.com/callhours/callhours/templates/funcs"
)

func TestExamples(t *testing.T) {
	t.Parallel()
	for _, f := range funcs.All() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			text, want, ok := strings.Cut(f.Example, " → ")
			if !ok || !strings.Contains(text, f.Name) {
				t.Fatalf("want an example of %s and what it writes, found %q", f.Name, f.Example)
			}
			got, err := execute(t, text)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSpace(got); got != want {
				t.Errorf("%s: got %q, want %q", text, got, want)
			}
		})
	}
}
