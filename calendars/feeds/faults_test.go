package feeds

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// faultServer is a scripted calendar server on loopback, real HTTP or TLS. Tell it what a path
// answers with on; the answers are given in turn, and the last one for ever:
//
//	server := newFaultServer(t)
//	server.on("/office.ics", answerBody(body), answerStatus(503), server.hang())
//	source := Source{URL: server.URL + "/office.ics"}
//	… fetch …
//	server.asked("/office.ics") // the requests that came, in order
//
// A path that was told nothing answers 404. Each answer is an ordinary handler, so that a test can
// write its own. Tests that wait for a fetch to have come wait in arrived; hang and drip end when
// the client goes, or with the test.
type faultServer struct {
	*httptest.Server
	arrived chan string   // the path of each request, as far as there is room
	closing chan struct{} // closed with the test

	mu      sync.Mutex
	answers map[string][]scripted      // by path; guarded by mu, and so is what follows
	turns   map[string]int             // answers given, by path
	seen    map[string][]*http.Request // without bodies
}

// scripted writes one answer.
type scripted = http.HandlerFunc

// newFaultServer starts a server that speaks HTTP.
func newFaultServer(t testing.TB) *faultServer {
	t.Helper()
	s := unstarted(t)
	s.Start()
	return s
}

// newTLSFaultServer starts one that speaks TLS, HTTP/1 and HTTP/2, with a certificate.
func newTLSFaultServer(t testing.TB, certificate tls.Certificate) *faultServer {
	t.Helper()
	s := unstarted(t)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	s.EnableHTTP2 = true
	s.StartTLS()
	return s
}

func unstarted(t testing.TB) *faultServer {
	s := &faultServer{
		arrived: make(chan string, 1000), closing: make(chan struct{}),
		answers: map[string][]scripted{}, turns: map[string]int{}, seen: map[string][]*http.Request{},
	}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // aborted handshakes and handlers are what it is for
	t.Cleanup(func() {
		close(s.closing)
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// on says what a path answers from now on.
func (s *faultServer) on(path string, answers ...scripted) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[path], s.turns[path] = answers, 0
}

// asked are the requests for a path, in order.
func (s *faultServer) asked(path string) []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.seen[path]...)
}

func (s *faultServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	s.mu.Lock()
	s.seen[path] = append(s.seen[path], r)
	respond := scripted(http.NotFound)
	if list := s.answers[path]; len(list) > 0 {
		respond = list[min(s.turns[path], len(list)-1)]
		s.turns[path]++
	}
	s.mu.Unlock()
	select {
	case s.arrived <- path:
	default:
	}
	respond(w, r)
}

// wait holds an answer up until the client or the test is gone.
func (s *faultServer) wait(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.closing:
	}
}

// hang answers nothing.
func (s *faultServer) hang() scripted {
	return func(_ http.ResponseWriter, r *http.Request) { s.wait(r) }
}

// stall begins a body and never ends it.
func (s *faultServer) stall(begin []byte) scripted {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(begin)+1000))
		w.Write(begin)
		http.NewResponseController(w).Flush()
		s.wait(r)
	}
}

// drip sends a body byte by byte, one each pause, until the client or the test is gone.
func (s *faultServer) drip(body []byte, pause time.Duration) scripted {
	return func(w http.ResponseWriter, r *http.Request) {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for _, b := range body {
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			case <-s.closing:
				return
			}
			w.Write([]byte{b})
			http.NewResponseController(w).Flush()
		}
	}
}

// answerWith answers a status, a header as pairs of name and value, and a body.
func answerWith(code int, body []byte, header ...string) scripted {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
		for i := 0; i < len(header); i += 2 {
			w.Header()[header[i]] = []string{header[i+1]}
		}
		w.WriteHeader(code)
		w.Write(body)
	}
}

// answerStatus answers a status, with a header as pairs of name and value.
func answerStatus(code int, header ...string) scripted { return answerWith(code, nil, header...) }

// answerBody answers 200 with a body.
func answerBody(body []byte, header ...string) scripted {
	return answerWith(http.StatusOK, body, header...)
}

// answerPage answers 200 with HTML.
func answerPage(text string) scripted { return answerBody([]byte(text), "Content-Type", "text/html") }

// answerConditional answers 304 to whoever sends the ETag, and else the body with it.
func answerConditional(etag string, body []byte) scripted {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Write(body)
	}
}

