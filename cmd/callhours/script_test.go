package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// nowKey is the environment variable that gives the program under test its clock, which then stands
// still.
const nowKey = "CALLHOURS_TEST_NOW"

// clockKey is the environment variable that names a file with the program's clock, which
// moves when the file is replaced.
const clockKey = "CALLHOURS_TEST_CLOCK"

// fatalKey is the environment variable that names a file of the configuration: while that holds
// "FATAL" and is being loaded, the program ends, as it would where a stack is used up.
const fatalKey = "CALLHOURS_TEST_FATAL"

func TestMain(m *testing.M) {
	// Scripts wait most of the time, for servers and for what files and feeds bring.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"callhours": func() {
		ctx := interruptible()
		now := time.Now
		if text := os.Getenv(nowKey); text != "" {
			fixed, err := time.Parse(time.RFC3339, text)
			if err != nil {
				panic(err)
			}
			now = func() time.Time { return fixed }
		}
		if file := os.Getenv(clockKey); file != "" {
			now = func() time.Time { return readClock(file) }
		}
		if file := os.Getenv(fatalKey); file != "" {
			before := loadingNow()
			now = func() time.Time { endAt(file, before); return time.Now() }
		}
		code := run(ctx, os.Args[1:], environment{os.Stdin, os.Stdout, os.Stderr, now})
		if file := os.Getenv(spentKey); file != "" {
			writeSpent(file)
		}
		os.Exit(code)
	}})
}

// endAt ends the program if the file is fatal and something is marked as being loaded that was not
// before.
func endAt(file string, before map[string]bool) {
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "FATAL") {
		return
	}
	for mark := range loadingNow() {
		if !before[mark] {
			os.Exit(fatalCode)
		}
	}
}

// loadingNow are the marks of what is being loaded, or was when a process ended.
func loadingNow() map[string]bool {
	marks, err := filepath.Glob("state/reading/configuration/*")
	if err != nil {
		panic(err)
	}
	loading := map[string]bool{}
	for _, mark := range marks {
		if state, err := os.ReadFile(mark); err == nil && strings.HasPrefix(string(state), "reading") {
			loading[mark] = true
		}
	}
	return loading
}

// fatalCode is that of a program that endAt has ended.
const fatalCode = 77

func readClock(file string) time.Time {
	text, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	now, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		panic(err)
	}
	return now
}

// TestScripts runs testdata/script/*.txtar: what the program does, as seen from outside. UPDATE=1
// rewrites what they compare with.
//
// Besides testscript's own commands they have:
//
//	at TIME                            the clock of every program that is started from then on
//	status CODE callhours ARGS         runs the program and wants that exit code
//	start ARGS                         starts `callhours serve ARGS`; $CALLS and $ADMIN are then its addresses
//	call [-STATUS] PATH [NAME=VALUE]   POSTs to the Pivot listener; headers of ours, then the body, are the output
//	get [-STATUS] [POST] PATH          GETs from the admin listener, or POSTs there; the body is the output. $CALLS/PATH asks the Pivot listener
//	waitfor PATH TEXT                  GETs from the admin listener until the body matches
//	hangup                             sends SIGHUP, and waits until the configuration has been read again
//	feed                               starts a calendar server that gives the files of the script's folder by their last name, those below /slow after more than a second; $FEED is its address
//	fill FILE                          puts the value of $FEED into a file
//	stopped                            ends the server with SIGTERM; its standard error is the output
//	validate COMMAND                   holds the output of the last command, which is that command with --format json, against its schema
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Files:               scripts(t),
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "Pacific/Apia") // the machine's zone must not matter anywhere
			e.Values[serverKey{}] = &running{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"at":     func(ts *testscript.TestScript, _ bool, args []string) { ts.Setenv(nowKey, args[0]) },
			"status": status, "feed": feed, "fill": fill, "start": start, "call": call, "get": get, "waitfor": waitfor,
			"hangup": hangup, "stopped": stopped, "validate": validate,
		},
	})
}

// scripts are the files of the scripts. With the race detector they are those that run a server: the
// other commands are over in one goroutine, and the run without the detector has them.
func scripts(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(all) == 0 {
		t.Fatalf("found %d scripts: %v", len(all), err)
	}
	if !raceEnabled {
		return all
	}
	serves := regexp.MustCompile(`(?m)^(start|.*callhours serve)\b`)
	chosen := slices.DeleteFunc(all, func(name string) bool {
		text, err := os.ReadFile(name)
		return err == nil && !serves.Match(text)
	})
	if len(chosen) < 20 {
		t.Fatalf("%d scripts run a server", len(chosen))
	}
	return chosen
}

type serverKey struct{}

// running is the server that a script has started.
type running struct {
	cmd    *exec.Cmd
	stderr strings.Builder
	read   chan struct{} // closed when it has ended
}

func status(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("got exit code %d, want %d", got, want)
	}
}

func feed(ts *testscript.TestScript, _ bool, _ []string) {
	dir := ts.MkAbs(".")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/slow/") {
			<-time.After(progressAfter * 6 / 5)
		}
		http.ServeFile(w, r, filepath.Join(dir, path.Base(r.URL.Path)))
	}))
	ts.Defer(server.Close)
	ts.Setenv("FEED", server.URL)
}

