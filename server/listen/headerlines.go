package listen

import (
	"bytes"
	"io"
	"net/http"
	"sync/atomic"
)

// maxHeaderLines is how many lines a request has before its body: each is looked up and kept, so
// that many short ones cost more than their bytes, and before it is known who sends them.
const maxHeaderLines = 200

// headerLines counts the lines of requests on a connection before their bodies. What follows an
// answer is the next request. One goroutine reads at a time; another may write the answer.
type headerLines struct {
	answered atomic.Bool // since something was read
	n        int
	started  bool // the line is not empty so far
	body     bool // the empty line has come
}

// written notes that an answer was written, or a part of one.
func (h *headerLines) written(p []byte) {
	if !bytes.HasPrefix(p, []byte("HTTP/1.1 100 ")) { // which asks for the body
		h.answered.Store(true)
	}
}

// count counts the lines of what was read; false if there are too many.
func (h *headerLines) count(p []byte) bool {
	if h.answered.Swap(false) {
		h.n, h.started, h.body = 0, false, false
	}
	for !h.body && len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		line := p
		if end >= 0 {
			line, p = p[:end], p[end+1:]
		} else {
			p = nil
		}
		h.started = h.started || len(bytes.TrimRight(line, "\r")) > 0
		if end < 0 {
			break
		}
		h.body = !h.started
		h.n, h.started = h.n+1, false
		if h.n > maxHeaderLines {
			return false
		}
	}
	return true
}

// refuseLines answers a request with too many lines before its body, and ends the connection.
func (c *Conn) refuseLines() (int, error) {
	_, _ = c.TCPConn.Write(rawAnswer(http.StatusRequestHeaderFieldsTooLarge, "too many header lines"))
	_ = c.TCPConn.CloseWrite()
	return 0, io.EOF
}
