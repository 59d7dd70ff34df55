package upstream

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/callhours/callhours/internal/guard"
)

// Bounds of requests and connections.
const (
	maxWaiting       = 64   // requests that wait for one upstream
	maxTenantWaiting = 128  // for all of a tenant's
	maxAllWaiting    = 1024 // for all

	// idleTimeout is shorter than what usual servers keep an idle connection for (Node and Apache 5 s), so that
	// a request hardly ever meets one that is being closed.
	idleTimeout = 4 * time.Second
	headerBytes = 64 << 10        // of an answer's header
	connecting  = 4 * time.Second // bounds what goes on when no request waits for the connection any more
)

// Of circuits. One opens after so many failures in a row, or where half of many requests fail, and lets one request
// through after a while.
const (
	failuresInRow = 5
	enoughToTell  = 20
	circuitOver   = 10 * time.Second // that is counted
	circuitOpen   = 5 * time.Second
)

// Pools hold what outlives a configuration: connections, circuits, and how many requests wait. A reload keeps those of
// the upstreams that remain. Connections are direct, since a proxy would hide the addresses that are judged.
type Pools struct {
	reachOf func(netip.Addr) guard.Reach // guard.ReachOf, except in tests, where all addresses are loopback
	now     func() time.Time             // of certificates
	waiting atomic.Int64

	mu       sync.Mutex // guards the following
	pools    map[poolKey]*pool
	circuits map[[sha256.Size]byte]*circuit
	owners   map[string]*atomic.Int64 // requests that wait, by owner
}

// poolKey is what connections are kept apart by.
type poolKey struct {
	owner       string
	denyPrivate bool
	authorities [sha256.Size]byte
}

// pool holds connections of one owner.
type pool struct{ *http.Transport }

// circuit is what is known of one upstream.
type circuit struct {
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	waiting atomic.Int64
	pool    *pool
	owner   *atomic.Int64 // nil: the operator's, who is not bounded
}

// NewPools makes pools without connections. now is the time by which certificates are judged; nil: the system's.
func NewPools(now func() time.Time) *Pools {
	return &Pools{
		reachOf: guard.ReachOf, now: now, pools: map[poolKey]*pool{}, circuits: map[[sha256.Size]byte]*circuit{},
		owners: map[string]*atomic.Int64{},
	}
}

// Keep forgets all upstreams but these, and closes the connections that nothing uses then. Requests that run end as
// they would.
func (p *Pools) Keep(upstreams []*Upstream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	circuits, pools := map[[sha256.Size]byte]*circuit{}, map[poolKey]*pool{}
	owners := map[string]*atomic.Int64{}
	for _, u := range upstreams {
		if used := p.pools[u.pool]; used != nil {
			pools[u.pool] = used
		}
		if c := p.circuits[u.key]; c != nil {
			circuits[u.key] = c
			if c.owner != nil {
				owners[u.pool.owner] = c.owner
			}
		}
	}
	for key, unused := range p.pools {
		if pools[key] == nil {
			unused.CloseIdleConnections()
		}
	}
	p.circuits, p.pools, p.owners = circuits, pools, owners
}

// Close closes the connections that nothing uses.
func (p *Pools) Close() { p.Keep(nil) }

// circuit is that of an upstream.
func (p *Pools) circuit(u *Upstream) *circuit {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.circuits[u.key]
	if c != nil {
		return c
	}
	c = &circuit{pool: p.pools[u.pool], breaker: gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests: 1, Interval: circuitOver, Timeout: circuitOpen,
		ReadyToTrip: func(n gobreaker.Counts) bool {
			return n.ConsecutiveFailures >= failuresInRow || n.Requests >= enoughToTell &&
				2*n.TotalFailures >= n.Requests
		},
	})}
	if c.pool == nil {
		c.pool = &pool{Transport: p.transport(u)}
		p.pools[u.pool] = c.pool
	}
	if owner := u.pool.owner; owner != "" {
		if p.owners[owner] == nil {
			p.owners[owner] = new(atomic.Int64)
		}
		c.owner = p.owners[owner]
	}
	p.circuits[u.key] = c
	return c
}

