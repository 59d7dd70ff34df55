// Package contain turns a panic into an error where it happens. A fault while reading one feed,
// file, template, tenant, page or record is that thing's fault alone: whatever handles outside
// input runs it through this package, and gets an error instead of the end of the program.
//
// It catches panics only. Go ends the process without one when a stack or memory is used up, or
// when two goroutines write a map. Limits prevent the former, and package suspect finds at the next
// start what was being read.
package contain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/callhours/callhours/metrics"
)

// Panic is a panic as an error.
type Panic struct {
	Value string // what it says, on one line and cut to 200 bytes
	Stack []byte // of the goroutine that panicked
}

func (p *Panic) Error() string {
	return "callhours has a bug here (" + p.Value + "); please report it with the stack in the log"
}

// longestValue is how many bytes of a panic's value are shown: it may quote what was being read.
const longestValue = 200

// New makes a Panic of what recover gave. One that was raised again by
// another goroutine stays as it is.
func New(recovered any) *Panic {
	if p, ok := recovered.(*Panic); ok {
		return p
	}
	value := strings.Join(strings.Fields(strings.TrimPrefix(fmt.Sprint(recovered), "runtime error: ")), " ")
	if len(value) > longestValue {
		end := longestValue
		for end > 0 && !utf8.RuneStart(value[end]) {
			end--
		}
		value = value[:end] + "…"
	}
	return &Panic{Value: value, Stack: debug.Stack()}
}

// Do calls f and returns its error, or a *Panic if it panics.
func Do(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = New(p)
		}
	}()
	return f()
}

// Is reports whether an error came of a panic.
func Is(err error) bool {
	_, ok := errors.AsType[*Panic](err)
	return ok
}

// maxReported bounds the panics that are remembered as logged. Later ones are only counted.
const maxReported = 1000

// Guard counts panics in callhours_panics_total and logs each with its stack once. It is safe for
// concurrent use; nil contains without counting and logging.
type Guard struct {
	log     *slog.Logger
	metrics *metrics.Metrics

	mu       sync.Mutex // guards the following
	reported map[string]bool
}

// NewGuard makes a Guard. A nil log or nil metrics are left out.
func NewGuard(log *slog.Logger, m *metrics.Metrics) *Guard {
	return &Guard{log: log, metrics: m, reported: map[string]bool{}}
}

// Do calls f and returns its error, or a *Panic. subject names what is handled, such as a feed or a
// route, for the log; it holds no secret.
func (g *Guard) Do(place metrics.PanicPlace, subject string, f func() error) error {
	err := Do(f)
	if p, ok := errors.AsType[*Panic](err); ok {
		g.report(place, subject, p)
	}
	return err
}

// Run is Do for what has no error to return.
func (g *Guard) Run(place metrics.PanicPlace, subject string, f func()) {
	_ = g.Do(place, subject, func() error { f(); return nil })
}

// ReportRecovered counts and logs a panic for a deferred function that has called recover itself.
func (g *Guard) ReportRecovered(place metrics.PanicPlace, subject string, recovered any) *Panic {
	p := New(recovered)
	g.report(place, subject, p)
	return p
}

// ReportError counts and logs the panic behind an error of [Do], if there is one.
func (g *Guard) ReportError(place metrics.PanicPlace, err error) {
	if p, ok := errors.AsType[*Panic](err); ok {
		g.report(place, "", p)
	}
}

// loopPause is how long a loop waits after a panic before it runs again.
const loopPause = time.Second

// Loop calls a function that runs until ctx ends, and calls it again,
// after a second, when it panics.
func (g *Guard) Loop(ctx context.Context, place metrics.PanicPlace, subject string, f func(context.Context)) {
	for ctx.Err() == nil {
		err := g.Do(place, subject, func() error { f(ctx); return nil })
		if err == nil {
			return
		}
		rest := time.NewTimer(loopPause)
		select {
		case <-ctx.Done():
		case <-rest.C:
		}
		rest.Stop()
	}
}

// report counts a panic, and logs it unless the same one was logged for the same subject.
func (g *Guard) report(place metrics.PanicPlace, subject string, p *Panic) {
	if g == nil {
		return
	}
	g.metrics.IncPanics(place)
	if g.log == nil || !g.markReported(string(place)+"\n"+subject+"\n"+p.Value) {
		return
	}
	g.log.Error("a panic was contained; please report it", slog.String("where", string(place)),
		slog.String("subject", subject),
		slog.String("panic", p.Value), slog.String("stack", string(p.Stack)))
}

func (g *Guard) markReported(key string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.reported[key] || len(g.reported) >= maxReported {
		return false
	}
	g.reported[key] = true
	return true
}
