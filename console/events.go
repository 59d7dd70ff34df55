package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/callhours/callhours/internal/diag"
)

// hub notifies the open pages that something has changed. Notifications that were not read in time
// are merged: a page that gets one loads everything again anyway.
type hub struct {
	mu        sync.Mutex    // guards the following
	listeners []*subscriber // in the order in which they came
	serial    int
	closed    bool
	ended     chan struct{} // is closed with it
}

// subscriber is an open connection of a page.
type subscriber struct {
	client  string
	changed chan struct{} // closed when it is to end
}

// maxListeners bounds the connections that stay open: half of those that the admin listener has, so
// that others find a place. Beyond them the client with the most loses its oldest to one with
// fewer.
const maxListeners = 128

// alive is how often something is written to a silent connection, so that proxies keep it open.
const alive = 20 * time.Second

const (
	writeTimeout = 10 * time.Second // for a page to read what is written to it
	minInterval  = time.Second      // between two notifications of a page: it is loaded again each time
)

func newHub() *hub { return &hub{ended: make(chan struct{})} }

var (
	errFull   = errors.New("too many listen already; try again later")
	errClosed = errors.New("stopping")
)

func (h *hub) join(client string) (*subscriber, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return nil, errClosed
	case len(h.listeners) >= maxListeners && !h.evictFor(client):
		return nil, errFull
	}
	l := &subscriber{client, make(chan struct{}, 1)}
	h.listeners = append(h.listeners, l)
	return l, nil
}

// evictFor ends the oldest of the client that has most, if it has more than the newcomer will have.
func (h *hub) evictFor(newcomer string) bool {
	have := map[string]int{newcomer: 1}
	for _, l := range h.listeners {
		have[l.client]++
	}
	most := slices.Max(slices.Collect(maps.Values(have)))
	for i, l := range h.listeners {
		if have[l.client] == most && most > have[newcomer] {
			close(l.changed)
			h.listeners = slices.Delete(h.listeners, i, i+1)
			return true
		}
	}
	return false
}

func (h *hub) leave(l *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners = slices.DeleteFunc(h.listeners, func(other *subscriber) bool { return other == l })
}

func (h *hub) notifyAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.serial++
	for _, l := range h.listeners {
		select {
		case l.changed <- struct{}{}:
		default: // it has not read the one before
		}
	}
}

// disconnectAll closes the connections of all open pages.
func (h *hub) disconnectAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.listeners {
		close(l.changed)
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
		close(l.changed)
	}
	h.listeners = nil
}

func (h *hub) indexOf() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.serial
}

// Changed notifies open pages. It does not block.
func (c *Console) Changed() { c.hub.notifyAll() }

// Reconnect closes the connections of open pages. Browsers open new ones, if they are still allowed
// to.
func (c *Console) Reconnect() { c.hub.disconnectAll() }

// Close closes the connections of open pages. Later changes notify nobody.
func (c *Console) Close() { c.hub.close() }

// Events is the handler of server-sent events: one named `changed`, with a serial number, when
// pages should load again.
func (c *Console) Events(w http.ResponseWriter, r *http.Request) {
	l, err := c.hub.join(c.options.Client(r))
	if err != nil {
		w.Header().Set("Retry-After", "30")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusServiceUnavailable)
		// Nobody is left to tell when the peer has gone.
		_ = json.NewEncoder(w).Encode(map[string]string{"error": diag.Lines(err.Error())})
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
		// A page that does not read is dropped; a writer that is no connection has no deadline.
		_ = out.SetWriteDeadline(c.options.RealNow().Add(writeTimeout))
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
		case _, open := <-l.changed:
			if !open || !send(fmt.Sprintf("event: changed\ndata: %d\n\n", c.hub.indexOf())) {
				return
			}
			select {
			case <-r.Context().Done():
				return
			case <-c.hub.ended:
				return
			case <-time.After(minInterval):
			}
		case <-ticker.C:
			if !send(": here\n\n") {
				return
			}
		}
	}
}
