package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// manager is a service manager: it holds the sockets, starts the server as systemd does, and hears
// what that says.
type manager struct {
	t            *testing.T
	dir          string
	pivot, admin *net.TCPListener
	heard        chan string
	notify       string
}

func newManager(t *testing.T, yaml string) *manager {
	t.Helper()
	m := &manager{t: t, dir: t.TempDir(), heard: make(chan string, 1000)}
	writeConfig(t, m.dir, yaml)
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(m.dir, "callhours"))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []**net.TCPListener{&m.pivot, &m.admin} {
		opened, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		*l = opened.(*net.TCPListener)
		t.Cleanup(func() { opened.Close() })
	}
	m.notify = filepath.Join(m.dir, "notify")
	hears, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: m.notify, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hears.Close() })
	go func() {
		for room := make([]byte, 4096); ; {
			n, err := hears.Read(room)
			if err != nil {
				return
			}
			m.heard <- string(room[:n])
		}
	}()
	return m
}

// start starts the server; names are those of its sockets.
func (m *manager) start(names string, env ...string) (cmd *exec.Cmd, log *bytes.Buffer) {
	m.t.Helper()
	cmd, log = exec.Command("sh", "-c", "LISTEN_PID=$$ exec ./callhours serve"), &bytes.Buffer{}
	for _, l := range []*net.TCPListener{m.pivot, m.admin} {
		f, err := l.File()
		if err != nil {
			m.t.Fatal(err)
		}
		defer f.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	cmd.Dir, cmd.Stderr = m.dir, log
	cmd.Env = append([]string{"LISTEN_FDS=2", "LISTEN_FDNAMES=" + names, "NOTIFY_SOCKET=" + m.notify}, env...)
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd, log
}

// hear waits until the server has said something.
func (m *manager) hear(text string) string {
	m.t.Helper()
	late := time.After(time.Minute)
	for all := ""; ; {
		select {
		case said := <-m.heard:
			if strings.Contains(said, text) {
				return said
			}
			all += said + "\n"
		case <-late:
			m.t.Fatalf("it does not say %s, but %s", text, all)
		}
	}
}

// TestServiceManager: it hears when calls are answered, what of, of reloads, and of the end.
func TestServiceManager(t *testing.T) {
	t.Parallel()
	m := newManager(t, "drain: 1ms\n"+oneClosed)
	cmd, log := m.start("pivot:admin", "WATCHDOG_USEC=40000")
	if got := m.hear("READY=1"); got != "READY=1\nSTATUS=answering 1 route" {
		t.Errorf("got %q", got)
	}
	m.hear("WATCHDOG=1")
	m.hear("WATCHDOG=1")
	writeConfig(t, m.dir, "drain: 1ms\ncalendars: {hours: {url: 'http://127.0.0.1:1/'}}\nstart_timeout: 1ms\n"+oneClosed)
	send(t, cmd, syscall.SIGHUP)
	if got := m.hear("RELOADING=1"); !strings.Contains(got, "\nMONOTONIC_USEC=") {
		t.Errorf("got %q", got)
	}
	if got := m.hear("READY=1"); got != "READY=1\nSTATUS=answering 1 route; 1 calendar unknown" {
		t.Errorf("got %q", got)
	}
	writeConfig(t, m.dir, "nonsense: 1\n"+oneClosed)
	send(t, cmd, syscall.SIGHUP)
	if got := m.hear("READY=1"); !strings.HasSuffix(got, "; the last reload was refused") {
		t.Errorf("got %q", got)
	}
	send(t, cmd, syscall.SIGTERM)
	m.hear("STOPPING=1")
	if code := outcome(t, cmd); code != exitOK {
		t.Errorf("exit code %d: %s", code, log)
	}
	if out := log.String(); !strings.Contains(out, "the address is not used, since systemd passes a socket") {
		t.Errorf("got %s", out)
	}
}

// TestPassedSockets: those that cannot be used are refused, with what to do.
func TestPassedSockets(t *testing.T) {
	t.Parallel()
	for names, want := range map[string]string{
		"pivot:callhours.socket": `a socket named "callhours.socket"; set FileDescriptorName of its .socket unit to pivot or admin`,
		"pivot:pivot":            `passes 2 sockets named "pivot"; write one ListenStream`,
	} {
		m := newManager(t, oneClosed)
		cmd, log := m.start(names)
		if code := outcome(t, cmd); code != exitFailure || !strings.Contains(log.String(), want) {
			t.Errorf("%s: exit code %d: %s", names, code, log)
		}
	}
}

// TestRestart restarts the server while it gets 200 calls a second, over connections that stay open
// and over new ones: each is answered, as the socket keeps them meanwhile.
func TestRestart(t *testing.T) {
	t.Parallel()
	m := newManager(t, "drain: 500ms\n"+oneClosed)
	first, firstLog := m.start("pivot:admin")
	m.hear("READY=1")
	const callers, every = 20, 100 * time.Millisecond // each half of them
	var answered atomic.Int64
	var longest atomic.Int64
	done := make(chan struct{})
	var signalled time.Time
	var busy sync.WaitGroup
	at := "http://" + m.pivot.Addr().String() + "/main"
	for i := range callers {
		client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: i%2 == 0}}
		busy.Go(func() {
			defer client.CloseIdleConnections()
			<-time.After(time.Duration(i) * every / callers) // all at once would look like too many calls
			ticker := time.NewTicker(every)
			defer ticker.Stop()
			for {
				select {
				case <-done:
					return
				case <-ticker.C:
				}
				began := time.Now()
				if err := callOnce(client, at); err != nil {
					t.Errorf("caller %d, %s after the signal: %v", i, time.Since(signalled), err)
					return
				}
				answered.Add(1)
				longest.Store(max(longest.Load(), int64(time.Since(began))))
			}
		})
	}
	<-time.After(500 * time.Millisecond)
	before := answered.Load()
	signalled = time.Now()
	send(t, first, syscall.SIGTERM)
	if code := outcome(t, first); code != exitOK {
		t.Errorf("exit code %d: %s", code, firstLog)
	}
	second, secondLog := m.start("pivot:admin")
	m.hear("READY=1")
	<-time.After(500 * time.Millisecond)
	close(done)
	busy.Wait()
	send(t, second, syscall.SIGTERM)
	if code := outcome(t, second); code != exitOK {
		t.Errorf("exit code %d: %s", code, secondLog)
	}
	if n := answered.Load(); before < callers || n-before < 2*callers {
		t.Errorf("got %d answers before the restart and %d since", before, n-before)
	}
	t.Logf("%d calls, the longest %s", answered.Load(), time.Duration(longest.Load()))
}

