package listen

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pair writes a self-signed certificate with a serial number, and its key.
func pair(t *testing.T, dir string, serial int64) *Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"},
		NotAfter: time.Now().AddDate(100, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	c := &Certificate{cert: filepath.Join(dir, "tls.crt"), key: filepath.Join(dir, "tls.key")}
	for name, block := range map[string]*pem.Block{
		c.cert: {Type: "CERTIFICATE", Bytes: der},
		c.key:  {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (c *Certificate) serial(t *testing.T) int64 {
	t.Helper()
	got, err := c.get(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(got.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return leaf.SerialNumber.Int64()
}

// TestCertificateIsReadAgain: a renewed certificate needs no restart, and a broken one leaves the
// former in use.
func TestCertificateIsReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := pair(t, dir, 1)
		if err := c.read(); err != nil {
			t.Fatal(err)
		}
		log := &logged{}
		go c.Watch(t.Context(), slog.New(slog.NewTextHandler(log, nil)))
		pair(t, dir, 2)
		if got := c.serial(t); got != 1 {
			t.Errorf("before the time: got certificate %d, want 1", got)
		}
		<-time.After(certEvery + time.Second)
		if got := c.serial(t); got != 2 {
			t.Errorf("after the time: got certificate %d, want 2", got)
		}
		if err := os.WriteFile(c.cert, []byte("rubbish"), 0o600); err != nil {
			t.Fatal(err)
		}
		<-time.After(10 * certEvery)
		if got := c.serial(t); got != 2 {
			t.Errorf("with rubbish in the file: got certificate %d, want 2", got)
		}
		if got := strings.Count(log.String(), "the former one stays in use"); got != 1 {
			t.Errorf("the log tells it %d times, want once: %s", got, log)
		}
	})
}

func TestCertificateMistake(t *testing.T) {
	t.Parallel()
	c := &Certificate{cert: "nowhere.crt", key: "nowhere.key"}
	want := "tls: cert_file nowhere.crt: no such file or directory"
	if err := c.read(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
