package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// certificate is a key pair in files that whoever renews it replaces. A pair that cannot be read leaves the former in use.
type certificate struct {
	cert, key string
	current   atomic.Pointer[tls.Certificate]
}

func (c *certificate) read() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("tls: %s and %s are no certificate with its key: %s", c.cert, c.key, reason(err))
	}
	c.current.Store(&pair)
	return nil
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.Load(), nil
}

// watch reads the files again and again, so that no handshake waits for a disk. A failure is logged when its reason changes.
func (c *certificate) watch(ctx context.Context, log *slog.Logger) {
	ticker := time.NewTicker(certEvery)
	defer ticker.Stop()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := c.read()
		switch {
		case err == nil:
			said = ""
		case err.Error() != said:
			said = err.Error()
			log.ErrorContext(ctx, "certificate not read again; the former one stays in use", slog.String("error", said))
		}
	}
}
