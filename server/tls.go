package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/callhours/callhours/internal/files"
)

// maxPEM bounds the file of a certificate or key, in bytes.
const maxPEM = 1 << 20

// certificate is a key pair in files that whoever renews it replaces. A pair that cannot be
// read leaves the former in use.
type certificate struct {
	cert, key string
	current   atomic.Pointer[tls.Certificate]
}

func (c *certificate) read() error {
	cert, err := files.Read(c.cert, maxPEM)
	if err != nil {
		return fmt.Errorf("tls: cert_file %w", err)
	}
	key, err := files.Read(c.key, maxPEM)
	if err != nil {
		return fmt.Errorf("tls: key_file %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("tls: %s and %s are no certificate with its key: %s", c.cert, c.key, reason(err))
	}
	c.current.Store(&pair)
	return nil
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.Load(), nil
}

// watch reads the files again and again, so that no handshake waits for a disk. A failure is
// logged when its reason changes.
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
