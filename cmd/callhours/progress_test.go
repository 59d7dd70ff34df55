package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestProgress: a second passes before anything is shown, then each adds to the line, and nothing
// of it is left in the end.
func TestProgress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		lasts time.Duration
		want  string
	}{
		{"quick", 999 * time.Millisecond, ""},
		{"slow", 2500 * time.Millisecond, "\r\x1b[Kreading … 1 s\r\x1b[Kreading … 2 s\r\x1b[K"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				p := newProgress(&out, "reading")
				<-time.After(c.lasts)
				p.stop()
				p.stop()
				<-time.After(time.Minute)
				if got := out.String(); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
		})
	}
}

func TestColored(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"ok    a_test.yaml:3: open\n", green + "ok" + plain + "    a_test.yaml:3: open\n"},
		{"FAIL  a_test.yaml:3: open\n", red + "FAIL" + plain + "  a_test.yaml:3: open\n"},
		{"warning: a\nok  b\n", yellow + "warning:" + plain + " a\n" + green + "ok" + plain + "  b\n"},
		{
			"Mon 2026-11-30  09:00  office (open)  Open\n",
			"Mon 2026-11-30  09:00  office (" + green + "open" + plain + ")  Open\n",
		},
		{
			"Mon 2026-11-30  18:00  office (closed)  ok \n",
			"Mon 2026-11-30  18:00  office (" + yellow + "closed" + plain + ")  ok \n",
		},
		{
			"                12:00  lunch (closed)  Lunch\n",
			"                12:00  lunch (" + yellow + "closed" + plain + ")  Lunch\n",
		},
		{"okay\n", "okay\n"},
		{`{"state":"ok "}` + "\n", `{"state":"ok "}` + "\n"},
	} {
		var out strings.Builder
		if _, err := (&colored{to: &out}).Write([]byte(c.text)); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
	var out strings.Builder
	w := &colored{to: &out}
	w.Write([]byte("half a line: "))
	w.Write([]byte("ok then\n"))
	if got, want := out.String(), "half a line: ok then\n"; got != want {
		t.Errorf("in the middle of a line: got %q, want %q", got, want)
	}
}
