package server

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Bounds of the log.
const (
	waiting   = 8192                  // lines that may wait for a slow reader before they are dropped
	together  = 64                    // lines that are written at once
	gathering = 20 * time.Millisecond // how long the lines after one may wait to be written together
)

// Log is a slog.Handler that writes through another one whose writer may stall: a call never waits for its log line, nor for its being
// formatted. Lines that find the queue full are dropped. It is safe for concurrent use.
type Log struct {
	to    slog.Handler
	queue *queue
}

// queue is what a Log and those derived from it share.
type queue struct {
	lines   chan line
	dropped func()
	stop    chan struct{}
	done    chan struct{}
	once    sync.Once

	to      io.Writer
	written bytes.Buffer // formatted, not yet given to the writer
	batch   int          // lines in written
}

type line struct {
	to     slog.Handler
	record slog.Record
}

// NewLog writes lines to a writer by the handler that format makes for it, until [Log.Close]. dropped is called for every line that is lost.
func NewLog(to io.Writer, format func(io.Writer) slog.Handler, dropped func()) *Log {
	q := &queue{lines: make(chan line, waiting), dropped: dropped, stop: make(chan struct{}), done: make(chan struct{}), to: to}
	go q.run()
	return &Log{to: format(&q.written), queue: q}
}

// run writes a line that comes alone at once, and those that follow it soon together: to wake for each line and to write each by itself
// costs as much as answering half a call.
func (q *queue) run() {
	defer close(q.done)
	pause := time.NewTimer(gathering)
	defer pause.Stop()
	for stopped := false; ; {
		select {
		case l := <-q.lines:
			q.add(l)
		case <-q.stop:
			stopped = true
		}
		q.drain()
		q.flush()
		if stopped {
			return
		}
		pause.Reset(gathering)
		select {
		case <-pause.C:
		case <-q.stop:
		}
	}
}

// drain takes the lines that wait.
func (q *queue) drain() {
	for {
		select {
		case l := <-q.lines:
			q.add(l)
		default:
			return
		}
	}
}

func (q *queue) add(l line) {
	// A bytes.Buffer takes everything.
	_ = l.to.Handle(context.Background(), l.record)
	if q.batch++; q.batch == together {
		q.flush()
	}
}

// flush loses its lines when the writer does: who cannot be written to cannot be told about it either.
func (q *queue) flush() {
	if q.batch == 0 {
		return
	}
	if _, err := q.to.Write(q.written.Bytes()); err != nil {
		for range q.batch {
			q.dropped()
		}
	}
	q.written.Reset()
	q.batch = 0
}

// Enabled is the handler's own.
func (l *Log) Enabled(ctx context.Context, level slog.Level) bool { return l.to.Enabled(ctx, level) }

// Handle queues a line, or drops it. It never blocks and never fails.
func (l *Log) Handle(_ context.Context, r slog.Record) error {
	select {
	case l.queue.lines <- line{l.to, r.Clone()}:
	default:
		l.queue.dropped()
	}
	return nil
}

// WithAttrs is a Log with the same queue.
func (l *Log) WithAttrs(attrs []slog.Attr) slog.Handler { return &Log{l.to.WithAttrs(attrs), l.queue} }

// WithGroup is a Log with the same queue.
func (l *Log) WithGroup(name string) slog.Handler { return &Log{l.to.WithGroup(name), l.queue} }

// Close hands over what is queued and ends, or gives up with ctx.
func (l *Log) Close(ctx context.Context) error {
	l.queue.once.Do(func() { close(l.queue.stop) })
	select {
	case <-l.queue.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
