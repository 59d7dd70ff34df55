package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// hangingFeed answers nothing until it is released, and says when it is asked.
type hangingFeed struct {
	url     string
	asked   chan struct{}
	release func()
}

func newHangingFeed(t *testing.T) *hangingFeed {
	f, released := &hangingFeed{asked: make(chan struct{}, 100)}, make(chan struct{})
	f.release = sync.OnceFunc(func() { close(released) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		f.asked <- struct{}{}
		<-released
		_, _ = io.WriteString(w, "BEGIN:VCALENDAR\nEND:VCALENDAR\n")
	}))
	t.Cleanup(func() { f.release(); server.Close() })
	f.url = server.URL
	return f
}

// signalled is a process whose output goes where the test says.
func signalled(t *testing.T, dir string, stdout, stderr *os.File) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Args, cmd.Dir, cmd.Env = []string{"callhours", "serve"}, dir, []string{}
	if stdout != nil {
		cmd.Stdout = stdout
	}
	if stderr != nil {
		cmd.Stderr = stderr
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stdout.Close() // what it writes ends with it
	stderr.Close()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

func send(t *testing.T, cmd *exec.Cmd, s syscall.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// outcome waits for the end of a process; a negative number is the signal that ended it.
func outcome(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	err := cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &exit):
		t.Fatal(err)
	}
	if s := exit.Sys().(syscall.WaitStatus); s.Signaled() {
		return -int(s.Signal())
	}
	return exit.ExitCode()
}

