package feeds

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/files"
)

// Bounds of connections. What bounds an attempt as a whole is FetcherOptions.Timeout.
const (
	dialTimeout  = 10 * time.Second // also of a TLS handshake
	idleTimeout  = 90 * time.Second
	idlePerHost  = 2
	idleInAll    = 64
	poolLifetime = time.Hour // is when the pool of an owner is forgotten
	headerBytes  = 64 << 10  // of an answer's header
	caBytes      = 4 << 20   // of a CA file

	// An HTTP/2 connection that says nothing is asked whether it lives: fetches that share it would
	// all time out on a dead one.
	pingAfter   = 15 * time.Second
	pingTimeout = 10 * time.Second
)

// poolKey is what connections are kept apart by: no owner is served over a connection that
// another's feed has opened.
type poolKey struct {
	owner       string
	denyPrivate bool
	caFile      string
}

// pool holds the connections of one owner to hosts that one set of authorities vouches for.
type pool struct {
	digest [sha256.Size]byte // of the CA file; zero for the system's authorities
	// byReach are the transports by how far the addresses may lead that they connect to, public or
	// private. They are two so that a connection to a private address, made for a feed that names
	// it, is never there for a redirect to reuse.
	byReach  [private + 1]*http.Transport
	lastUsed time.Time // guarded by the Fetcher's mutex
}

// CheckCAFile says why a CA file cannot be read; nil if it can. fsys is as of Source.CAFiles.
func CheckCAFile(fsys fs.FS, name string) error {
	_, _, err := files.Tree{FS: fsys}.Read(name, caBytes)
	return err
}

// poolFor is the pool of a source. Its CA file is read each time, so that a renewed one is used
// from the next attempt on; its former connections end with what they are carrying.
func (f *Fetcher) poolFor(s Source) (*pool, error) {
	caFile, key := s.CAFile, poolKey{s.Owner, s.DenyPrivate, s.CAFile}
	var digest [sha256.Size]byte
	var pem []byte
	if caFile != "" {
		var err error
		if pem, err = readLimited(s.CAFiles, caFile, caBytes); err != nil {
			return nil, fmt.Errorf("ca_file %s: %w", diag.Quote(caFile), err)
		}
		digest = sha256.Sum256(pem)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	f.evictPools(now)
	former := f.pools[key]
	if former != nil && former.digest == digest {
		former.lastUsed = now
		return former, nil
	}
	var roots *x509.CertPool
	if caFile != "" {
		roots = x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca_file %s: want certificates as PEM, found none", diag.Quote(caFile))
		}
	}
	p := &pool{digest: digest, lastUsed: now}
	for allowed := range p.byReach {
		p.byReach[allowed] = f.transport(roots, reach(allowed))
		// What a server sends over an idle connection of HTTP/2 is read without end. The operator
		// chooses whom to trust with that; a tenant's attempts are minutes apart, and hardly ever
		// find a connection that is still open.
		p.byReach[allowed].DisableKeepAlives = s.Owner != ""
	}
	f.pools[key] = p
	if former != nil {
		former.closeIdle()
	}
	return p, nil
}

// evictPools drops the pools that nothing has used for so long that none of their connections is
// left, once in a while: tenants come and go.
func (f *Fetcher) evictPools(now time.Time) {
	if now.Sub(f.lastEviction) < poolLifetime {
		return
	}
	f.lastEviction = now
	maps.DeleteFunc(f.pools, func(_ poolKey, p *pool) bool { return now.Sub(p.lastUsed) >= poolLifetime })
}

func (p *pool) closeIdle() {
	for _, t := range p.byReach {
		t.CloseIdleConnections()
	}
}

func (f *Fetcher) transport(roots *x509.CertPool, allowed reach) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, Resolver: f.resolver, Control: control(allowed, f.reachOf)}
	return &http.Transport{
		Proxy:                  nil, // with a proxy, guard would see the proxy's address only
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, Time: f.now},
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
		DisableCompression:     true, // attempt.read decompresses, to see what was sent
		MaxIdleConns:           idleInAll,
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: headerBytes,
	}
}
