package main

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDiedWhileLoading has a process end while it loads a tenant's new file, and another while it
// loads the main file: the next one answers with the accepted files and says why, in its log, its
// status and its metrics, until the file changes.
func TestDiedWhileLoading(t *testing.T) {
	t.Parallel()
	const (
		main = "listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\nstate_dir: state\ntimezone: UTC\nwatch: never\ninclude: [t/*.yaml]\n"
		acme = "tenant: {name: acme, account: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\nroutes:\n  - {name: r, branches: [{name: x, state: other, " +
			"callflow: '{\"module\":\"tts\",\"data\":{\"text\":\"one\"}}'}]}\n"
	)
	for _, c := range []struct {
		file, text string
		says       []string // of /api/v1/status and /metrics
	}{
		{
			"t/acme.yaml", strings.Replace(acme, "one", "FATAL", 1),
			[]string{`"rejected":["acme"]`, `callhours_config_rejected{tenant="acme"} 1`},
		},
		{"callhours.yaml", main + "# FATAL\n", []string{`"from_accepted":true`}},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put := func(file, text string) {
				t.Helper()
				if err := errors.Join(os.MkdirAll(filepath.Join(dir, "t"), 0o700),
					os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			put("callhours.yaml", main)
			put("t/acme.yaml", acme)
			fatal := fatalKey + "=" + c.file
			startProcess(t, dir, fatal).kill(t)
			put(c.file, c.text)
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			dying := exec.Command(self)
			dying.Args, dying.Dir, dying.Env = []string{"callhours", "serve"}, dir, []string{fatal}
			var exit *exec.ExitError
			if err := dying.Run(); !errors.As(err, &exit) || exit.ExitCode() != fatalCode {
				t.Fatalf("it did not end while loading: %v", err)
			}
			p := startProcess(t, dir, fatal)
			read := func(answer *http.Response, err error) string {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
				defer answer.Body.Close()
				body, err := io.ReadAll(answer.Body)
				if err != nil {
					t.Fatal(err)
				}
				return string(body)
			}
			call := func() string {
				return read(http.PostForm(p.calls+"/acme/r", url.Values{"Account-ID": {strings.Repeat("a", 32)}}))
			}
			if got := call(); !strings.Contains(got, `"one"`) {
				t.Errorf("the accepted files do not answer: %s", got)
			}
			seen := read(http.Get(p.admin+"/api/v1/status")) + read(http.Get(p.admin+"/metrics"))
			for _, want := range append(c.says, "callhours ended while loading this",
				"callhours_config_last_reload_successful 0") {
				if !strings.Contains(seen, want) {
					t.Errorf("%q is not said", want)
				}
			}
			put(c.file, strings.Replace(c.text, "FATAL", "two", 1))
			if got := read(http.Post(p.admin+"/-/reload", "", nil)); strings.Contains(got, "ended") {
				t.Errorf("what has changed is not taken: %s", got)
			}
			if got := call(); strings.Contains(got, `"two"`) != (c.file == "t/acme.yaml") {
				t.Errorf("what has changed does not answer: %s", got)
			}
			p.kill(t)
			if !strings.Contains(p.log.String(), "callhours ended while loading this") {
				t.Errorf("the log does not say it: %s", p.log)
			}
		})
	}
}
