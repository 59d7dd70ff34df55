package feeds

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
)

// maxHandshake is how many bytes a server may send before a TLS connection stands. Chains have two
// to five certificates of 1 to 2 kB.
const maxHandshake = 64 << 10

var errLongHandshake = fmt.Errorf("the server sends more than %d bytes to agree on TLS; it has too many certificates",
	maxHandshake)

// handshakes are turns of a tenant for what TLS handshakes compute: half of the processors, at
// least one. Chains can be made that take 50 ms to find wrong.
type handshakes chan struct{}

func newHandshakes() handshakes { return make(handshakes, max(1, runtime.GOMAXPROCS(0)/2)) }

// handshakeConn is a connection that takes turns and is bounded until finish, which is when a
// request is sent over it. Between what it reads and the next time that it reads, writes or closes,
// something is computed of what it has read; meanwhile it has a turn. It never has one while it
// waits for the network.
type handshakeConn struct {
	net.Conn
	turns handshakes // nil: it takes none
	left  int        // bytes that may be read; whoever reads has it

	over  atomic.Bool
	ended chan struct{} // closed when over

	mu      sync.Mutex // guards the following
	hasTurn bool
}

// dial makes connections of an owner with these turns.
func (h handshakes) dial(dialer *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &handshakeConn{Conn: conn, turns: h, left: maxHandshake, ended: make(chan struct{})}, nil
	}
}

func (c *handshakeConn) Read(p []byte) (int, error) {
	if c.over.Load() {
		return c.Conn.Read(p)
	}
	c.giveBack()
	n, err := c.Conn.Read(p)
	if c.over.Load() {
		return n, err
	}
	if c.left -= n; c.left < 0 {
		return 0, errLongHandshake
	}
	c.take()
	return n, err
}

func (c *handshakeConn) Write(p []byte) (int, error) {
	c.giveBack()
	return c.Conn.Write(p)
}

func (c *handshakeConn) Close() error {
	c.finish()
	return c.Conn.Close()
}

// finish ends the bound and the turn.
func (c *handshakeConn) finish() {
	if c.over.CompareAndSwap(false, true) {
		close(c.ended)
	}
	c.giveBack()
}

func (c *handshakeConn) take() {
	if c.turns == nil {
		return
	}
	select {
	case c.turns <- struct{}{}:
	case <-c.ended:
		return
	}
	c.mu.Lock()
	c.hasTurn = true
	c.mu.Unlock()
	if c.over.Load() { // finish may have looked before
		c.giveBack()
	}
}

func (c *handshakeConn) giveBack() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hasTurn {
		c.hasTurn = false
		<-c.turns
	}
}

// finishHandshake says that a connection stands.
func finishHandshake(c net.Conn) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	if h, ok := c.(*handshakeConn); ok {
		h.finish()
	}
}
