package server

import (
	"log/slog"
	"strings"
	"sync"
	"time"
)

// rationEvery is how often a line is written that strangers can cause at will.
const rationEvery = 10 * time.Second

// rationed lets one of many lines through, with the number of those before it that were left out. The zero value is
// ready; it is safe for concurrent use.
type rationed struct {
	mu   sync.Mutex // guards the following
	next time.Time  // when one may be written again
	left int        // how many were not written since the last one
}

// line has a line written, or counts it.
func (r *rationed) line(now time.Time, write func(more int)) {
	r.mu.Lock()
	if now.Before(r.next) {
		r.left++
		r.mu.Unlock()
		return
	}
	more := r.left
	r.next, r.left = now.Add(rationEvery), 0
	r.mu.Unlock()
	write(more)
}

// httpLog is where net/http writes what it has to say of connections: in ASCII, cut, and a line each ten seconds, since
// what it says is caused by strangers, and partly written by them.
type httpLog struct {
	log      *slog.Logger
	now      func() time.Time
	listener string
	lines    rationed
}

func (l *httpLog) Write(p []byte) (int, error) {
	l.lines.line(l.now(), func(more int) {
		text, _, _ := strings.Cut(strings.TrimSpace(string(p)), "\n")
		l.log.Warn("problem with a connection", slog.String("listener", l.listener),
			slog.String("problem", headerText(text)), slog.Int("more", more))
	})
	return len(p), nil
}
