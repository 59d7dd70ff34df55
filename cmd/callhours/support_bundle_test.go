package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// bundleFiles are what a bundle holds, in order; docs/operations.md lists them.
var bundleFiles = []string{
	"CONTENTS.txt", "version.txt", "machine.txt", "check.txt", "status.json", "findings.json", "feeds.json", "metrics.txt",
}

// TestSupportBundle: it has the files that it should, each is listed, and no secret, path of a
// feed or caller's number is in any of them.
func TestSupportBundle(t *testing.T) {
	t.Parallel()
	feed := httptest.NewServer(http.NotFoundHandler())
	defer feed.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secrets.yaml"), []byte("pw: hush-hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	writeConfig(t, dir, "secrets: [secrets.yaml]\nauth: {basic: {username: kazoo, password: {secret: pw}}}\nstart_timeout: 1s\n"+
		"calendars: {hours: {url: '"+feed.URL+"/private-3f9c/hours.ics', headers: {X-Key: plain-header-key}}}\n"+oneClosed)
	p := startProcess(t, dir)
	defer p.kill(t)
	for range 3 {
		request, err := http.NewRequest(http.MethodPost, p.calls+"/main",
			strings.NewReader(url.Values{"Request": {"+14155550100"}, "Caller-ID-Number": {"+12025550147"}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.SetBasicAuth("kazoo", "hush-hush")
		r, err := http.DefaultClient.Do(request)
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatalf("got %v, %v", r, err)
		}
		r.Body.Close()
	}
	files, printed := bundle(t, dir, p.admin)
	var names []string
	for name, content := range files {
		names = append(names, name)
		for _, secret := range []string{
			"hush-hush", "private-3f9c", "plain-header-key", "2025550147", "4155550100",
		} {
			if strings.Contains(content, secret) {
				t.Errorf("%s has %s: %s", name, secret, content)
			}
		}
		if len(content) == 0 || !strings.Contains(files["CONTENTS.txt"], name) && name != "CONTENTS.txt" {
			t.Errorf("%s is empty, or not listed in %s", name, files["CONTENTS.txt"])
		}
	}
	slices.Sort(names)
	if want := slices.Sorted(slices.Values(bundleFiles)); !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	if !strings.Contains(printed, files["CONTENTS.txt"]) {
		t.Errorf("got %s", printed)
	}
	guide, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range bundleFiles {
		if !bytes.Contains(guide, []byte("| `"+name+"` |")) {
			t.Errorf("docs/operations.md does not list %s", name)
		}
	}
	// Without a server what it would have told is left out, and said.
	files, _ = bundle(t, dir, "http://127.0.0.1:1")
	if _, ok := files["status.json"]; ok || !strings.Contains(files["CONTENTS.txt"], "status.json    left out: ") {
		t.Errorf("got %s", files["CONTENTS.txt"])
	}
}

// bundle makes a bundle, and gives its files by name and what the command printed.
func bundle(t *testing.T, dir, admin string) (files map[string]string, printed string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "bundle.tar.gz")
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"support-bundle", "-c", filepath.Join(dir, "callhours.yaml"), "--admin", admin, name},
		environment{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: time.Now}); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	packed, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, out.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(h.Name, "callhours-support/")] = string(content)
	}
}
