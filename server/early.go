package server

import (
	"net/http"

	"github.com/callhours/callhours/server/listen"
)

// publishEarly lets calls be answered at a start, where nothing answers yet, by those routes that
// are compiled already.
func (s *Server) publishEarly(g *Generation) *live {
	l := newLive(g, s.options.Metrics, &s.decisions, &s.owners)
	s.updateFacts(l, "")
	s.calls.early.Store(l)
	return l
}

// current is what calls are answered by: the live generation, before there is one that which is
// being compiled; nil before that, too.
func (c *calls) current() *live {
	if l := c.live.Load(); l != nil {
		return l
	}
	if l := c.early.Load(); l != nil {
		return l
	}
	return c.live.Load() // which may have taken its place between the two
}

// writeStarting answers a call for which nothing is compiled yet.
func (rec *record) writeStarting(w http.ResponseWriter) {
	rec.status = http.StatusServiceUnavailable
	listen.WriteText(w, rec.status, "starting")
}
