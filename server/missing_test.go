package server

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestMissingFile: a calendar's file that is gone at start is no reason to refuse what was
// accepted, and is not said among findings to be odd about a callflow: that the calendar is unknown
// stands there by itself.
func TestMissingFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, ics := filepath.Join(dir, "callhours.yaml"), filepath.Join(dir, "hours.ics")
	for name, content := range map[string]string{path: head + "state_dir: ./state\n" + oneRoute, ics: hoursFile} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	i := Installation{Path: path, Now: func() time.Time { return monday }}
	l := startBoth(t, i)
	if l.Err() != nil {
		t.Fatal(l.Err())
	}
	if err := saveAccepted(filepath.Join(dir, "state"), l.Generation, monday); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(ics); err != nil {
		t.Fatal(err)
	}
	l = startBoth(t, i)
	if l.Err() != nil {
		t.Fatal(l.Err())
	}
	g := l.Generation
	if len(g.missing) != 1 {
		t.Errorf("got %v, want the missing file", g.missing)
	}
	for _, f := range g.static(g.newLint(g.timelines)) {
		if f.Kind == "callflow_odd" {
			t.Errorf("got %+v", f)
		}
	}
}
