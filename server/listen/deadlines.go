package listen

import "time"

// deadline is one that is set, in the end, as one that has passed.
type deadline struct {
	at     time.Time // zero: none, or passed
	passed bool      // the connection itself has been told
}

// SetReadDeadline is for net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read.set(t, c.TCPConn.SetReadDeadline)
}

// SetWriteDeadline is for net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.written.set(t, c.TCPConn.SetWriteDeadline)
}

// SetDeadline is for net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// longAgo, in Unix seconds, is after the deadline by which net/http ends a read at once.
const longAgo = 1 << 20

// set keeps a deadline.
func (d *deadline) set(t time.Time, tell func(time.Time) error) error {
	if !t.IsZero() && t.Unix() < longAgo {
		d.at, d.passed = time.Time{}, true
		return tell(t)
	}
	d.at = t
	if !d.passed {
		return nil
	}
	d.passed = false
	return tell(time.Time{})
}

// check tells the connection of a deadline that has passed.
func (d *deadline) check(now time.Time, tell func(time.Time) error) {
	if d.at.IsZero() || now.Before(d.at) {
		return
	}
	d.at, d.passed = time.Time{}, true
	_ = tell(time.Unix(1, 0)) // it fails for one that is closed
}
