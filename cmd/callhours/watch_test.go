package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/server"
)

// output is written by the program while the test reads it.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

// take gives what was written since it was taken last.
func (o *output) take() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := o.b.String()
	o.b.Reset()
	return text
}

// watched writes a configuration whose calendar is open on the first day of a bubble's clock,
// 2000-01-01, from nine to the hour given.
func watched(t *testing.T, dir, until string) {
	t.Helper()
	for name, text := range map[string]string{
		"callhours.yaml": `timezone: UTC
listen: "127.0.0.1:0"
calendars: {hours: {file: hours.ics}}
routes:
  - name: main
    branches:
      - {name: open, when: {calendar: hours}, callflow: '{"module":"hangup","data":{"at":"{{ .Now }}"}}'}
      - {name: closed, callflow: '{"module":"hangup"}'}
`,
		"hours.ics": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:19990101T000000Z\r\nSUMMARY:Open\r\n" +
			"DTSTART:20000101T090000Z\r\nDTEND:20000101T" + until + "0000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWatch follows a day in no time: the decision is written when it changes, by the clock and by
// the file, and at no other time.
func TestWatch(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		dir := t.TempDir()
		watched(t, dir, "17")
		synctest.Test(t, func(t *testing.T) {
			var out, errs output
			ctx, interrupt := context.WithCancel(t.Context())
			code := -1
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				code = run(ctx,
					[]string{
						"explain", "-c", filepath.Join(dir, "callhours.yaml"), "--route", "main", "--watch",
						"--format", format,
					}, environment{strings.NewReader(""), &out, &errs, time.Now})
			}()
			pass := func(d time.Duration) { // of the bubble's clock
				<-time.After(d)
				synctest.Wait()
			}
			see := func(when string, wants ...string) {
				t.Helper()
				got := out.take()
				if len(wants) == 0 && got != "" {
					t.Errorf("%s: got %q, want nothing", when, got)
				}
				for _, want := range wants {
					if !strings.Contains(got, want) {
						t.Errorf("%s: got %q, want %q in it", when, got, want)
					}
				}
				if format == "json" && len(wants) > 0 {
					var e preview.Explanation
					if err := json.Unmarshal([]byte(got), &e); err != nil || strings.Count(got, "\n") != 1 {
						t.Errorf("%s: want one object on one line, found %q, %v", when, got, err)
					}
				}
			}
			wants := map[string][][]string{
				"text": {
					{
						"at      Sat 2000-01-01 00:00:0", "branch  closed: nothing else applies",
						"until   Sat 2000-01-01 09:00:00 UTC, then open",
					},
					{
						"\nat      Sat 2000-01-01 09:00:00 UTC\n", "branch  open: “Open” in hours",
						"until   Sat 2000-01-01 17:00:00 UTC, then closed",
					},
					{"branch  open: “Open” in hours", "until   Sat 2000-01-01 15:00:00 UTC, then closed"},
					{"at      Sat 2000-01-01 15:00:00 UTC\n", "branch  closed: ", "no change planned"},
				},
				"json": {
					{`{"at":"2000-01-01T00:00:0`, `"branch":"closed"`, `"at":"2000-01-01T09:00:00Z"`},
					{`"at":"2000-01-01T09:00:00Z"`, `"branch":"open"`, `"at":"2000-01-01T17:00:00Z"`},
					{`"branch":"open"`, `"at":"2000-01-01T15:00:00Z"`},
					{`"at":"2000-01-01T15:00:00Z"`, `"branch":"closed"`},
				},
			}[format]
			pass(time.Second)
			see("at first", wants[0]...)
			pass(8 * time.Hour)
			see("before nine")
			pass(time.Hour)
			see("after nine", wants[1]...)
			pass(time.Hour)
			see("at ten")
			watched(t, dir, "15")
			pass(time.Minute)
			see("with another calendar", wants[2]...)
			pass(6 * time.Hour)
			see("after three", wants[3]...)
			interrupt()
			<-ended
			see("in the end")
			if code != exitOK || errs.take() != "" {
				t.Errorf("exit code %d, want %d; %s", code, exitOK, errs.take())
			}
		})
	}
}

func TestWatchUsage(t *testing.T) {
	t.Parallel()
	var out, errs output
	code := run(t.Context(), []string{"explain", "--route", "front-desk", "--watch", "--at", "2026-12-25"},
		environment{strings.NewReader(""), &out, &errs, time.Now})
	if want := "--watch and --at exclude each other; leave one out\n"; code != exitUsage || errs.take() != want {
		t.Errorf("exit code %d, want %d and %q", code, exitUsage, want)
	}
}

// TestExplainEverywhere sees that the command and the admin listener give one answer.
func TestExplainEverywhere(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 23, 15, 0, 0, 0, time.UTC)
	env := environment{strings.NewReader(""), io.Discard, io.Discard, func() time.Time { return now }}
	in, err := open("", env)
	if err != nil {
		t.Fatal(err)
	}
	g, err := in.build(env)
	if err != nil {
		t.Fatal(err)
	}
	s := server.New(server.Options{
		Generation: g, Registry: prometheus.NewRegistry(),
		Log: slog.New(slog.DiscardHandler), Now: env.now,
	})
	s.Start()
	for _, asked := range [][]string{
		{"route", "front-desk"},
		{"route", "front-desk", "at", "2026-12-25 10:00", "caller", "+12025550147"},
		{"route", "front-desk", "at", "2030-01-01", "param", "Custom-Application-Vars[step]=2", "param", "Language=de"},
		{"path", "/front-desk", "account", "7a1c", "dialed", "+14155550100"},
		{"path", "/nowhere"},
		{"account", "7a1c"},
	} {
		args, query := []string{"explain", "--format", "json"}, url.Values{}
		for i := 0; i < len(asked); i += 2 {
			args = append(args, "--"+asked[i], asked[i+1])
			query.Add(asked[i], asked[i+1])
		}
		var out output
		run(t.Context(), args, environment{env.stdin, &out, io.Discard, env.now})
		r := httptest.NewRequest(http.MethodGet, "/api/v1/explain?"+query.Encode(), nil)
		r.Host = "localhost"
		rec := httptest.NewRecorder()
		s.Admin().ServeHTTP(rec, r)
		var told, served any
		if err := json.Unmarshal([]byte(out.take()), &told); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &served); err != nil {
			t.Fatalf("%v in %s", err, rec.Body)
		}
		if diff := cmp.Diff(told, served); diff != "" || told == nil {
			t.Errorf("%q (-command +admin side):\n%s", asked, diff)
		}
	}
}