// transport makes connections as an upstream's owner may.
func (p *Pools) transport(u *Upstream) *http.Transport {
	allowed := guard.Private
	if u.options.DenyPrivate {
		allowed = guard.Public
	}
	dialer := &net.Dialer{Timeout: connecting, Control: guard.Control(allowed, p.reachOf)}
	return &http.Transport{
		Proxy:                  nil, // see Pools
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: u.roots, MinVersion: tls.VersionTLS12, Time: p.now},
		TLSHandshakeTimeout:    connecting,
		DisableCompression:     true, // Kazoo takes none
		MaxIdleConnsPerHost:    maxWaiting,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: headerBytes,
	}
}

// Ask makes one request to an upstream. The error is an [*Error]. It waits for as long as the timeout says, whatever
// becomes of ctx meanwhile: a request that was begun is not taken back, since nobody would know whether it was answered.
func (p *Pools) Ask(ctx context.Context, u *Upstream, r Request) (Answer, error) {
	sent, err := u.Request(r)
	if err != nil {
		return Answer{}, err
	}
	c := p.circuit(u)
	leave, ok := p.enter(c)
	if !ok {
		return Answer{}, fail(Circuit, "%s: too many calls wait for it already", u)
	}
	defer leave()
	done, err := c.breaker.Allow()
	if err != nil {
		return Answer{}, fail(Circuit, "%s: it failed too often; it is asked again after %s", u, circuitOpen)
	}
	var failed error
	defer func() { done(failed) }()
	a, status, err := p.exchange(context.WithoutCancel(ctx), u, c.pool, &sent)
	failed = failure(err, status)
	return a, err
}

// failure is what counts against an upstream: that it does not answer, or says itself that it cannot.
func failure(err error, status int) error {
	if e, ok := errors.AsType[*Error](err); ok && (e.Reason == Timeout || e.Reason == Refused || status >= 500) {
		return err
	}
	return nil
}

// exchange sends a request and reads the answer. status is 0 without one.
func (p *Pools) exchange(ctx context.Context, u *Upstream, to *pool, sent *Sent) (_ Answer, status int, _ error) {
	ctx, cancel := context.WithTimeout(ctx, u.options.Timeout)
	defer cancel()
	answer, err := to.RoundTrip(sent.request(ctx))
	switch {
	case err != nil && isTimeout(err):
		return Answer{}, 0, u.late()
	case err != nil:
		return Answer{}, 0, fail(Refused, "%s: %w", u, reason(err))
	}
	defer answer.Body.Close()
	a, err := u.read(answer, sent)
	return a, answer.StatusCode, err
}

func (u *Upstream) late() *Error {
	return fail(Timeout, "%s: no whole answer within %s", u, u.options.Timeout)
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && timeout.Timeout()
}

// enter counts a request that waits; false: too many do. leave ends that.
func (p *Pools) enter(c *circuit) (leave func(), ok bool) {
	counts := [...]struct {
		n    *atomic.Int64
		most int64
	}{{&c.waiting, maxWaiting}, {&p.waiting, maxAllWaiting}, {c.owner, maxTenantWaiting}}
	for i, count := range counts {
		if count.n == nil || count.n.Add(1) <= count.most {
			continue
		}
		for _, entered := range counts[:i+1] {
			entered.n.Add(-1)
		}
		return nil, false
	}
	return func() {
		for _, count := range counts {
			if count.n != nil {
				count.n.Add(-1)
			}
		}
	}, true
}

// reason is what went wrong, without names of functions and nothing that is secret.
func reason(err error) error {
	if refused, ok := errors.AsType[*guard.Error](err); ok {
		return refused
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return errors.New("its certificate is signed by an authority that is not known; set ca_file")
	}
	if invalid, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return invalid.Err
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return errors.New("the DNS does not know its name")
		}
		return errors.New("its name could not be looked up")
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}
