package templates

import (
	"bytes"
	"testing"
	"time"

	"github.com/callhours/callhours/internal/diag"
)

// BenchmarkExecute renders the answer of an open office.
func BenchmarkExecute(b *testing.B) {
	l, _ := Load(Options{})
	for _, name := range []string{"ring-then-voicemail", "voicemail"} {
		b.Run(name, func(b *testing.B) {
			t, d, env := l.Template(name), sample(), sampleEnv()
			var out bytes.Buffer
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				if err := t.Execute(b.Context(), &out, d, env); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLoad parses and checks one template, and makes it ready to execute.
func BenchmarkLoad(b *testing.B) {
	l, _ := Load(Options{})
	text, _ := l.Source("ring-then-voicemail")
	s, mistakes := newSource("t", diag.Pos{}, text, time.LoadLocation)
	if s == nil {
		b.Fatal(mistakes)
	}
	b.ReportAllocs()
	for b.Loop() {
		t, mistakes := build("t", s, nil, callflow)
		if len(mistakes) > 0 {
			b.Fatal(mistakes)
		}
		t.newRun()
	}
}
