package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/pivot"
)

// TestBoundedLines: no text in a line is longer than a field may be, whatever it is the text of,
// and a line that is too long is dropped.
func TestBoundedLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(BoundedHandler(slog.NewJSONHandler(&out, nil)))
	at, over := strings.Repeat("x", maxField), strings.Repeat("ä", maxField/2)+"y"
	cut := strings.Repeat("ä", maxField/2-2) + "…"
	for name, c := range map[string]struct {
		attr slog.Attr
		want any
	}{
		"at the bound":  {slog.String("v", at), at},
		"a text":        {slog.String("v", over), cut},
		"an error":      {slog.Any("v", errors.New(over)), cut},
		"a short error": {slog.Any("v", errors.New("x")), "x"},
		"a list":        {slog.Any("v", []string{"a", "b"}), []any{"a", "b"}},
		"a long list":   {slog.Any("v", []string{over}), "[" + strings.Repeat("ä", maxField/2-2) + "…"},
		"a group": {
			slog.Group("v", slog.String("w", over), slog.Int("n", 1)),
			map[string]any{"w": cut, "n": 1.},
		},
		"what it stands": {slog.Any("v", valuer(over)), cut},
		"a number":       {slog.Int("v", 7), 7.},
	} {
		for _, with := range []bool{false, true} {
			out.Reset()
			if with {
				log.With(c.attr).WithGroup("g").Info("message", slog.Int("n", 1))
			} else {
				log.Info("message", c.attr, slog.Int("n", 1))
			}
			var line map[string]any
			if err := json.Unmarshal(out.Bytes(), &line); err != nil {
				t.Fatal(err)
			}
			if got, want := fmt.Sprint(line["v"]), fmt.Sprint(c.want); got != want {
				t.Errorf("%s: got %.80s… of %d bytes, want %.80s… of %d", name, got, len(got), want, len(want))
			}
		}
	}
	out.Reset()
	log.Info(over)
	if out.Len() > 2*maxField {
		t.Errorf("a message of %d bytes makes a line of %d", len(over), out.Len())
	}
	var dropped atomic.Int64
	var to buffer
	l := NewLog(&to, func() { dropped.Add(1) })
	for _, n := range []int{maxLine, maxLine + 1} {
		if _, err := l.Write(bytes.Repeat([]byte("x"), n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(to.String()); got != maxLine || dropped.Load() != 1 {
		t.Errorf("%d bytes are written, and %d lines dropped", got, dropped.Load())
	}
}

type valuer string

func (v valuer) LogValue() slog.Value { return slog.StringValue(string(v)) }

// TestBoundedLinesCost: a line of short texts costs no allocation more.
func TestBoundedLinesCost(t *testing.T) {
	if growth.UnderRace {
		t.Skip("with the race detector a sync.Pool loses what it holds, at random")
	}
	var out bytes.Buffer
	plain := slog.New(slog.NewJSONHandler(&out, nil))
	bounded := slog.New(BoundedHandler(slog.NewJSONHandler(&out, nil)))
	cost := func(log *slog.Logger) float64 {
		return testing.AllocsPerRun(100, func() {
			out.Reset()
			log.Info("call", slog.String("route", "main"), slog.Duration("took", time.Second), slog.Int("status", 200))
		})
	}
	if a, b := cost(plain), cost(bounded); b > a {
		t.Errorf("a bounded line takes %v allocations, and a plain one %v", b, a)
	}
}

// TestDecisionsBytes: what is remembered takes no more memory than its bound, whatever callflows
// are; the newest decisions are there all the same, and what is the same for many calls counts
// once.
func TestDecisionsBytes(t *testing.T) {
	t.Parallel()
	if growth.UnderRace {
		t.Skip("gigabytes in one goroutine")
	}
	const size = 1 << 20
	var d decisions
	rings := d.setRoutes([]string{"a", "b"}, nil, 100)
	call := pivot.New(map[string]string{"Call-ID": "x"})
	add := func(r *ring, body []byte) {
		tr := trace{
			facts: &routeFacts{route: "a", branches: []outcome{{"open", "open"}}}, body: body,
			reason: "because",
		}
		tr.setTexts(&call, "none")
		r.add(&tr)
	}
	held := func() (n int64) {
		for _, r := range d.rings {
			var last []byte
			for _, tr := range r.traces {
				if !sameBody(tr.body, last) {
					n += int64(len(tr.body))
				}
				last = tr.body
			}
		}
		return n
	}
	shared := []byte(strings.Repeat(" ", size))
	for range 1000 {
		add(rings[0], shared)
	}
	if got := d.bytes.all.Load(); got < size || got > size+100 || held() != size {
		t.Errorf("one callflow of %d bytes for 1000 calls counts as %d, and %d are held", size, got, held())
	}
	for range 1000 {
		add(rings[1], []byte(strings.Repeat(" ", size)))
	}
	if own := d.bytes.all.Load(); own > maxTraceBytes/2 || held() > own || held() < maxTraceBytes/2-size {
		t.Errorf("%d bytes count, %d are held, want %d at most", own, held(), maxTraceBytes/2)
	}
	traces := d.traces("b", 100)
	bare := 0
	for _, tr := range traces {
		if strings.HasPrefix(tr.Summary, "(not remembered") {
			bare++
		}
	}
	if len(traces) != 100 || bare < 100-maxTraceBytes/size || traces[0].CallID != "x" {
		t.Errorf("%d decisions, of which %d are bare", len(traces), bare)
	}
	d.setRoutes([]string{"a"}, nil, 50)
	if got := d.bytes.all.Load(); got < size || got > size+100 {
		t.Errorf("without the other route %d bytes count, want %d", got, size)
	}
	add(rings[1], shared)
	if d.bytes.all.Load() > size+100 {
		t.Error("a route that is gone counts")
	}
	d.setRoutes(nil, nil, 50)
	if got := d.bytes.all.Load(); got != 0 {
		t.Errorf("without routes %d bytes count", got)
	}
}