func fill(ts *testscript.TestScript, _ bool, args []string) {
	file := ts.MkAbs(args[0])
	text := strings.ReplaceAll(ts.ReadFile(file), "$FEED", ts.Getenv("FEED"))
	ts.Check(os.WriteFile(file, []byte(text), 0o600))
}

func start(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value(serverKey{}).(*running)
	search := ts.Getenv("PATH")
	program := ""
	for _, dir := range filepath.SplitList(search) {
		if name := filepath.Join(dir, "callhours"); program == "" {
			if _, err := os.Stat(name); err == nil {
				program = name
			}
		}
	}
	s.cmd = exec.Command(program, append([]string{"serve"}, args...)...)
	s.cmd.Dir = ts.MkAbs(".")
	s.cmd.Env = []string{"PATH=" + search, "TZ=" + ts.Getenv("TZ"), nowKey + "=" + ts.Getenv(nowKey)}
	s.stderr.Reset()
	s.read = make(chan struct{})
	pipe, err := s.cmd.StderrPipe()
	ts.Check(err)
	ts.Check(s.cmd.Start())
	ts.Defer(func() {
		if s.cmd != nil {
			_ = s.cmd.Process.Kill()
			<-s.read
			_ = s.cmd.Wait()
		}
	})
	out := bufio.NewReader(pipe)
	calls, admin := readStarted(out, &s.stderr)
	if admin == "" {
		close(s.read)
		ts.Fatalf("the server did not start:\n%s", &s.stderr)
	}
	ts.Setenv("CALLS", calls)
	ts.Setenv("ADMIN", admin)
	if at := regexp.MustCompile(`metrics_listen=(\S+)`).FindStringSubmatch(s.stderr.String()); at != nil {
		ts.Setenv("METRICS", "http://"+at[1])
	}
	go func() {
		defer close(s.read)
		_, _ = io.Copy(&s.stderr, out)
	}()
}

// wanted takes a leading -STATUS off the arguments.
func wanted(args []string) (int, []string) {
	if n, err := strconv.Atoi(strings.TrimPrefix(args[0], "-")); err == nil && strings.HasPrefix(args[0], "-") {
		return n, args[1:]
	}
	return http.StatusOK, args
}

func call(ts *testscript.TestScript, _ bool, args []string) {
	want, args := wanted(args)
	form := url.Values{}
	for _, p := range args[1:] {
		name, value, _ := strings.Cut(p, "=")
		form.Add(name, value)
	}
	r, err := http.PostForm(ts.Getenv("CALLS")+args[0], form)
	ts.Check(err)
	defer r.Body.Close()
	for _, h := range []string{"Route", "Branch", "Reason"} {
		if v := r.Header.Get("X-Callhours-" + h); v != "" {
			fmt.Fprintf(ts.Stdout(), "%s: %s\n", strings.ToLower(h), v)
		}
	}
	body, err := io.ReadAll(r.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n", strings.TrimSuffix(string(body), "\n"))
	if r.StatusCode != want {
		ts.Fatalf("got status %d, want %d: %s", r.StatusCode, want, body)
	}
}

func get(ts *testscript.TestScript, _ bool, args []string) {
	want, args := wanted(args)
	method := http.MethodGet
	if args[0] == http.MethodPost {
		method, args = args[0], args[1:]
	}
	at := args[0]
	if strings.HasPrefix(at, "/") {
		at = ts.Getenv("ADMIN") + at
	}
	request, err := http.NewRequestWithContext(context.Background(), method, at, nil)
	ts.Check(err)
	r, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer r.Body.Close()
	_, err = io.Copy(ts.Stdout(), r.Body)
	ts.Check(err)
	if r.StatusCode != want {
		ts.Fatalf("got status %d, want %d", r.StatusCode, want)
	}
}

func waitfor(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile("(?m)" + args[1])
	var page []byte
	for deadline := time.Now().Add(time.Minute); !want.Match(page); {
		if time.Now().After(deadline) {
			ts.Fatalf("%s does not say %s: %s", args[0], args[1], page)
		}
		r, err := http.Get(ts.Getenv("ADMIN") + args[0])
		ts.Check(err)
		page, err = io.ReadAll(r.Body)
		ts.Check(err)
		ts.Check(r.Body.Close())
	}
	_, err := ts.Stdout().Write(page)
	ts.Check(err)
}

// hangup knows that a configuration has been read by when the metric says it was.
func hangup(ts *testscript.TestScript, _ bool, _ []string) {
	s := ts.Value(serverKey{}).(*running)
	when := func() string {
		r, err := http.Get(ts.Getenv("ADMIN") + "/metrics")
		ts.Check(err)
		defer r.Body.Close()
		page, err := io.ReadAll(r.Body)
		ts.Check(err)
		_, rest, _ := strings.Cut(string(page), "\ncallhours_config_last_reload_success_timestamp_seconds ")
		line, _, _ := strings.Cut(rest, "\n")
		return line
	}
	before := when()
	ts.Check(s.cmd.Process.Signal(syscall.SIGHUP))
	deadline := time.Now().Add(time.Minute)
	for when() == before {
		if time.Now().After(deadline) {
			ts.Fatalf("the configuration was not read again")
		}
	}
}

func stopped(ts *testscript.TestScript, _ bool, _ []string) {
	s := ts.Value(serverKey{}).(*running)
	ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
	<-s.read
	err := s.cmd.Wait()
	s.cmd = nil
	fmt.Fprint(ts.Stdout(), s.stderr.String())
	ts.Check(err)
}
