package server

import (
	"bytes"
	"context"
	"io"
	"sync"
)

// waiting is how many log lines may wait for a slow reader before they are dropped.
const waiting = 8192

// Log is a queue between those who log and a writer that may stall: a call never waits for its log line. Lines that find the
// queue full are dropped. It is safe for concurrent use.
type Log struct {
	queue   chan []byte
	dropped func()
	stop    chan struct{}
	done    chan struct{}
	once    sync.Once
}

// NewLog writes lines to w one after the other until [Log.Close]. dropped is called for every line that is lost.
func NewLog(w io.Writer, dropped func()) *Log {
	l := &Log{queue: make(chan []byte, waiting), dropped: dropped, stop: make(chan struct{}), done: make(chan struct{})}
	go l.run(w)
	return l
}

func (l *Log) run(w io.Writer) {
	defer close(l.done)
	for {
		select {
		case line := <-l.queue:
			l.write(w, line)
		case <-l.stop:
			for {
				select {
				case line := <-l.queue:
					l.write(w, line)
				default:
					return
				}
			}
		}
	}
}

// write loses the line when the writer does: who cannot be written to cannot be told about it either.
func (l *Log) write(w io.Writer, line []byte) {
	if _, err := w.Write(line); err != nil {
		l.dropped()
	}
}

// Write queues a line, or drops it. It never blocks and never fails.
func (l *Log) Write(line []byte) (int, error) {
	select {
	case l.queue <- bytes.Clone(line):
	default:
		l.dropped()
	}
	return len(line), nil
}

// Close writes what is queued and ends the writer, or gives up with ctx.
func (l *Log) Close(ctx context.Context) error {
	l.once.Do(func() { close(l.stop) })
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
