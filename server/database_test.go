package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/database"
)

// TestDatabase: nothing is made before somebody is added; a damaged file is a finding that says what
// to do, and is gone when the file is mended.
func TestDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := newWorld(t, "state_dir: "+dir+"\n"+oneRoute, nil)
	t.Cleanup(func() {
		if err := w.database.Close(); err != nil {
			t.Error(err)
		}
	})
	said := func() string {
		t.Helper()
		_ = w.database.Open(t.Context()) // what the finding says
		var all strings.Builder
		for _, f := range w.databaseFindings() {
			all.WriteString(f.Kind + ": " + f.Message)
		}
		return all.String()
	}
	path := filepath.Join(dir, "overrides.db")
	if got := said(); got != "" {
		t.Errorf("without a file: got %s", got)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("a file was made: %v", err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	const want = "database_unusable: the database of people and overrides cannot be used: "
	if got := said(); !strings.HasPrefix(got, want+path+": is damaged") {
		t.Errorf("damaged: got %s", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	made, err := database.Open(t.Context(), database.Options{Dir: dir, Now: w.options.Now}) // as the command does
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Close(); err != nil {
		t.Fatal(err)
	}
	if got := said(); got != "" || w.database.Err() != nil {
		t.Errorf("made: got %s, %v", got, w.database.Err())
	}
}

// TestNoDatabase: without a place for one there is none, and another one needs a restart.
func TestNoDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneRoute, nil)
	if w.database != nil || len(w.databaseFindings()) > 0 {
		t.Errorf("got %v, %v", w.database, w.databaseFindings())
	}
	one, other := &config.Database{URL: "postgres://a/b"}, &config.Database{URL: "postgres://a/c"}
	for _, c := range []struct {
		a, b *config.Database
		want bool
	}{{nil, nil, true}, {one, nil, false}, {nil, one, false}, {one, one, true}, {one, other, false}} {
		if got := sameDatabase(c.a, c.b); got != c.want {
			t.Errorf("%v, %v: got %v", c.a, c.b, got)
		}
	}
}
