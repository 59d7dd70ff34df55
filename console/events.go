package console

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// hub tells those who listen that something has changed. It forgets what nobody came for in time:
// who is told looks anew anyway.
type hub struct {
	mu        sync.Mutex // guards the following
	listeners map[chan struct{}]bool
	serial    int
	closed    bool
	ended     chan struct{} // is closed with it
}

// mostListeners bounds the connections that stay open: half of those that the admin side has,
// so that others find a place.
const mostListeners = 128

// alive is how often a silent connection says that it is there, for what stands between.
const alive = 20 * time.Second

const (
	mostSlow = 10 * time.Second // in which a listener takes what is written to it
	pause    = time.Second      // between two changes that a listener is told of: pages are asked for again each time
)

func newHub() *hub { return &hub{listeners: map[chan struct{}]bool{}, ended: make(chan struct{})} }

var (
	errFull   = errors.New("too many listen already; try again later")
	errClosed = errors.New("stopping")
)

func (h *hub) join() (chan struct{}, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return nil, errClosed
	case len(h.listeners) >= mostListeners:
		return nil, errFull
	}
	l := make(chan struct{}, 1)
	h.listeners[l] = true
	return l, nil
}

func (h *hub) leave(l chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.listeners, l)
}

func (h *hub) tell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.serial++
	for l := range h.listeners {
		select {
		case l <- struct{}{}:
		default: // it has been told, and has not looked yet
		}
	}
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		close(h.ended)
	}
	h.closed = true
	for l := range h.listeners {
		close(l)
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

// Close ends the connections of those who listen. Nothing is told afterwards.
func (c *Console) Close() { c.hub.close() }

// Events is the handler of server-sent events: one named `changed` with a serial number when pages should look anew.
func (c *Console) Events(w http.ResponseWriter, r *http.Request) {
	l, err := c.hub.join()
	if err != nil {
		w.Header().Set("Retry-After", "30")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
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
		case _, open := <-l:
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
