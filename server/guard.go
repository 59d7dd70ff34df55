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
	out := &begun{ResponseWriter: w}
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			err := g.guard.ReportRecovered(g.place, r.Method+" "+r.Pattern, p)
			if out.begun {
				panic(http.ErrAbortHandler)
			}
			clear(w.Header())
			listen.WriteText(w, http.StatusInternalServerError, err.Error())
		}
	}()
	g.next.ServeHTTP(out, r)
}

// begun notes whether an answer has begun.
type begun struct {
	http.ResponseWriter
	begun bool
}

func (b *begun) WriteHeader(status int) {
	b.begun = b.begun || status >= http.StatusOK
	b.ResponseWriter.WriteHeader(status)
}

func (b *begun) Write(p []byte) (int, error) {
	b.begun = true
	return b.ResponseWriter.Write(p)
}

// Flush is for handlers that look for http.Flusher.
func (b *begun) Flush() {
	b.begun = true
	_ = http.NewResponseController(b.ResponseWriter).Flush()
}

// Unwrap is for http.ResponseController.
func (b *begun) Unwrap() http.ResponseWriter { return b.ResponseWriter }
