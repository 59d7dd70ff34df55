package feeds

import (
	"context"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/metrics"
)

// maxRedirects is how many an attempt follows. Feeds need one or two; iCloud has been seen to send
// in circles for days.
const maxRedirects = 5

// attempt is one Fetch.
type attempt struct {
	fetcher    *Fetcher
	source     Source
	validators Validators

	user    *url.Userinfo
	allowed reach      // how far the address of the next connection may lead; public once one of them was
	away    bool       // it has left the source's origin and sends no secrets any more
	visited []*url.URL // in order
	at      string     // what may be shown of where it is
	status  int        // of the last answer
	stage   atomic.Int32
}

// The stages of a request, for the message of a timeout.
const (
	starting int32 = iota
	resolving
	connecting
	encrypting
	waiting
	reading
)

var stageNames = [...]string{
	starting: "starting", resolving: "looking up the host", connecting: "connecting", encrypting: "agreeing on TLS",
	waiting: "waiting for the answer", reading: "reading the body",
}

func (a *attempt) run(ctx context.Context) Fetched {
	if err := a.source.Validate(); err != nil {
		return a.fail(metrics.ServerError, "%w", err)
	}
	u, user, err := a.source.address()
	if err != nil {
		return a.fail(metrics.ServerError, "%w", err)
	}
	a.user = user
	pool, err := a.fetcher.poolFor(a.source)
	if err != nil {
		return a.fail(metrics.ServerError, "%w", err)
	}
	for {
		a.visited = append(a.visited, u)
		answer, err := a.request(ctx, u, pool)
		if err != nil {
			return a.lost(ctx, err)
		}
		a.status = answer.StatusCode
		if !isRedirect(answer.StatusCode) {
			fetched := a.judge(ctx, answer)
			answer.Body.Close()
			return fetched
		}
		next, failure := a.redirected(u, answer)
		answer.Body.Close()
		if failure != nil {
			a.tell(failure, answer)
			return *failure
		}
		u = next
	}
}

// request asks one address. It goes straight to the transport: what http.Client would add
// (redirects with headers, cookies, errors that print the URL) is what an attempt does otherwise.
func (a *attempt) request(ctx context.Context, u *url.URL, p *pool) (*http.Response, error) {
	var outside atomic.Bool // a connection to a public address was used
	enter := func(stage int32) { a.stage.Store(stage) }
	enter(starting)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:          func(httptrace.DNSStartInfo) { enter(resolving) },
		ConnectStart:      func(string, string) { enter(connecting) },
		TLSHandshakeStart: func() { enter(encrypting) },
		GotConn: func(c httptrace.GotConnInfo) {
			if a.fetcher.reachOf(remote(c.Conn)) == public {
				outside.Store(true)
			}
			enter(waiting)
		},
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	a.write(request.Header)
	answer, err := p.byReach[a.allowed].RoundTrip(request)
	if outside.Load() {
		a.allowed = public
	}
	return answer, err
}

// remote is the address at the other end; the zero address, which counts as public, if that is not
// known.
func remote(c net.Conn) netip.Addr {
	if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr()
	}
	return netip.Addr{}
}

// write makes a request's header. Validators go wherever redirects lead, being of the answer that
// came from there.
func (a *attempt) write(h http.Header) {
	if !a.away {
		for name, values := range a.source.Header {
			for _, value := range values {
				h.Add(name, value)
			}
		}
		if name := a.user.Username(); name != "" || hasPassword(a.user) {
			password, _ := a.user.Password()
			(&http.Request{Header: h}).SetBasicAuth(name, password)
		}
	}
	if h.Get("Accept") == "" {
		h.Set("Accept", "text/calendar, text/plain;q=0.9, */*;q=0.5")
	}
	h.Set("Accept-Encoding", "gzip")
	h.Set("User-Agent", a.userAgent())
	if a.validators.ETag != "" {
		h.Set("If-None-Match", a.validators.ETag)
	}
	if a.validators.LastModified != "" {
		h.Set("If-Modified-Since", a.validators.LastModified)
	}
}

func (a *attempt) userAgent() string {
	if a.source.UserAgent != "" {
		return a.source.UserAgent
	}
	return a.fetcher.userAgent
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect,
		http.StatusPermanentRedirect:
		return true
	}
	return false
}

// redirected is where an answer sends to, or why it is not followed.
func (a *attempt) redirected(from *url.URL, answer *http.Response) (*url.URL, *Fetched) {
	refuse := func(format string, args ...any) (*url.URL, *Fetched) {
		failure := a.fail(metrics.ServerError, statusLine(answer.StatusCode)+" "+format, args...)
		return nil, &failure
	}
	location := answer.Header.Get("Location")
	if location == "" {
		return refuse("without a Location")
	}
	to, err := from.Parse(location)
	if err != nil {
		return refuse("to an address that cannot be read")
	}
	if scheme := to.Scheme; normalise(to) != nil {
		return refuse("to an address of the scheme %s; want http or https, and a host", diag.Quote(scheme))
	}
	to.User = nil
	switch {
	case isGoogle(from.Hostname()) && isSorry(to):
		failure := a.captcha()
		failure.Busy = a.isHome(from)
		return nil, &failure
	case from.Scheme == "https" && to.Scheme == "http":
		return refuse("from https to http (%s); what is read there could be changed on its way", shown(to))
	case a.hasVisited(to):
		return refuse("in a circle, after %d redirects; is the calendar still shared?", len(a.visited))
	case len(a.visited) > maxRedirects:
		return refuse("once more, after %d redirects; want the address where they end as url", maxRedirects)
	}
	if first := a.visited[0]; to.Scheme != first.Scheme || to.Host != first.Host {
		// For good: once elsewhere, what is asked at home is another's choice.
		a.away = true
		a.at = shown(first) + ": redirected to " + shown(to)
	} else {
		a.at = shown(first)
	}
	return to, nil
}

func (a *attempt) hasVisited(to *url.URL) bool {
	for _, u := range a.visited {
		if u.String() == to.String() {
			return true
		}
	}
	return false
}

// isSorry reports whether an address is Google's page for robots, to which Google's hosts redirect.
func isSorry(u *url.URL) bool { return isGoogle(u.Hostname()) && strings.HasPrefix(u.Path, "/sorry/") }

// googleHost fits google.com, those of countries such as google.de and google.co.uk, and hosts
// below them.
var googleHost = regexp.MustCompile(`^([a-z0-9-]+\.)*google\.(com|[a-z]{2}|com?\.[a-z]{2})$`)

func isGoogle(host string) bool { return googleHost.MatchString(host) }
