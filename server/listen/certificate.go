package listen

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/callhours/callhours/internal/files"
)

// maxPEM bounds the file of a certificate or key, in bytes.
const maxPEM = 1 << 20

// Certificate is a key pair in files that are replaced when it is renewed. A pair that cannot be
// read leaves the former in use.
type Certificate struct {
	cert, key string
	current   atomic.Pointer[tls.Certificate]
}

// certEvery is how often the files are read again.
const certEvery = 30 * time.Second

// ReadCertificate reads a key pair in PEM.
func ReadCertificate(certFile, keyFile string) (*Certificate, error) {
	c := &Certificate{cert: certFile, key: keyFile}
	return c, c.read()
}

// Listener encrypts the connections of another one. OTP 19, which Kazoo 4.3 runs on, ends at TLS
// 1.2.
func (c *Certificate) Listener(l net.Listener) net.Listener {
	return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get})
}

func (c *Certificate) read() error {
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
		return fmt.Errorf("tls: %s and %s are not a certificate and its key: %s", c.cert, c.key, err.Error())
	}
	c.current.Store(&pair)
	return nil
}

func (c *Certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.Load(), nil
}

// Watch reads the files again and again, so that no handshake waits for a disk. A failure is
// logged when its reason changes.
func (c *Certificate) Watch(ctx context.Context, log *slog.Logger) {
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