func writeConfig(t *testing.T, dir, yaml string) {
	t.Helper()
	text := "listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\ntimezone: America/New_York\nwatch: never\n" + yaml
	if err := os.WriteFile(filepath.Join(dir, "callhours.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const oneClosed = "routes: [{name: main, branches: [{name: closed, callflow: '{\"module\":\"hangup\"}'}]}]\n"

func feedRoutes(feed string, names ...string) string {
	yaml := fmt.Sprintf("start_timeout: 10m\ncalendars: {hours: {url: %q}}\nroutes:\n", feed)
	for _, name := range names {
		yaml += "  - {name: " + name +
			", branches: [{name: open, when: {calendar: hours}, pass: true}, {name: closed, callflow: '{\"module\":\"hangup\"}'}]}\n"
	}
	return yaml
}

// piped is what a process writes into a pipe.
type piped struct {
	*bufio.Reader
	from *os.File
}

// line reads until a line begins with the text, or has it behind its time, and gives what follows
// it there.
func (p piped) line(t *testing.T, text string) string {
	t.Helper()
	all := ""
	for {
		line, err := p.ReadString('\n')
		if _, rest, found := strings.Cut(line, text); found && err == nil {
			return strings.TrimSpace(rest)
		}
		if all += line; err != nil {
			t.Fatalf("no line with %q: %s", text, all)
		}
	}
}

// started reads until the server has started, and gives the URLs of its listeners.
func (p piped) started(t *testing.T) (calls, admin string) {
	t.Helper()
	var all strings.Builder
	if calls, admin = readStarted(p.Reader, &all); admin == "" {
		t.Fatalf("the server did not start: %s", &all)
	}
	return calls, admin
}

func pipe(t *testing.T) (piped, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return piped{bufio.NewReader(r), r}, w
}

// TestHangupBeforeStart: a signal to reload that comes while the server starts is remembered, and
// obeyed once calls are answered.
func TestHangupBeforeStart(t *testing.T) {
	t.Parallel()
	dir, feed := t.TempDir(), newHangingFeed(t)
	writeConfig(t, dir, feedRoutes(feed.url, "one"))
	lines, stderr := pipe(t)
	cmd := signalled(t, dir, nil, stderr)
	<-feed.asked
	writeConfig(t, dir, feedRoutes(feed.url, "one", "two"))
	send(t, cmd, syscall.SIGHUP)
	send(t, cmd, syscall.SIGHUP)
	feed.release()
	calls, _ := lines.started(t)
	lines.line(t, "msg=reloaded ")
	r, err := http.PostForm(calls+"/two", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Errorf("the route of the new configuration: got %d", r.StatusCode)
	}
	send(t, cmd, syscall.SIGKILL)
	outcome(t, cmd)
}

// TestLogReaderGone: that nobody reads the log any more ends nothing.
func TestLogReaderGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeConfig(t, dir, "drain: 1ms\n"+oneClosed)
	out, both := pipe(t)
	cmd := signalled(t, dir, both, both)
	calls, admin := out.started(t)
	out.from.Close()
	for i := range 3 {
		r, err := http.PostForm(calls+"/main", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != http.StatusOK {
			t.Errorf("call %d: got %d", i, r.StatusCode)
		}
	}
	for {
		r, err := http.Get(admin + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("\ncallhours_log_lines_dropped_total 3\n")) {
			break
		}
	}
	send(t, cmd, syscall.SIGTERM)
	if got := outcome(t, cmd); got != 0 {
		t.Errorf("SIGTERM: got exit code %d", got)
	}
}

// TestTerminate: SIGTERM ends the process whatever hangs, and long before what hangs would end.
func TestTerminate(t *testing.T) {
	t.Parallel()
	t.Run("while it starts", func(t *testing.T) {
		t.Parallel()
		dir, feed := t.TempDir(), newHangingFeed(t)
		writeConfig(t, dir, "drain: 10m\n"+feedRoutes(feed.url, "one"))
		cmd := signalled(t, dir, nil, nil)
		<-feed.asked
		send(t, cmd, syscall.SIGTERM)
		if got := outcome(t, cmd); got != 0 {
			t.Errorf("got exit code %d", got)
		}
	})
	t.Run("while a reload waits for a feed", func(t *testing.T) {
		t.Parallel()
		dir, feed := t.TempDir(), newHangingFeed(t)
		writeConfig(t, dir, "drain: 1ms\n"+oneClosed)
		lines, stderr := pipe(t)
		cmd := signalled(t, dir, nil, stderr)
		_, admin := lines.started(t)
		writeConfig(t, dir, "drain: 1ms\n"+feedRoutes(feed.url, "one"))
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			if r, err := http.Post(admin+"/-/reload", "", nil); err == nil {
				r.Body.Close()
			}
		}()
		<-feed.asked
		send(t, cmd, syscall.SIGHUP)
		send(t, cmd, syscall.SIGTERM)
		if got := outcome(t, cmd); got != 0 {
			t.Errorf("got exit code %d", got)
		}
		<-answered
	})
	t.Run("while nobody reads its log", func(t *testing.T) {
		t.Parallel()
		dir, feed := t.TempDir(), newHangingFeed(t)
		feed.release()
		writeConfig(t, dir, "drain: 1ms\n"+feedRoutes(feed.url, "one"))
		_, full := pipe(t)
		if err := full.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		for { // until the pipe has no room
			if _, err := full.Write(make([]byte, 4096)); err != nil {
				break
			}
		}
		cmd := signalled(t, dir, nil, full)
		<-feed.asked
		send(t, cmd, syscall.SIGTERM)
		if got := outcome(t, cmd); got != 0 {
			t.Errorf("got exit code %d", got)
		}
	})
	t.Run("twice", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		writeConfig(t, dir, "drain: 10m\n"+oneClosed)
		lines, stderr := pipe(t)
		cmd := signalled(t, dir, nil, stderr)
		_, admin := lines.started(t)
		send(t, cmd, syscall.SIGTERM)
		for {
			r, err := http.Get(admin + "/-/ready")
			if err != nil {
				t.Fatal(err)
			}
			r.Body.Close()
			if r.StatusCode == http.StatusServiceUnavailable {
				break
			}
		}
		send(t, cmd, syscall.SIGTERM)
		if got := outcome(t, cmd); got != -int(syscall.SIGTERM) {
			t.Errorf("got %d, want to be ended by the signal", got)
		}
	})
}

// TestAfter: what hangs is left behind when its time is over.
func TestAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		over := after(ctx, 15*time.Second)
		time.AfterFunc(time.Minute, cancel)
		<-over
		if took := time.Since(began); took != 75*time.Second {
			t.Errorf("over after %s", took)
		}
	})
}

// TestInterrupted: a command that reads what never ends is ended by one signal.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, by := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		from, to, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer to.Close()
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(self)
		cmd.Args, cmd.Dir, cmd.Env, cmd.Stdin = []string{"callhours", "events", "-"}, t.TempDir(), []string{}, from
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		from.Close()
		// more than a pipe holds: it is reading
		if _, err := to.WriteString("BEGIN:VCALENDAR\n" + strings.Repeat("X:x\n", 100<<10)); err != nil {
			t.Fatal(err)
		}
		send(t, cmd, by)
		if got := outcome(t, cmd); got != exitFailure {
			t.Errorf("%s: got %d, want %d", by, got, exitFailure)
		}
	}
}
