package feeds

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"net"
	"net/http"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/internal/guard"
)

// Bounds of connections. What bounds an attempt as a whole is FetcherOptions.Timeout.
const (
	dialTimeout  = 10 * time.Second // also of a TLS handshake
	idleTimeout  = 90 * time.Second
	idlePerHost  = 2
	idleInAll    = 64
	poolLifetime = time.Hour // is when the pool of an owner is forgotten
	headerBytes  = 64 << 10  // of an answer's header
	// maxPools is how many pools an owner has: one for each bundle of a tenant and one for the
	// system's authorities, with and without private addresses. Beyond it, the least recently used
	// one is dropped.
	maxPools = 2 * (maxTenantBundles + 1)

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
	authorities digest
}

// pool holds the connections of one owner to hosts that one set of authorities vouches for.
type pool struct {
	// byReach are the transports by how far the addresses may lead that they connect to, public or
	// private. They are two so that a connection to a private address, made for a feed that names
	// it, is never there for a redirect to reuse.
	byReach  [guard.Private + 1]*http.Transport
	lastUsed time.Time // guarded by the Fetcher's mutex
}

// poolFor is the pool of a source. Its CA file is read each time, so that a renewed one is used
// from the next attempt on; its former connections end with what they are carrying. Files are read
// and parsed without the Fetcher's mutex, which attempts of all owners take, and parsed in the
// owner's turn.
func (f *Fetcher) poolFor(ctx context.Context, s Source) (*pool, error) {
	key := poolKey{owner: s.Owner, denyPrivate: s.DenyPrivate}
	if s.CAFile == "" {
		if p := f.findPool(key, ""); p != nil {
			return p, nil
		}
		return f.addPool(key, nil), nil
	}
	pem, sum, err := readCAFile(s.Owner, s.CAFiles, s.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file %s: %w", diag.Quote(s.CAFile), files.Reason(err))
	}
	key.authorities = sum
	if p := f.findPool(key, s.CAFile); p != nil {
		return p, nil
	}
	done, err := waitForTurn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if p := f.findPool(key, s.CAFile); p != nil { // made by the attempt whose turn it was
		return p, nil
	}
	roots, err := parseCAFile(pem)
	if err != nil {
		return nil, fmt.Errorf("ca_file %s: %w", diag.Quote(s.CAFile), err)
	}
	return f.addPool(key, roots), nil
}

// findPool is a pool that exists, or nil. Those of what the CA file, if there is one, held before
// are dropped.
func (f *Fetcher) findPool(key poolKey, name string) *pool {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	f.evictPools(now)
	if name != "" {
		file := caFile{key.owner, name}
		if former, ok := f.caFiles[file]; ok && former != key.authorities {
			f.dropPools(key.owner, former)
		}
		f.caFiles[file] = key.authorities
	}
	p := f.pools[key]
	if p != nil {
		p.lastUsed = now
	}
	return p
}

// addPool makes a pool, unless another attempt has done so meanwhile.
func (f *Fetcher) addPool(key poolKey, roots *x509.CertPool) *pool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p := f.pools[key]; p != nil {
		return p
	}
	count, oldest := 0, poolKey{}
	for k, p := range f.pools {
		if k.owner != key.owner {
			continue
		}
		if count++; count == 1 || p.lastUsed.Before(f.pools[oldest].lastUsed) {
			oldest = k
		}
	}
	if count >= maxPools {
		f.dropPool(oldest)
	}
	p, turns := &pool{lastUsed: f.now()}, handshakes(nil)
	if key.owner != "" {
		if f.handshakes[key.owner] == nil {
			f.handshakes[key.owner] = newHandshakes()
		}
		turns = f.handshakes[key.owner]
	}
	for allowed := range p.byReach {
		p.byReach[allowed] = f.transport(roots, guard.Reach(allowed), turns)
		if key.owner != "" {
			boundReading(p.byReach[allowed])
		}
	}
	f.pools[key] = p
	return p
}

// boundReading makes a tenant's server unable to keep a processor busy with what it sends. Frames
// of HTTP/2 that belong to no answer (pings, unknown and empty ones) are read without end, as long
// as there is a connection; the operator chooses whom to trust with that. Over HTTP/1.1 all bytes
// count as part of a header or body, which have bounds, and a connection ends with its attempt:
// tenants' attempts are minutes apart, and hardly ever find one that is still open.
func boundReading(t *http.Transport) {
	t.ForceAttemptHTTP2, t.HTTP2 = false, nil
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.DisableKeepAlives = true
}

// dropPools drops an owner's pools with some authorities. Another file that still holds them gets
// them anew.
func (f *Fetcher) dropPools(owner string, authorities digest) {
	for _, denyPrivate := range []bool{false, true} {
		f.dropPool(poolKey{owner, denyPrivate, authorities})
	}
}

func (f *Fetcher) dropPool(key poolKey) {
	if p := f.pools[key]; p != nil {
		delete(f.pools, key)
		p.closeIdle()
	}
}

// evictPools drops the pools that nothing has used for so long that none of their connections is
// left, once in a while: tenants come and go.
func (f *Fetcher) evictPools(now time.Time) {
	if now.Sub(f.lastEviction) < poolLifetime {
		return
	}
	f.lastEviction = now
	maps.DeleteFunc(f.pools, func(_ poolKey, p *pool) bool { return now.Sub(p.lastUsed) >= poolLifetime })
	maps.DeleteFunc(f.caFiles, func(file caFile, sum digest) bool {
		return f.pools[poolKey{file.owner, false, sum}] == nil && f.pools[poolKey{file.owner, true, sum}] == nil
	})
	owners := map[string]bool{}
	for key := range f.pools {
		owners[key.owner] = true
	}
	maps.DeleteFunc(f.handshakes, func(owner string, _ handshakes) bool { return !owners[owner] })
}

func (p *pool) closeIdle() {
	for _, t := range p.byReach {
		t.CloseIdleConnections()
	}
}

func (f *Fetcher) transport(roots *x509.CertPool, allowed guard.Reach, turns handshakes) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, Resolver: f.resolver, Control: guard.Control(allowed, f.reachOf)}
	return &http.Transport{
		Proxy:                  nil, // with a proxy, guard would see the proxy's address only
		DialContext:            turns.dial(dialer),
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
