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
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/guard"
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

	user       *url.Userinfo
	allowed    guard.Reach // how far the address of the next connection may lead; public once one of them was
	leftOrigin bool        // it has left the source's origin and sends no secrets any more
	visited    []*url.URL  // in order
	location   string      // what may be shown of where it is
	status     int         // of the last answer
	stage      atomic.Int32
}

// The stages of a request, for the message of a timeout.
const (
	starting int32 = iota
	resolving
	connecting
	encrypting
	waiting
	reading
	queued
)

var stageNames = [...]string{
	starting: "starting", resolving: "looking up the host", connecting: "connecting", encrypting: "agreeing on TLS",
	waiting: "waiting for the answer", reading: "reading the body",
	queued: "waiting for its turn at the host that it was redirected to",
}

func (a *attempt) run(ctx context.Context) Fetched {
	if err := a.source.Validate(); err != nil {
		return a.fail(metrics.ServerError, "%w", err)
	}
	if a.source.Withdrawn && a.source.Owner == "" {
		return a.fail(metrics.ServerError, "the feed needs a credential, which systemd gives to the service alone")
	}
	if a.source.Withdrawn {
		return a.fail(metrics.ServerError, "the main file no longer gives this tenant a secret that the feed needs")
	}
	u, user, err := a.source.address()
	if err != nil {
		return a.fail(metrics.ServerError, "%w", err)
	}
	a.user = user
	pool, err := a.fetcher.poolFor(ctx, a.source)
	if err != nil {
		if failure, ok := a.timeoutError(ctx, err); ok {
			return failure
		}
		return a.fail(metrics.ServerError, "%w", err)
	}
	ctx, cancel := withPausableTimeout(ctx, a.fetcher.timeout)
	defer cancel()
	for {
		a.visited = append(a.visited, u)
		answer, err := a.request(ctx, u, pool)
		if err != nil {
			return a.connectionError(ctx, err)
		}
		a.status = answer.StatusCode
		if !isRedirect(answer.StatusCode) {
			fetched := a.handleResponse(ctx, answer)
			answer.Body.Close()
			return fetched
		}
		next, failure := a.redirect(u, answer)
		answer.Body.Close()
		if failure != nil {
			a.applyHeader(failure, answer)
			return *failure
		}
		u = next
		if failure := a.waitForHost(ctx, u); failure != nil {
			return *failure
		}
	}
}

// waitForHost waits until the host that a redirect leads to may be asked, as it is for the first
// request of an attempt; time does not run meanwhile. Without leases in ctx it does not wait.
func (a *attempt) waitForHost(ctx context.Context, u *url.URL) *Fetched {
	l := leasesOf(ctx)
	if l == nil || l.place == nil {
		return nil
	}
	var pause time.Duration
	a.stage.Store(queued)
	err := pauseTimeout(ctx, func() (err error) {
		pause, err = l.place.move(ctx, u.Host)
		return err
	})
	var failure Fetched
	switch {
	case err != nil:
		failure = a.connectionError(ctx, err)
	case pause > 0:
		failure = a.fail(metrics.RateLimited, "the host requested a pause that is not over; the feed is fetched later")
		failure.RetryAfter = pause
	default:
		return nil
	}
	return &failure
}

// request asks one address. It goes straight to the transport: what http.Client would add
// (redirects with headers, cookies, errors that print the URL) is what an attempt does otherwise.
func (a *attempt) request(ctx context.Context, u *url.URL, p *pool) (*http.Response, error) {
	var outside atomic.Bool // a connection to a public address was used
	setStage := func(stage int32) { a.stage.Store(stage) }
	setStage(starting)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:          func(httptrace.DNSStartInfo) { setStage(resolving) },
		ConnectStart:      func(string, string) { setStage(connecting) },
		TLSHandshakeStart: func() { setStage(encrypting) },
		GotConn: func(c httptrace.GotConnInfo) {
			if a.fetcher.reachOf(remoteAddr(c.Conn)) == guard.Public {
				outside.Store(true)
			}
			finishHandshake(c.Conn)
			setStage(waiting)
		},
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	a.setHeader(request.Header)
	answer, err := p.byReach[a.allowed].RoundTrip(request)
	if outside.Load() {
		a.allowed = guard.Public
	}
	return answer, err
}

// remoteAddr is the address at the other end of a connection; if it is not known, the zero address,
// which counts as public.
func remoteAddr(c net.Conn) netip.Addr {
	if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr()
	}
	return netip.Addr{}
}

// setHeader sets a request's headers. Validators go wherever redirects lead, since the answer that
// they are of came from there.
func (a *attempt) setHeader(h http.Header) {
	if !a.leftOrigin {
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

// redirect is the address that an answer redirects to, or why it is not followed.
func (a *attempt) redirect(from *url.URL, answer *http.Response) (*url.URL, *Fetched) {
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
		return refuse("to an address of the scheme %s; expected http or https, and a host", diag.Quote(scheme))
	}
	to.User = nil
	switch {
	case isGoogle(from.Hostname()) && isCaptchaURL(to):
		failure := a.captchaError()
		failure.Busy = a.isOrigin(from)
		return nil, &failure
	case from.Scheme == "https" && to.Scheme == "http":
		return refuse("from https to http (%s); what is read there could be changed on its way", redactURL(to))
	case a.hasVisited(to):
		return refuse("in a circle, after %d redirects; is the calendar still shared?", len(a.visited))
	case len(a.visited) > maxRedirects:
		return refuse("once more, after %d redirects; set url to the address where they end", maxRedirects)
	}
	if first := a.visited[0]; to.Scheme != first.Scheme || to.Host != first.Host {
		// For good: once elsewhere, what is asked at home is another's choice.
		a.leftOrigin = true
		a.location = redactURL(first) + ": redirected to " + redactURL(to)
	} else {
		a.location = redactURL(first)
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

// isCaptchaURL reports whether an address is the page to which Google's hosts redirect suspected
// robots.
func isCaptchaURL(u *url.URL) bool {
	return isGoogle(u.Hostname()) && strings.HasPrefix(u.Path, "/sorry/")
}

// googleHost fits google.com, those of countries such as google.de and google.co.uk, and hosts
// below them.
var googleHost = regexp.MustCompile(`^([a-z0-9-]+\.)*google\.(com|[a-z]{2}|com?\.[a-z]{2})$`)

func isGoogle(host string) bool { return googleHost.MatchString(host) }
