package server

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/callhours/callhours/internal/contain"
)

// Bounds of the log.
const (
	waiting   = 2 << 20               // bytes that may wait for a slow reader before lines are dropped
	usualRoom = 256 << 10             // bytes of room that are kept for the next lines
	gathering = 20 * time.Millisecond // how long the lines after one may wait to be written together
)

// Log writes lines to another writer that may stall: who writes a line to it never waits. Lines
// that find too much waiting are dropped. It is safe for concurrent use.
type Log struct {
	to      io.Writer
	dropped func()
	wake    chan struct{} // something waits
	stop    chan struct{}
	done    chan struct{}
	once    sync.Once

	mu    sync.Mutex // guards the following
	lines []byte     // those that wait
	count int        // how many they are
}

// NewLog writes lines to a writer until [Log.Close]. dropped is called for every line that is lost.
func NewLog(to io.Writer, dropped func()) *Log {
	l := &Log{
		to: to, dropped: dropped, wake: make(chan struct{}, 1), stop: make(chan struct{}),
		done: make(chan struct{}),
	}
	go l.run()
	return l
}

// Write takes a line, or drops it: one that is too long, too. It never blocks and never fails.
func (l *Log) Write(line []byte) (int, error) {
	l.mu.Lock()
	fits := len(line) <= maxLine && len(l.lines)+len(line) <= waiting
	if fits {
		l.lines = append(l.lines, line...)
		l.count++
	}
	l.mu.Unlock()
	if !fits {
		l.dropped()
		return len(line), nil
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return len(line), nil
}

// run writes a line that comes alone at once, and those that follow it soon together: to wake for
// each line and to write each by itself costs as much as answering half a call.
func (l *Log) run() {
	defer close(l.done)
	pause := time.NewTimer(gathering)
	defer pause.Stop()
	var room []byte
	for {
		select {
		case <-l.wake:
		case <-l.stop:
			l.flush(room)
			return
		}
		room = l.flush(room)
		pause.Reset(gathering)
		select {
		case <-pause.C:
		case <-l.stop:
		}
	}
}

// flush writes the lines that wait, and leaves room for the next ones in their place. It loses them
// when the writer does: who cannot be written to cannot be told about it either. It gives the room
// that the lines had.
func (l *Log) flush(room []byte) []byte {
	l.mu.Lock()
	lines, count := l.lines, l.count
	l.lines, l.count = room[:0], 0
	l.mu.Unlock()
	if count == 0 {
		return lines
	}
	if err := contain.Do(func() error { _, err := l.to.Write(lines); return err }); err != nil {
		for range count {
			l.dropped()
		}
	}
	if cap(lines) > usualRoom {
		return nil
	}
	return lines
}

// Close hands over what waits and ends, or gives up with ctx.
func (l *Log) Close(ctx context.Context) error {
	l.once.Do(func() { close(l.stop) })
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
