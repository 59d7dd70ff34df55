package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pageOf is what a URL answers.
func pageOf(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTwoServers: of two processes with one state_dir the second one answers, writes nothing there,
// says so, and takes over when the first is killed.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	yaml :=
		"listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\nstate_dir: state\ntimezone: America/New_York\ndrain: 1ms\n" +
			"routes: [{name: r, branches: [{name: closed, callflow: '{\"module\":\"hangup\"}'}]}]\n"
	if err := os.WriteFile(filepath.Join(dir, "callhours.yaml"), []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	first := startProcess(t, dir)
	defer func() { _ = first.cmd.Process.Kill() }()
	accepted, err := filepath.Glob(filepath.Join(dir, "state", "accepted", "*"))
	if err != nil || len(accepted) != 1 {
		t.Fatalf("got %v, %v", accepted, err)
	}
	if err := os.Remove(accepted[0]); err != nil { // whoever writes makes it again
		t.Fatal(err)
	}
	second := startProcess(t, dir)
	defer func() { _ = second.cmd.Process.Kill() }()
	why := fmt.Sprintf("state: another process uses it (process %d)", first.cmd.Process.Pid)
	if got := pageOf(t, second.calls+"/r"); !strings.Contains(got, "hangup") {
		t.Errorf("the second answers %s", got)
	}
	for path, want := range map[string]string{
		"/metrics": "\ncallhours_state_read_only 1\n", "/api/v1/status": `"state_shared":"` + why + `"`,
		"/api/v1/findings": "state_dir_shared",
	} {
		if got := pageOf(t, second.admin+path); !strings.Contains(got, want) {
			t.Errorf("%s does not say %s:\n%s", path, want, got)
		}
	}
	if got := pageOf(t, first.admin+"/metrics"); !strings.Contains(got, "\ncallhours_state_read_only 0\n") {
		t.Error("the first says that it writes nothing")
	}
	if _, err := os.Stat(accepted[0]); err == nil {
		t.Error("the second has written the accepted copy")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	strict := exec.Command(self)
	strict.Args, strict.Dir, strict.Env = []string{"callhours", "serve", "--strict"}, dir, []string{}
	var said bytes.Buffer
	strict.Stderr = &said
	_ = strict.Run()
	if got := strings.TrimSpace(said.String()); strict.ProcessState.ExitCode() != 2 ||
		got != "state_dir "+why+"; stop that process, or set another state_dir" {
		t.Errorf("--strict: exit code %d, %s", strict.ProcessState.ExitCode(), got)
	}

	first.kill(t)
	for deadline := time.Now().Add(time.Minute); ; {
		if _, err := os.Stat(accepted[0]); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the second does not take over")
		}
		<-time.After(10 * time.Millisecond)
	}
	if got := pageOf(t, second.admin+"/metrics"); !strings.Contains(got, "\ncallhours_state_read_only 0\n") {
		t.Error("it has taken over and does not say so")
	}
	second.kill(t)
	if out := second.log.String(); !strings.Contains(out, "warning: state_dir "+why) ||
		!strings.Contains(out, "state_dir is free") {
		t.Errorf("the log is %s", out)
	}
}

// TestAcceptedByPath: configurations of the same name in two directories have an accepted copy each
// in one state_dir, and one that is spelled differently has its own.
func TestAcceptedByPath(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	answers := func(dir, main string) string {
		t.Helper()
		p := startProcessWith(t, dir, []string{"-c", main})
		defer p.kill(t)
		return pageOf(t, p.calls+"/acme/r?Account-ID=aaa")
	}
	var dirs []string
	for _, who := range []string{"anna", "bert"} {
		dir := t.TempDir()
		dirs = append(dirs, dir)
		for name, text := range map[string]string{
			"callhours.yaml": "listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\nstate_dir: " + state +
				"\ntimezone: America/New_York\ninclude: [tenants/*.yaml]\n",
			"tenants/a.yaml": "tenant: {name: acme, account: [aaa]}\nroutes: [{name: r, branches: [{name: closed, callflow: '{\"module\":\"tts\",\"data\":{\"text\":\"" + who + "\"}}'}]}]\n",
		} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := answers(dir, "callhours.yaml"); !strings.Contains(got, who) {
			t.Fatalf("got %s", got)
		}
	}
	for _, dir := range dirs {
		if err := os.WriteFile(filepath.Join(dir, "tenants", "a.yaml"), []byte("tenant: {name: acme\n"),
			0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i, who := range []string{"anna", "bert"} {
		for _, main := range []string{
			"callhours.yaml", "./callhours.yaml", filepath.Join(dirs[i], "callhours.yaml"),
			"tenants/../callhours.yaml",
		} {
			if got := answers(dirs[i], main); !strings.Contains(got, who) {
				t.Errorf("%s of %s answers %s", main, who, got)
			}
		}
	}
}
