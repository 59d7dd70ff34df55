package console

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/callhours/callhours/internal/diag"
)

// hub tells those who listen that something has changed. It forgets what nobody came for in time:
// who is told looks anew anyway.
type hub struct {
	mu        sync.Mutex   // guards the following
	listeners []*listening // in the order in which they came
	serial    int
	closed    bool
	ended     chan struct{} // is closed with it
}

// listening is one who listens.
type listening struct {
	client string
	told   chan struct{} // closed when it is to end
}

// mostListeners bounds the connections that stay open: half of those that the admin side has,
// so that others find a place. Beyond them the client with the most loses its oldest to one with fewer.
const mostListeners = 128

// alive is how often a silent connection says that it is there, for what stands between.
const alive = 20 * time.Second

const (
	mostSlow = 10 * time.Second // in which a listener takes what is written to it
	pause    = time.Second      // between two changes that a listener is told of: pages are asked for again each time
)

func newHub() *hub { return &hub{ended: make(chan struct{})} }

var (
	errFull   = errors.New("too many listen already; try again later")
	errClosed = errors.New("stopping")
)

func (h *hub) join(client string) (*listening, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return nil, errClosed
	case len(h.listeners) >= mostListeners && !h.displace(client):
		return nil, errFull
	}
	l := &listening{client, make(chan struct{}, 1)}
	h.listeners = append(h.listeners, l)
	return l, nil
}

// displace ends the oldest of the client that has most, if it has more than the newcomer will have.
func (h *hub) displace(newcomer string) bool {
	have := map[string]int{newcomer: 1}
	for _, l := range h.listeners {
		have[l.client]++
	}
	most := slices.Max(slices.Collect(maps.Values(have)))
	for i, l := range h.listeners {
		if have[l.client] == most && most > have[newcomer] {
			close(l.told)
			h.listeners = slices.Delete(h.listeners, i, i+1)
			return true
		}
	}
	return false
}

func (h *hub) leave(l *listening) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners = slices.DeleteFunc(h.listeners, func(other *listening) bool { return other == l })
}

func (h *hub) tell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.serial++
	for _, l := range h.listeners {
		select {
		case l.told <- struct{}{}:
		default: // it has been told, and has not looked yet
		}
	}
}

// drop ends those who listen now.
func (h *hub) drop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.listeners {
		close(l.told)
	}
	h.listeners = nil
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		close(h.ended)
	}
	h.closed = true
	for _, l := range h.listeners {
		close(l.told)
	}
	h.listeners = nil
}

func (h *hub) at() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.serial
}

// Changed tells open pages to look anew. It does not block.
func (c *Console) Changed() { c.hub.tell() }

// Reconnect ends the connections of those who listen now. Browsers make new ones, if they may.
func (c *Console) Reconnect() { c.hub.drop() }

// Close ends the connections of those who listen. Nothing is told afterwards.
func (c *Console) Close() { c.hub.close() }

// Events is the handler of server-sent events: one named `changed` with a serial number when pages should look anew.
func (c *Console) Events(w http.ResponseWriter, r *http.Request) {
	l, err := c.hub.join(c.options.Client(r))
	if err != nil {
		w.Header().Set("Retry-After", "30")
		http.Error(w, diag.Lines(err.Error()), http.StatusServiceUnavailable)
		return
	}
	defer c.hub.leave(l)
	out := http.NewResponseController(w)
	head := w.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("X-Accel-Buffering", "no")
	ticker := time.NewTicker(alive)
	defer ticker.Stop()
	send := func(text string) bool {
		// Who does not read is dropped; what is no connection has no deadline.
		_ = out.SetWriteDeadline(c.options.Passing().Add(mostSlow))
		_, err := fmt.Fprint(w, text)
		return err == nil && out.Flush() == nil
	}
	if !send("retry: 5000\n\n") {
		return
	}
	for {
		select {
		case <-r.Context().Done():
			return
		case _, open := <-l.told:
			if !open || !send(fmt.Sprintf("event: changed\ndata: %d\n\n", c.hub.at())) {
				return
			}
			select {
			case <-r.Context().Done():
				return
			case <-c.hub.ended:
				return
			case <-time.After(pause):
			}
		case <-ticker.C:
			if !send(": here\n\n") {
				return
			}
		}
	}
}
