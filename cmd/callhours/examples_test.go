package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestExamples: every example is without a mistake and a warning, and its routing tests pass,
// whatever day it is.
func TestExamples(t *testing.T) {
	t.Parallel()
	configs, err := filepath.Glob("../../examples/*/callhours.yaml")
	if err != nil || len(configs) < 3 {
		t.Fatalf("found %q, %v", configs, err)
	}
	for _, config := range configs {
		t.Run(filepath.Base(filepath.Dir(config)), func(t *testing.T) {
			t.Parallel()
			for _, day := range []string{"2026-11-23T15:00:00Z", "2029-07-01T00:00:00Z"} {
				var stdout, stderr strings.Builder
				now, err := time.Parse(time.RFC3339, day)
				if err != nil {
					t.Fatal(err)
				}
				env := environment{strings.NewReader(""), &stdout, &stderr, func() time.Time { return now }}
				if code := run(t.Context(), []string{"check", "--strict", "--offline", "-c", config},
					env); code != exitOK || stderr.Len() > 0 {
					t.Errorf("check at %s: %d\n%s%s", day, code, &stdout, &stderr)
				}
				stdout.Reset()
				if code := run(t.Context(), []string{"test", "-c", config}, env); code != exitOK ||
					!strings.Contains(stdout.String(), "0 of ") || stderr.Len() > 0 {
					t.Errorf("test at %s: %d\n%s%s", day, code, &stdout, &stderr)
				}
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(config), "README.md")); err != nil {
				if text, err := os.ReadFile(config); err != nil || !strings.HasPrefix(string(text), "# ") {
					t.Errorf("%s does not say what it is an example of", config)
				}
			}
		})
	}
}
