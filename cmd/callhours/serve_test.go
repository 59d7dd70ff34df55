package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/examples"
)

// TestExampleServed: where callhours.yaml has vanished the built-in example answers, which nobody
// can miss and nobody elsewhere reaches.
func TestExampleServed(t *testing.T) {
	file, err := config.Load(examples.Config, config.Options{FS: examples.FrontDesk()})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{file.Listen[0].S, file.AdminListen.S} {
		if host, _, err := net.SplitHostPort(address); err != nil || host != "127.0.0.1" {
			t.Errorf("the example listens on %s", address)
		}
	}
	t.Chdir(t.TempDir())
	ended, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs bytes.Buffer
	run(ended, []string{"serve"}, environment{stdout: &out, stderr: stopping{&errs, cancel}, now: time.Now})
	if !strings.Contains(errs.String(), "warning: "+(missingConfig{}).serveWarning()+"\n") {
		t.Errorf("got %s", errs.String())
	}
}

// TestLogHandler: lengths of time are seconds in JSON, and have their unit in text.
func TestLogHandler(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		"json": `"msg":"stopping","drain":1.5,"n":7}`, "text": `msg=stopping drain=1.5s n=7`,
	} {
		var out strings.Builder
		slog.New(handler(config.Log{Format: format}, &out)).
			Info("stopping", slog.Duration("drain", 1500*time.Millisecond), slog.Int("n", 7))
		if got := out.String(); !strings.HasSuffix(got, want+"\n") {
			t.Errorf("%s: got %s, want it to end with %s", format, got, want)
		}
	}
}

// stopping ends the program by what it writes first; one that is stopped earlier says nothing.
type stopping struct {
	io.Writer
	stop func()
}

func (s stopping) Write(p []byte) (int, error) {
	defer s.stop()
	return s.Writer.Write(p)
}