// callOnce makes a call; an answer other than a callflow is an error.
func callOnce(client *http.Client, at string) error {
	r, err := client.PostForm(at, url.Values{"Request": {"+14155550100"}})
	if err != nil {
		return err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d, %s, %w", r.StatusCode, body, err)
	}
	return nil
}

// TestStarting: with a passed socket, calls wait until they are answered, for acceptAfter at most.
func TestStarting(t *testing.T) {
	t.Parallel()
	feed := newHangingFeed(t)
	m := newManager(t, "drain: 1ms\n"+feedRoutes(feed.url, "main"))
	cmd, _ := m.start("pivot:admin")
	<-feed.asked
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	at := "http://" + m.pivot.Addr().String() + "/main"
	answers := make(chan error, 1)
	go func() { answers <- callOnce(client, at) }()
	select {
	case err := <-answers:
		t.Errorf("a call was answered before the server was ready: %v", err)
	case <-time.After(time.Second):
	}
	if err := <-answers; err == nil || !strings.Contains(err.Error(), "status 503") {
		t.Errorf("a server that is not ready after 3 s: got %v, want status 503", err)
	}
	feed.release()
	m.hear("READY=1")
	if err := callOnce(client, at); err != nil {
		t.Error(err)
	}
	send(t, cmd, syscall.SIGTERM)
	outcome(t, cmd)
}
