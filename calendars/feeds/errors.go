package feeds

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/guard"
	"github.com/callhours/callhours/metrics"
)

// connectionError is the result of an attempt that got no answer. Errors of the network are never
// printed as they are: some hold what the server sent.
func (a *attempt) connectionError(ctx context.Context, err error) Fetched {
	if failure, ok := a.timeoutError(ctx, err); ok {
		return failure
	}
	if refused, ok := errors.AsType[*guard.Error](err); ok {
		switch {
		case refused.Reach == guard.Never:
			return a.fail(metrics.ServerError, "%w", refused)
		case a.source.DenyPrivate && a.source.Owner == "":
			return a.fail(metrics.ServerError, "%w, which deny_private_addresses forbids", refused)
		case a.source.DenyPrivate:
			return a.fail(metrics.ServerError,
				"%w, from which a tenant's feed is fetched only if deny_private_addresses in the main file allows it",
				refused)
		}
		return a.fail(metrics.ServerError, "%w, where a redirect from a public one may not lead", refused)
	}
	if isTooLongHeader(err) {
		return a.fail(metrics.TooBig, "%w: more than %d bytes in the header of the answer", ical.ErrTooBig, headerBytes)
	}
	return a.fail(metrics.ServerError, "%s", a.reason(err))
}

// timeoutError is the result of an attempt that ran out of time or was stopped; false if neither is
// so.
func (a *attempt) timeoutError(ctx context.Context, err error) (Fetched, bool) {
	stage := stageNames[a.stage.Load()]
	switch {
	case errors.Is(ctx.Err(), context.Canceled) && !errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return a.fail(metrics.Timeout, "stopped while %s", stage), true
	case ctx.Err() != nil:
		return a.fail(metrics.Timeout, "timed out while %s; an attempt may take %v", stage, a.fetcher.timeout), true
	}
	if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() {
		return a.fail(metrics.Timeout, "timed out while %s", stage), true
	}
	return Fetched{}, false
}

// isTooLongHeader reports whether an answer's header was over headerBytes. net/http has no value
// for that; over HTTP/2 it ends the connection, which looks like any other broken one.
func isTooLongHeader(err error) bool {
	return strings.Contains(err.Error(), "server response headers exceeded")
}

// reason says in plain words why there is no answer.
func (a *attempt) reason(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return "the DNS has no such host; is its name right?"
		}
		return "the DNS does not answer for this host"
	}
	if reason := a.tlsReason(err); reason != "" {
		return reason
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused; is the server running, and the port right?"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed while " + stageNames[a.stage.Load()]
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return number.Error() + " while " + stageNames[a.stage.Load()]
	}
	const faulty = "; the server, or a proxy before it, is at fault"
	switch text := err.Error(); { // net/http has no values for these either
	case strings.Contains(text, "multiple Content-Length"):
		return "the answer has two Content-Length headers that differ" + faulty
	case strings.Contains(text, "Content-Length"):
		return "the Content-Length of the answer is not a number" + faulty
	case strings.Contains(text, "transfer encoding"):
		return "the Transfer-Encoding of the answer is unknown" + faulty
	case strings.Contains(text, "malformed"):
		return "the answer is not HTTP; is the port right?"
	}
	return "the connection failed while " + stageNames[a.stage.Load()]
}

// tlsReason says what is wrong with a server's certificate or its TLS; "" for other errors.
func (a *attempt) tlsReason(err error) string {
	const day = "2006-01-02"
	if errors.Is(err, errLongHandshake) {
		return errLongHandshake.Error()
	}
	if host, ok := errors.AsType[x509.HostnameError](err); ok {
		return "its certificate is for " + certificateNames(host.Certificate) + "; is the host's name right?"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		if a.source.CAFile != "" {
			return "its certificate is signed by an authority that is not in ca_file"
		}
		return "its certificate is signed by an unknown authority; a company's own goes into ca_file"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		now := a.fetcher.now()
		switch c := invalid.Cert; {
		case invalid.Reason == x509.Expired && c != nil && now.Before(c.NotBefore):
			return "its certificate is valid from " + c.NotBefore.UTC().Format(day) + " on; is the clock here right?"
		case invalid.Reason == x509.Expired && c != nil:
			return "its certificate expired on " + c.NotAfter.UTC().Format(day) + "; renew it on the server"
		}
		return "its certificate is not valid for a server"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate cannot be verified"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "it does not speak TLS on this port; is it http?"
	}
	// What else goes wrong has no type of its own. The texts are crypto/tls's, and come before a
	// request is sent.
	text := err.Error()
	for _, origin := range []string{"tls: ", "remote error: tls: ", "local error: tls: "} {
		if strings.HasPrefix(text, origin) {
			return "TLS: " + strings.Trim(diag.Quote(text[len(origin):]), `"`)
		}
	}
	return ""
}

// certificateNames lists the first few names that a certificate is for.
func certificateNames(c *x509.Certificate) string {
	const listed = 3
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no host"
	}
	more := ""
	if len(names) > listed {
		names, more = names[:listed], fmt.Sprintf(" and %d more", len(names)-listed)
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = diag.Quote(name)
	}
	return strings.Join(quoted, ", ") + more
}

// truncationError is the result of a body that broke off.
func (a *attempt) truncationError(ctx context.Context, err error, got int, want int64) Fetched {
	if failure, ok := a.timeoutError(ctx, err); ok {
		return failure
	}
	if want > 0 {
		return a.fail(metrics.Truncated, "%w: it broke off after %d of %d bytes", ical.ErrTruncated, got, want)
	}
	return a.fail(metrics.Truncated, "%w: it broke off after %d bytes", ical.ErrTruncated, got)
}
