package config

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// TestLongName: a name of more than 200 characters is a mistake where it stands.
func TestLongName(t *testing.T) {
	t.Parallel()
	for _, form := range []string{
		"plans: {p: {branches: [{name: %s, state: open, pass: true}]}}\n",
		"routes: [{name: %s, branches: [{name: open, pass: true}]}]\n",
		"plans: {%s: {branches: [{name: open, pass: true}]}}\n",
		"calendars: {%s: {file: a.ics}}\n",
		"lists: {%s: {numbers: [\"1\"]}}\n",
	} {
		for length, want := range map[int]string{
			maxName:     "<nil>",
			maxName + 1: "has more than 200 characters; shorten it",
		} {
			src := "timezone: UTC\n" + fmt.Sprintf(form, strings.Repeat("x", length))
			_, err := Load("callhours.yaml", Options{FS: fstest.MapFS{"callhours.yaml": {Data: []byte(src)}}})
			if got := fmt.Sprint(err); !strings.Contains(got, want) || strings.Contains(got, "xxx") {
				t.Errorf("%d characters in %q: %s, want %s", length, form, got, want)
			}
		}
	}
}
