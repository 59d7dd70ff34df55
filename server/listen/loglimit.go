package listen

import (
	"log"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// logEvery is how often such a line is written.
const logEvery = 10 * time.Second

// LogLimit limits a log line that strangers can cause at will to one in ten seconds, with the
// number of those left out. The zero value is ready; it is safe for concurrent use.
type LogLimit struct {
	mu      sync.Mutex // guards the following
	next    time.Time  // when one may be written again
	skipped int        // how many were not written since the last one
}

// Do writes a line, or counts it as left out.
func (r *LogLimit) Do(now time.Time, write func(more int)) {
	r.mu.Lock()
	if now.Before(r.next) {
		r.skipped++
		r.mu.Unlock()
		return
	}
	more := r.skipped
	r.next, r.skipped = now.Add(logEvery), 0
	r.mu.Unlock()
	write(more)
}

// httpLog is where net/http writes what it has to say of connections: in ASCII, cut, and a line
// each ten seconds, since what it says is caused by strangers, and partly written by them.
type httpLog struct {
	log      *slog.Logger
	now      func() time.Time
	listener string
	lines    LogLimit
}

// newHTTPLog is the ErrorLog of the http.Server of a listener.
func newHTTPLog(to *slog.Logger, now func() time.Time, listener string) *log.Logger {
	return log.New(&httpLog{log: to, now: now, listener: listener}, "", 0)
}

func (l *httpLog) Write(p []byte) (int, error) {
	l.lines.Do(l.now(), func(more int) {
		text, _, _ := strings.Cut(strings.TrimSpace(string(p)), "\n")
		l.log.Warn("problem with a connection", slog.String("listener", l.listener),
			slog.String("problem", HeaderText(text)), slog.Int("more", more))
	})
	return len(p), nil
}
