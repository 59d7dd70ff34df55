package server

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/pivot"
)

// Bounds of what waits to be formatted.
const (
	// lines: so many that fewer than one call of a hundred comes while they are formatted
	together   = 256
	formatting = 50 * time.Millisecond // after the first one
)

// lines are what the log will say of calls that were answered as decided. Some are formatted
// together, since all that formats a line is in the processor's caches then, where a single one
// would wait for it as long as for a tenth of its answer. The zero lines are empty; they are safe
// for concurrent use.
type lines struct {
	guard   *contain.Guard
	writing sync.Mutex // held while lines are written, so that they keep their order
	room    []line     // what was written last; its memory is used again. Guarded by writing

	mu      sync.Mutex // guards the following; taken after writing
	waiting []line
	timer   *time.Timer // flushes what waits alone
}

// line is one of them. Its call is kept for no longer than it waits.
type line struct {
	at    time.Time
	took  time.Duration
	level slog.Level
	to    slog.Handler // has the beginning of the line
	call  *pivot.Call
	show  string // how much of the caller's number
}

// add puts in a line.
func (ls *lines) add(l line) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.waiting = append(ls.waiting, l)
	switch n := len(ls.waiting); {
	case n%together == 0:
		go ls.guard.Run(metrics.PanicLog, "lines of calls", ls.flush)
	case n > 1:
	case ls.timer == nil:
		ls.timer = time.AfterFunc(formatting, func() { ls.guard.Run(metrics.PanicLog, "lines of calls", ls.flush) })
	default:
		ls.timer.Reset(formatting)
	}
}

// flush writes what waits. It returns when all lines that came before are written.
func (ls *lines) flush() {
	ls.writing.Lock()
	defer ls.writing.Unlock()
	ls.mu.Lock()
	waiting := ls.waiting
	ls.waiting = ls.room[:0]
	if ls.timer != nil {
		ls.timer.Stop()
	}
	ls.mu.Unlock()
	for i := range waiting {
		waiting[i].write()
	}
	clear(waiting)
	ls.room = waiting
}

func (l *line) write() {
	var room [5]slog.Attr
	writeLine(l.to, l.at, l.level, append(callAttrs(room[:0], l.show, l.call), slog.Duration("took", l.took)))
}

// writeLine writes the line of a call. It does without a slog.Logger, which would look for the
// line of the program that logs.
func writeLine(to slog.Handler, at time.Time, level slog.Level, attrs []slog.Attr) {
	r := slog.NewRecord(at, level, "call", 0)
	r.AddAttrs(attrs...)
	_ = to.Handle(context.Background(), r) // a Log fails for nobody
}

// opening is how the last line about a branch began: those of calls with the same answer begin
// alike, and to write that anew for each call is half of what its line costs.
type opening struct {
	status        int
	event, reason string
	to            slog.Handler // writes the beginning by itself
}

// opening is a handler that begins the line of an answer of which nothing failed.
func (rec *record) opening(to slog.Handler) slog.Handler {
	a := &rec.answer
	last := &rec.route.openings[a.Decision.Branch]
	if o := last.Load(); o != nil && o.status == rec.status && o.event == a.Title && o.reason == a.Reason {
		return o.to
	}
	o := &opening{rec.status, a.Title, a.Reason, to.WithAttrs(rec.decision())}
	last.Store(o)
	return o.to
}
