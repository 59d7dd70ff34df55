package contain_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/metrics"
)

func TestDo(t *testing.T) {
	t.Parallel()
	other := errors.New("other")
	for _, c := range []struct {
		what string
		f    func() error
		want string
	}{
		{"nothing", func() error { return nil }, ""},
		{"an error", func() error { return other }, "other"},
		{"a panic", func() error {
			panic("no\nsuch\tthing")
		}, "callhours has a bug here (no such thing); please report it with the stack in the log"},
		{
			"an index", func() error { var none []int; return errors.New(string(rune(none[len(none)]))) },
			"callhours has a bug here (index out of range [0] with length 0); please report it with the stack in the log",
		},
		{
			"a long one", func() error { panic(strings.Repeat("é", 5000)) },
			"callhours has a bug here (" + strings.Repeat("é", 100) + "…); please report it with the stack in the log",
		},
		{"one raised again", func() error {
			panic(contain.Do(func() error { panic("first") }))
		}, "callhours has a bug here (first); please report it with the stack in the log"},
	} {
		err := contain.Do(c.f)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
		if is := strings.Contains(c.want, "bug"); contain.Is(err) != is {
			t.Errorf("%s: is a panic: %v, want %v", c.what, contain.Is(err), is)
		}
	}
}

// TestGuard sees that panics are counted each time and logged with their
// stack once for each subject.
func TestGuard(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	m, err := metrics.New(reg, metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	g := contain.NewGuard(slog.New(slog.NewTextHandler(&log, nil)), m)
	breakIt := func() { panic("broken") }
	for _, subject := range []string{"calendar a", "calendar a", "calendar b"} {
		g.Run(metrics.PanicFeed, subject, breakIt)
	}
	if n := strings.Count(log.String(), "\n"); n != 2 {
		t.Errorf("logged %d lines, want one for each subject:\n%s", n, log.String())
	}
	for _, want := range []string{`subject="calendar a"`, "where=feed", "panic=broken", "TestGuard"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, log.String())
		}
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "callhours_panics_total" {
			continue
		}
		for _, s := range f.GetMetric() {
			want := 0.0
			if s.GetLabel()[0].GetValue() == "feed" {
				want = 3
			}
			if got := s.GetCounter().GetValue(); got != want {
				t.Errorf("%s: counted %v, want %v", s.GetLabel(), got, want)
			}
		}
		return
	}
	t.Error("callhours_panics_total is not there")
}

func TestNilGuard(t *testing.T) {
	t.Parallel()
	var g *contain.Guard
	if err := g.Do(metrics.PanicFeed, "", func() error { panic("broken") }); !contain.Is(err) {
		t.Errorf("got %v, want a panic as an error", err)
	}
}

// TestLoop sees that a loop begins again after a panic, ends when it
// returns, and ends with its context.
func TestLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := contain.NewGuard(nil, nil)
		begun, runs := time.Now(), 0
		g.Loop(t.Context(), metrics.PanicState, "loop", func(context.Context) {
			if runs++; runs < 3 {
				panic("broken")
			}
		})
		if took := time.Since(begun); runs != 3 || took != 2*time.Second {
			t.Errorf("ran %d times in %v, want 3 times in 2s", runs, took)
		}
		ctx, stop := context.WithCancel(t.Context())
		g.Loop(ctx, metrics.PanicState, "loop", func(context.Context) { stop(); panic("broken") })
		if ctx.Err() == nil {
			t.Error("the loop ended before its context")
		}
	})
}
