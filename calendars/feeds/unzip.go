package feeds

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
)

const (
	// maxHollow is how many compressed bytes more a body may have, at any point of it, than its
	// text has come to. A deflate block without text makes its reader build tables for each 37 of
	// its bytes: 16 MiB of them, which come to nothing, take it 8 s.
	maxHollow = 64 << 10
	// maxMembers is how many members of gzip (RFC 1952, 2.2) a body has. Servers send one, and
	// programs that compress in blocks one for each 64 KiB.
	maxMembers = 512
)

// errors of unzip, of a stream that is gzip.
var (
	errHollow  = fmt.Errorf("its gzip has %d bytes more than the text in it", maxHollow)
	errMembers = fmt.Errorf("its gzip has more than %d members", maxMembers)
)

// unzip decompresses until the end, an error, or a byte over the limit. A deflate stream that is no
// such thing counts as a damaged one.
func unzip(ctx context.Context, sent []byte, limit int64) ([]byte, error) {
	if len(sent) == 0 {
		return nil, nil
	}
	body, err := io.ReadAll(limitedReader(ctx, io.LimitReader(newMembers(ctx, sent), limit+1)))
	if _, corrupt := errors.AsType[flate.CorruptInputError](err); corrupt {
		err = gzip.ErrChecksum
	}
	return body, err
}

// members reads the text of all members of a gzip stream.
type members struct {
	ctx  context.Context
	from compressed
	zip  gzip.Reader
	n    int // members that have begun
}

func newMembers(ctx context.Context, sent []byte) *members {
	return &members{ctx: ctx, from: compressed{sent: bytes.NewReader(sent)}}
}

func (m *members) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	if m.n == 0 {
		return 0, m.next()
	}
	n, err := m.zip.Read(p)
	m.from.text += n
	if errors.Is(err, io.EOF) {
		err = m.next()
	}
	return n, err
}

// next begins the next member; io.EOF without one.
func (m *members) next() error {
	if m.n == maxMembers && m.from.sent.Len() > 0 {
		return errMembers
	}
	m.n++
	err := m.zip.Reset(&m.from)
	m.zip.Multistream(false)
	return err
}

// compressed gives the compressed bytes while enough text comes of them.
type compressed struct {
	sent *bytes.Reader
	text int // bytes that have come of it
}

// left is how many bytes may be read before there is more text.
func (c *compressed) left() int {
	return c.text + maxHollow - int(c.sent.Size()) + c.sent.Len()
}

func (c *compressed) Read(p []byte) (int, error) {
	left := c.left()
	if left <= 0 && c.sent.Len() > 0 {
		return 0, errHollow
	}
	return c.sent.Read(p[:min(len(p), max(left, 0))])
}

func (c *compressed) ReadByte() (byte, error) {
	if c.left() <= 0 && c.sent.Len() > 0 {
		return 0, errHollow
	}
	return c.sent.ReadByte()
}
