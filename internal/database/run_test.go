package database

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/callhours/callhours/metrics"
)

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// take gives what was written since the last time.
func (b *lockedBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.text.Reset()
	return b.text.String()
}

// TestRun: it opens the database when it can be, checks it, and says in the log and the metrics how
// that is: a reason once, then hourly.
func TestRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		m, err := metrics.New(registry, metrics.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var log lockedBuffer
		o := options(t.TempDir(), Overrides)
		o.Now, o.Metrics, o.Log = time.Now, m, slog.New(slog.NewTextHandler(&log, nil))
		var free atomic.Bool
		o.Usable = func() error {
			if free.Load() {
				return nil
			}
			return errors.New("state_dir is another process's")
		}
		path := filepath.Join(o.Dir, "overrides.db")
		d := New(o)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); d.Run(ctx) }()
		expect := func(what string, up string, lines ...string) {
			t.Helper()
			synctest.Wait()
			if err := testutil.GatherAndCompare(registry, strings.NewReader(
				"# HELP callhours_database_up Whether the database of people and overrides can be used; "+
					"missing if there is none.\n"+
					"# TYPE callhours_database_up gauge\ncallhours_database_up "+up+"\n"), "callhours_database_up"); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			got := slices.Collect(strings.Lines(log.take()))
			if len(got) != len(lines) {
				t.Fatalf("%s: got %d lines, want %d:\n%s", what, len(got), len(lines), strings.Join(got, ""))
			}
			for i, part := range lines {
				if !strings.Contains(got[i], part) {
					t.Errorf("%s: line %q lacks %q", what, got[i], part)
				}
			}
		}
		const failing = `level=ERROR msg="the database cannot be used; calls are answered, ` +
			`changes by people are refused" database=`
		expect("held", "0", failing+path+` error="state_dir is another process's"`)
		<-time.After(59 * time.Minute)
		expect("for an hour", "0")
		<-time.After(2 * time.Minute)
		expect("after an hour", "0", failing)
		free.Store(true)
		<-time.After(lastRetry)
		expect("free", "1", `level=INFO msg="the database can be used again" database=`+path+` after=1h1m`)
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		<-time.After(checkEvery + firstRetry)
		expect("moved away", "0", "was moved, removed or replaced while it was in use",
			"is missing, but its overrides.db-wal is there")
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		<-time.After(lastRetry)
		expect("back", "1", "the database can be used again")
		cancel()
		<-ended
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}
