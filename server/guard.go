package server

import (
	"net/http"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/server/listen"
)

// guarded is a handler whose panics are answered with 500 and counted. An answer that has begun
// cannot be taken back: its connection is cut.
type guarded struct {
	guard *contain.Guard
	place metrics.PanicPlace
	next  http.Handler
}

func (g guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := &trackingWriter{ResponseWriter: w}
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			err := g.guard.ReportRecovered(g.place, r.Method+" "+r.Pattern, p)
			if out.started {
				panic(http.ErrAbortHandler)
			}
			clear(w.Header())
			listen.WriteError(w, r, http.StatusInternalServerError, err.Error())
		}
	}()
	g.next.ServeHTTP(out, r)
}

// trackingWriter records whether an answer has begun.
type trackingWriter struct {
	http.ResponseWriter
	started bool
}

func (w *trackingWriter) WriteHeader(status int) {
	w.started = w.started || status >= http.StatusOK
	w.ResponseWriter.WriteHeader(status)
}

func (w *trackingWriter) Write(p []byte) (int, error) {
	w.started = true
	return w.ResponseWriter.Write(p)
}

// Flush is for handlers that look for http.Flusher.
func (w *trackingWriter) Flush() {
	w.started = true
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap is for http.ResponseController.
func (w *trackingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