// answerRedirect sends elsewhere.
func answerRedirect(code int, location string) scripted {
	return answerStatus(code, "Location", location)
}

// answerCut sends the beginning of a body, of a length that it announced as that of the whole, and
// closes the connection: properly, or with a reset.
func answerCut(body []byte, sent int, reset bool) scripted {
	head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/calendar\r\nContent-Length: %d\r\n\r\n", len(body))
	return answerRaw(head+string(body[:sent]), reset)
}

// answerRaw sends bytes that need not be HTTP, and closes the connection: properly, or with a
// reset.
func answerRaw(text string, reset bool) scripted {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err) // an HTTP/2 connection: the test is wrong
		}
		io.WriteString(conn, text)
		if tcp, ok := conn.(*net.TCPConn); ok && reset {
			tcp.SetLinger(0)
		}
		conn.Close()
	}
}

// zipped compresses.
func zipped(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(body)
	z.Close()
	return b.Bytes()
}

// bomb is so many mebibytes of a calendar's blank lines, compressed.
func bomb(mebibytes int) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	io.WriteString(z, "BEGIN:VCALENDAR\r\n")
	for chunk := bytes.Repeat([]byte("\n"), 1<<20); mebibytes > 0; mebibytes-- {
		z.Write(chunk)
	}
	io.WriteString(z, "END:VCALENDAR\r\n")
	z.Close()
	return b.Bytes()
}

// authority signs certificates. Its own stands in a PEM file.
type authority struct {
	file string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{file: filepath.Join(t.TempDir(), "ca.pem")}
	a.cert, a.key = sign(t, nil, &x509.Certificate{
		Subject: pkix.Name{CommonName: "Test authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().AddDate(-9, 0, 0), NotAfter: time.Now().AddDate(9, 0, 0),
	})
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
	if err := os.WriteFile(a.file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// issue makes a certificate for hosts, IP addresses being recognised, that holds from one moment to
// another.
func (a *authority) issue(t testing.TB, from, until time.Time, hosts ...string) tls.Certificate {
	t.Helper()
	wanted := &x509.Certificate{
		Subject: pkix.Name{CommonName: "Test server"}, NotBefore: from, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			wanted.IPAddresses = append(wanted.IPAddresses, ip)
		} else {
			wanted.DNSNames = append(wanted.DNSNames, host)
		}
	}
	cert, key := sign(t, a, wanted)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

// sign makes a certificate and its key, signed by an authority or, without one, by itself.
func sign(t testing.TB, by *authority, wanted *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	wanted.SerialNumber = big.NewInt(time.Now().UnixNano())
	parent, signer := wanted, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	raw, err := x509.CreateCertificate(rand.Reader, wanted, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// fakeDNS is a resolver that knows the hosts it is given, by name without a dot at the end, and no
// others. The hosts may change between look-ups. A host without addresses is never answered for.
type fakeDNS struct {
	mu    sync.Mutex
	hosts map[string][]net.IP // IPv4; guarded by mu
}

func (d *fakeDNS) set(host string, ips ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hosts == nil {
		d.hosts = map[string][]net.IP{}
	}
	d.hosts[host] = nil
	for _, ip := range ips {
		d.hosts[host] = append(d.hosts[host], net.ParseIP(ip).To4())
	}
}

// resolver asks over a pipe, in the form that DNS has on TCP: two bytes of length, then the message
// (RFC 1035).
func (d *fakeDNS) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go d.answer(there)
		return here, nil
	}}
}

// answer serves one connection.
func (d *fakeDNS) answer(conn net.Conn) {
	defer conn.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		end := 12 // of the question; the header is 12 bytes
		var labels []string
		for query[end] != 0 {
			labels = append(labels, string(query[end+1:end+1+int(query[end])]))
			end += 1 + int(query[end])
		}
		kind := query[end+2]
		end += 5
		d.mu.Lock()
		ips, known := d.hosts[strings.ToLower(strings.Join(labels, "."))]
		d.mu.Unlock()
		reply := append([]byte(nil), query[:end]...)
		copy(reply[2:12], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}) // an answer to one question, no records
		switch {
		case !known:
			reply[3] |= 3 // NXDOMAIN
		case len(ips) == 0:
			continue
		case kind == 1:
			reply[7] = byte(len(ips))
			for _, ip := range ips {
				reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
				reply = append(reply, ip...)
			}
		}
		conn.Write(binary.BigEndian.AppendUint16(nil, uint16(len(reply))))
		conn.Write(reply)
	}
}
