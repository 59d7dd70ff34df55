package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestRestore is the drill of docs/backup.md: a server is backed up while it runs, everything is
// deleted and unpacked again, and calls are answered as before while the feed is down.
func TestRestore(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART;VALUE=DATE:20200101\n"+
			"RRULE:FREQ=DAILY\nSUMMARY:Open\nEND:VEVENT\nEND:VCALENDAR\n")
	}))
	defer feed.Close()
	dir, backup := filepath.Join(t.TempDir(), "callhours"), t.TempDir()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	writeConfig(t, dir, "state_dir: state\ncalendars: {hours: {url: "+feed.URL+"}}\nroutes:\n"+
		"  - {name: main, branches: [{name: open, when: {calendar: hours}, callflow: '{\"module\":\"hangup\"}'}, "+
		"{name: closed, pass: true}]}\n")
	p := startProcess(t, dir)
	before := flow(t, p)
	if err := os.CopyFS(backup, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	p.kill(t)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	down.Store(true)
	if err := os.Remove(filepath.Join(backup, "state", "lock")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(backup)); err != nil {
		t.Fatal(err)
	}
	p = startProcess(t, dir)
	defer p.kill(t)
	if after := flow(t, p); after != before || !strings.Contains(after, "hangup") {
		t.Errorf("got %q, before the loss %q", after, before)
	}
}

// flow is what a call to the route main is answered with.
func flow(t *testing.T, p *process) string {
	t.Helper()
	r, err := http.PostForm(p.calls+"/main", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
