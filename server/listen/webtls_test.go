package listen

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// clientPair is a client's certificate with a name.
func clientPair(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name},
		NotAfter: time.Now().AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestOldConnections: a connection that was made before admin_web_config changed has its
// certificate checked for each request by what holds now, and is closed after its answer.
func TestOldConnections(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pair(t, dir, 1)
	path := filepath.Join(dir, "web.yaml")
	certificate := clientPair(t, "one")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	other := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: clientPair(t, "two").Certificate[0]})
	for file, text := range map[string][]byte{"ca.crt": ca, "other.crt": other} {
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const any = "client_auth_type: RequireAnyClientCert"
	for name, c := range map[string]struct {
		before, after string
		want          int
		again         int // of a new connection; 0: refused
	}{
		"its name is removed": {
			any + ", client_allowed_sans: [one]", any + ", client_allowed_sans: [two]", 403,
			0,
		},
		"another name is removed": {
			any + ", client_allowed_sans: [one, two]", any + ", client_allowed_sans: [one]",
			200, 200,
		},
		"its authority is removed": {
			any, "client_auth_type: RequireAndVerifyClientCert, client_ca_file: other.crt",
			403, 0,
		},
		"its authority is named": {
			any, "client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt", 200,
			200,
		},
		"certificates are asked for": {"min_version: TLS12", any, 403, 200},
		"nothing is asked for":       {"min_version: TLS12", "min_version: TLS13", 200, 200},
	} {
		run := func(t *testing.T, h2 bool) {
			t.Helper()
			write := func(what string) {
				t.Helper()
				if err := os.WriteFile(path,
					[]byte("tls_server_config: {cert_file: tls.crt, key_file: tls.key, "+what+"}\n"),
					0o600); err != nil {
					t.Fatal(err)
				}
			}
			write(c.before)
			ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { WriteText(w, http.StatusOK, "in") })
			g, err := NewAdminAuth(path, ok, slog.New(slog.DiscardHandler), time.Now)
			if err != nil {
				t.Fatal(err)
			}
			changed := 0
			g.Changed = func() { changed++ }
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			h := &http.Server{ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
			ended := make(chan error, 1)
			go func() { ended <- g.Serve(l, h) }()
			defer func() { _ = h.Close(); <-ended }()
			way := &http.Transport{
				ForceAttemptHTTP2: h2,
				TLSClientConfig: &tls.Config{
					InsecureSkipVerify: true, //nolint:gosec // the server's certificate is not what is looked at
					Certificates:       []tls.Certificate{certificate},
				},
			}
			defer way.CloseIdleConnections()
			ask := func() (status int, closes bool) {
				got, err := (&http.Client{Transport: way}).Get("https://" + l.Addr().String())
				if err != nil {
					return 0, false
				}
				_, _ = io.Copy(io.Discard, got.Body)
				_ = got.Body.Close()
				return got.StatusCode, got.Close
			}
			if got, closes := ask(); got != 200 || closes {
				t.Fatalf("before: got %d, closed: %v", got, closes)
			}
			write(c.after)
			if err := g.refresh(); err != nil || changed != 1 {
				t.Fatalf("%v, told %d times", err, changed)
			}
			if got, closes := ask(); got != c.want || !closes && !h2 {
				t.Errorf("then: got %d, closed: %v, want %d", got, closes, c.want)
			}
			way.CloseIdleConnections()
			if got, closes := ask(); got != c.again || closes {
				t.Errorf("a new one: got %d, closed: %v, want %d", got, closes, c.again)
			}
		}
		for _, h2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTP/2: %v", name, h2), func(t *testing.T) { run(t, h2) })
		}
	}
}

// TestRemovedClientIsNotResumed: a client whose name is taken out of client_allowed_sans does not
// get in by the session it had before either, and whose name stays does.
func TestRemovedClientIsNotResumed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pair(t, dir, 1)
	path := filepath.Join(dir, "web.yaml")
	allow := func(sans string) {
		t.Helper()
		text :=
			"tls_server_config: {cert_file: tls.crt, key_file: tls.key, client_auth_type: RequireAnyClientCert, client_allowed_sans: " + sans + "}\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	allow("[leaver, stayer]")
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { WriteText(w, http.StatusOK, "in") })
	g, err := NewAdminAuth(path, ok, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &http.Server{ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	ended := make(chan error, 1)
	go func() { ended <- g.Serve(l, h) }()
	defer func() { _ = h.Close(); <-ended }()

	type client struct {
		name    string
		version uint16
	}
	sessions, certificates := map[client]tls.ClientSessionCache{},
		map[string]tls.Certificate{"leaver": clientPair(t, "leaver"), "stayer": clientPair(t, "stayer")}
	ask := func(c client) string {
		if sessions[c] == nil {
			sessions[c] = tls.NewLRUClientSessionCache(1)
		}
		conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{
			InsecureSkipVerify: true,
			ServerName:         "localhost", //nolint:gosec // the server's certificate is not what is looked at
			Certificates:       []tls.Certificate{certificates[c.name]}, ClientSessionCache: sessions[c],
			MinVersion: c.version, MaxVersion: c.version,
		})
		if err != nil {
			return "refused"
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		answer, _ := io.ReadAll(conn)
		if len(answer) < 12 {
			return "refused"
		}
		return fmt.Sprintf("%s resumed=%t", answer[9:12], conn.ConnectionState().DidResume)
	}
	for _, step := range []struct{ sans, leaver, stayer string }{
		{"", "200 resumed=false", "200 resumed=false"},
		{"", "200 resumed=true", "200 resumed=true"},
		{"[stayer]", "refused", "200 resumed=true"},
		{"[stayer, leaver]", "200", "200 resumed=true"},
	} {
		if step.sans != "" {
			allow(step.sans)
			if err := g.refresh(); err != nil {
				t.Fatal(err)
			}
		}
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			for name, want := range map[string]string{"leaver": step.leaver, "stayer": step.stayer} {
				if got := ask(client{name, version}); got != want && (want != "200" || got[:3] != want) {
					t.Errorf("client_allowed_sans %s, %s by %s: got %q, want %q", step.sans, name,
						tls.VersionName(version), got, want)
				}
			}
		}
	}
}
