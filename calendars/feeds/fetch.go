package feeds

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/guard"
	"github.com/callhours/callhours/metrics"
)

// Validators are what a server gave with a body so that it can be asked whether that is still the
// one (RFC 9110, 8.8). The zero value asks for the body whatever it is.
type Validators struct {
	ETag         string // as sent, with its quotes; "" without one
	LastModified string // an HTTP date as sent; "" without one
}

// Fetched is how one attempt to fetch a feed ended.
type Fetched struct {
	// Result is OK (a complete calendar), Unchanged (304 to a conditional request) or what went
	// wrong, an address that may not be connected to, a source that is not valid and a connection
	// that fails being ServerError. It is never Shrunk.
	Result     metrics.FetchResult
	Status     int           // of the last answer; 0 without one
	Body       []byte        // decompressed, in UTF-8 if its charset is known, otherwise as sent; nil unless OK
	Charset    string        // in which Body still is, as its server says, and which is not known; "" for UTF-8
	Validators Validators    // to send next time, with OK and Unchanged
	RetryAfter time.Duration // what the server asks to wait, at most 6 h; 0: nothing, or OK or Unchanged
	// how much longer the server calls the answer fresh (RFC 9111), at most a year; 0: nothing
	// said, or no-cache
	MaxAge time.Duration
	Skew   time.Duration // the server's clock less ours, to about a second; 0 without a Date
	// the source's own host had enough of us: 429, 503 with Retry-After, or Google's redirect to
	// its page for robots
	Busy bool
	// in one line, beginning with scheme and host of the source, without any secret; nil with OK
	// and Unchanged
	Err error
}

// File is what was fetched, as ReadFiles reads it.
func (f Fetched) File() ical.File { return ical.File{Body: f.Body, Charset: f.Charset} }

// FetcherOptions say how feeds are fetched.
type FetcherOptions struct {
	UserAgent string           // of sources that name none; "": "callhours"
	Timeout   time.Duration    // of one attempt, redirects and body included; 0: 30 s
	Bytes     int              // of a body, both as sent and after decompression; 0: that of Limits
	Now       func() time.Time // the clock for dates that servers send and for certificates; required
}

// Fetcher fetches feeds over HTTP and recognizes what a feed is: it checks status, content and
// completeness, and follows redirects as is safe. It keeps no feed and no cookie, and a schedule is
// its caller's affair.
//
// Connections are direct: HTTP_PROXY and its like are ignored, since a proxy would hide the
// addresses that a Fetcher checks as it connects. Link-local addresses and those of cloud metadata
// are always refused; private ones are once a public address was part of the attempt, and all the
// time of sources with DenyPrivate.
//
// A Fetcher is safe for concurrent use. It starts no goroutine of its own. Connections close with a
// tenant's attempt, and the operator's 90 s after they were used.
type Fetcher struct {
	userAgent string
	timeout   time.Duration
	bytes     int
	now       func() time.Time
	resolver  *net.Resolver                     // nil for the system's
	reachOf   func(addr netip.Addr) guard.Reach // guard.ReachOf, except in tests, where all addresses are loopback

	mu           sync.Mutex // guards the following
	pools        map[poolKey]*pool
	handshakes   map[string]handshakes // by owner with pools; of tenants
	caFiles      map[caFile]digest     // what each held when it was last read
	lastEviction time.Time             // when pools were last looked for that nothing uses
}

// NewFetcher makes a Fetcher. It connects to nothing.
func NewFetcher(o FetcherOptions) *Fetcher {
	f := &Fetcher{
		userAgent: cmp.Or(o.UserAgent, "callhours"),
		timeout:   o.Timeout,
		bytes:     o.Bytes,
		now:       o.Now,
		reachOf:   guard.ReachOf,
		pools:     map[poolKey]*pool{}, handshakes: map[string]handshakes{},
		caFiles: map[caFile]digest{},
	}
	if f.timeout <= 0 {
		f.timeout = 30 * time.Second
	}
	if f.bytes <= 0 {
		f.bytes = ical.Limits{}.WithDefaults().Bytes
	}
	return f
}

// Fetch makes one attempt: a request, and those that redirects ask for. v are the validators of the
// copy that the caller has; the zero Validators make it unconditional. A ctx that is cancelled ends
// it with Timeout and an Err that says "stopped".
func (f *Fetcher) Fetch(ctx context.Context, s Source, v Validators) Fetched {
	a := &attempt{fetcher: f, source: s, validators: v, allowed: guard.Private, location: s.String()}
	if s.DenyPrivate {
		a.allowed = guard.Public
	}
	return a.run(ctx)
}

// CloseIdleConnections closes the connections that nothing is using.
func (f *Fetcher) CloseIdleConnections() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.pools {
		p.closeIdle()
	}
}

// fail ends an attempt with a line about it.
func (a *attempt) fail(result metrics.FetchResult, format string, args ...any) Fetched {
	return Fetched{Result: result, Status: a.status, Err: fmt.Errorf("%s: %w", a.location, fmt.Errorf(format, args...))}
}

// statusLine is a status as people know it. The server's own words are not repeated.
func statusLine(code int) string {
	if text := http.StatusText(code); text != "" {
		return fmt.Sprintf("%d %s", code, text)
	}
	return fmt.Sprintf("status %d", code)
}
