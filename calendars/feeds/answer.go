package feeds

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/metrics"
)

const (
	maxRetryAfter = 6 * time.Hour        // how long a server is believed that asks to wait
	maxMaxAge     = 366 * 24 * time.Hour // keeps arithmetic with dates in bounds
	validatorSize = 1 << 10              // of an ETag or a date; a longer one is not kept
	pageBytes     = 64 << 10             // of a page that is looked at to say what it is
)

// handleResponse is the result of an answer that is no redirect.
func (a *attempt) handleResponse(ctx context.Context, answer *http.Response) Fetched {
	var fetched Fetched
	switch code := answer.StatusCode; {
	case code == http.StatusOK, code == http.StatusNonAuthoritativeInfo:
		fetched = a.readBody(ctx, answer)
	case code == http.StatusNotModified && a.validators == Validators{}:
		fetched = a.fail(metrics.ServerError,
			"%s, to a request for the whole; the server, or a cache before it, is at fault", statusLine(code))
	case code == http.StatusNotModified:
		fetched = Fetched{Result: metrics.Unchanged, Status: code}
	case code < 300:
		fetched = a.fail(metrics.NotCalendar, "%w: %s; expected 200 OK with a calendar", ical.ErrNotCalendar,
			statusLine(code))
	default:
		fetched = a.handleStatus(answer)
	}
	a.applyHeader(&fetched, answer)
	return fetched
}

// handleStatus is the result of a status from 300 on.
func (a *attempt) handleStatus(answer *http.Response) Fetched {
	code := answer.StatusCode
	if page, _ := io.ReadAll(io.LimitReader(answer.Body, pageBytes)); isCaptcha(page) {
		return a.captchaError()
	}
	line := statusLine(code)
	switch code {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusInternalServerError:
		if a.source.UserAgent == "" && isMicrosoft(a.visited[len(a.visited)-1].Hostname()) {
			return a.fail(resultOf(code),
				"%s; this host refuses unknown programs; set user_agent to that of a browser", line)
		}
	case http.StatusTooManyRequests:
		return a.fail(resultOf(code), "%s; fetch less often, or from another address", line)
	}
	switch {
	case (code == http.StatusUnauthorized || code == http.StatusForbidden) && a.leftOrigin && a.hasSecrets():
		return a.fail(resultOf(code),
			"%s; credentials and headers are not sent where a redirect leads; set url to the address where it ends",
			line)
	case code == http.StatusUnauthorized && a.hasSecrets():
		return a.fail(resultOf(code), "%s; are user name, password and headers right?", line)
	case code == http.StatusUnauthorized:
		return a.fail(resultOf(code), "%s; the server requires a login; set basic or headers", line)
	case code == http.StatusForbidden, code == http.StatusNotFound, code == http.StatusGone:
		return a.fail(resultOf(code), "%s; is the calendar still shared, and at this address?", line)
	}
	return a.fail(resultOf(code), "%s", line)
}

// hasSecrets reports whether the source sends credentials or headers of its own.
func (a *attempt) hasSecrets() bool { return a.source.hasCredentials() || len(a.source.Header) > 0 }

// resultOf is the result that a status from 300 on stands for.
func resultOf(code int) metrics.FetchResult {
	switch code {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusProxyAuthRequired,
		http.StatusUnavailableForLegalReasons:
		return metrics.Forbidden
	case http.StatusNotFound, http.StatusGone:
		return metrics.NotFound
	case http.StatusRequestTimeout:
		return metrics.Timeout
	case http.StatusTooManyRequests:
		return metrics.RateLimited
	}
	return metrics.ServerError
}

// isMicrosoft reports whether a host is one of those where Microsoft publishes calendars.
func isMicrosoft(host string) bool {
	for _, domain := range []string{"office365.com", "office.com", "outlook.com", "live.com", "cloud.microsoft"} {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}

// captchaError is the result of a page that wants proof of a human visitor.
func (a *attempt) captchaError() Fetched {
	return a.fail(metrics.RateLimited,
		"it answered with a check for robots; fetch less often, or from another address")
}

// isOrigin reports whether an address is on the source's own host. What other hosts answer does not
// pause that host.
func (a *attempt) isOrigin(u *url.URL) bool { return u.Host == a.visited[0].Host }

// applyHeader adds what an answer's header says: validators, ages, clock and pauses.
func (a *attempt) applyHeader(f *Fetched, answer *http.Response) {
	h, now := answer.Header, a.fetcher.now()
	age := seconds(h.Get("Age"), maxMaxAge)
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		f.Skew = date.Add(age).Sub(now)
		now = now.Add(f.Skew) // the server's dates are by its clock
	}
	f.MaxAge = max(0, maxAge(h.Values("Cache-Control"))-age)
	switch {
	case f.Err != nil:
		f.RetryAfter = retryAfter(h.Get("Retry-After"), now)
		enough := f.Status == http.StatusTooManyRequests ||
			f.Status == http.StatusServiceUnavailable && f.RetryAfter > 0
		f.Busy = f.Busy || enough && a.isOrigin(a.visited[len(a.visited)-1])
		return
	case f.Status == http.StatusNotModified: // it need not repeat them (RFC 9110, 15.4.5)
		f.Validators = a.validators
	}
	if tag := h.Get("ETag"); isValidator(tag) {
		f.Validators.ETag = tag
	}
	if date := h.Get("Last-Modified"); isValidator(date) {
		if _, err := http.ParseTime(date); err == nil {
			f.Validators.LastModified = date
		}
	}
}

// isValidator reports whether a header's value can be sent back, and kept in a copy as it is.
func isValidator(value string) bool {
	return value != "" && len(value) <= validatorSize &&
		!strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
}

// retryAfter reads what a server asks to wait: seconds or a date (RFC 9110, 10.2.3). What is
// neither is nothing.
func retryAfter(value string, now time.Time) time.Duration {
	if at, err := http.ParseTime(value); err == nil {
		return min(max(0, at.Sub(now)), maxRetryAfter)
	}
	return seconds(value, maxRetryAfter)
}

// maxAge reads how long an answer stays fresh: 0 where nothing is said or it is not to be kept.
func maxAge(values []string) time.Duration {
	var age time.Duration
	for directive := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-cache", "no-store":
			return 0
		case "max-age":
			age = seconds(strings.Trim(value, `"`), maxMaxAge)
		}
	}
	return age
}

// seconds reads a whole number of them, at most a bound; 0 for anything else.
func seconds(text string, limit time.Duration) time.Duration {
	text = strings.TrimSpace(text)
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > int64(limit/time.Second) { // digits that are too many
		return limit
	}
	return time.Duration(n) * time.Second
}
