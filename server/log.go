package server

import (
	"context"
	"log/slog"
	"sync"
)

// waiting is how many log lines may wait for a slow reader before they are dropped.
const waiting = 8192

// Log is a slog.Handler in front of another one that may stall: a call never waits for its log line, nor for its being
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
}

type line struct {
	to     slog.Handler
	record slog.Record
}

// NewLog hands lines to a handler, one after the other, until [Log.Close]. dropped is called for every line that is lost.
func NewLog(to slog.Handler, dropped func()) *Log {
	q := &queue{lines: make(chan line, waiting), dropped: dropped, stop: make(chan struct{}), done: make(chan struct{})}
	go q.run()
	return &Log{to: to, queue: q}
}

func (q *queue) run() {
	defer close(q.done)
	for {
		select {
		case l := <-q.lines:
			q.write(l)
		case <-q.stop:
			for {
				select {
				case l := <-q.lines:
					q.write(l)
				default:
					return
				}
			}
		}
	}
}

// write loses the line when the handler does: who cannot be written to cannot be told about it either.
func (q *queue) write(l line) {
	if l.to.Handle(context.Background(), l.record) != nil {
		q.dropped()
	}
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
