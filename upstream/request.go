package upstream

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/callhours/callhours/pivot"
)

// Request is a call as Kazoo has sent it. Nothing of it is changed.
type Request struct {
	Call   *pivot.Call // what the URL reads; never nil
	Method string      // GET or POST
	Query  string      // as it stands in the request line, without a token of ours
	Body   []byte      // of a POST
	Header http.Header // without credentials of ours
	Client string      // address of who has sent it, for X-Forwarded-For; "": it is not known
}

// Sent is a request to an upstream.
type Sent struct {
	Method string
	URL    *url.URL    // a secret
	Header http.Header // with secrets
	Body   []byte      // not to be changed

	query string // of the upstream's own URL
}

// notForwarded are headers of one connection (RFC 9110, section 7.6.1), of a browser, and those that callhours writes
// itself or that would make net/http send a POST twice.
var notForwarded = map[string]bool{
	"Accept-Encoding": true, "Authorization": true, "Connection": true, "Content-Length": true, "Cookie": true,
	"Expect": true, "Host": true, "Idempotency-Key": true, "Keep-Alive": true, "Proxy-Authenticate": true,
	"Proxy-Authorization": true, "Proxy-Connection": true, "Te": true, "Trailer": true, "Transfer-Encoding": true,
	"Upgrade": true, "X-Callhours-Token": true, "X-Forwarded-For": true, "X-Idempotency-Key": true, "X-Request-Id": true,
}

// maxRequestID is how many bytes of an X-Request-Id are passed on that a proxy has set.
const maxRequestID = 128

// Request is what is sent for a call: the method, the query and the body of Kazoo's request byte for byte, behind the
// query of the upstream's own URL, and its headers. The error says why nothing can be sent.
func (u *Upstream) Request(r Request) (Sent, error) {
	if u.options.Withdrawn {
		return Sent{}, fail(Refused, "a secret that it needs is not given to the tenant any more")
	}
	to, err := u.address.url(r.Call)
	if err != nil {
		return Sent{}, &Error{Refused, err}
	}
	own := to.RawQuery
	switch {
	case r.Query == "":
	case to.RawQuery == "":
		to.RawQuery = r.Query
	default:
		to.RawQuery += "&" + r.Query
	}
	h := make(http.Header, len(r.Header)+len(u.header)+3)
	for name, values := range r.Header {
		if !notForwarded[name] {
			h[name] = values
		}
	}
	for _, line := range r.Header["Connection"] { // which names more of them
		for name := range strings.SplitSeq(line, ",") {
			delete(h, http.CanonicalHeaderKey(strings.TrimSpace(name)))
		}
	}
	if h["User-Agent"] == nil {
		h["User-Agent"] = nil // else net/http writes its own
	}
	if r.Client != "" {
		h["X-Forwarded-For"] = []string{strings.Join(append(slices.Clip(r.Header["X-Forwarded-For"]), r.Client), ", ")}
	}
	id := r.Header.Get("X-Request-Id")
	if id == "" || len(id) > maxRequestID || strings.ContainsFunc(id, isControl) {
		id = rand.Text()
	}
	h["X-Request-Id"] = []string{id}
	maps.Copy(h, u.header)
	return Sent{Method: r.Method, URL: to, Header: h, Body: r.Body, query: own}, nil
}

// request is what net/http is given. A request of which nothing was written, since its connection was closed while it
// was idle, is sent over another one; no other POST is.
func (s *Sent) request(ctx context.Context) *http.Request {
	r := &http.Request{
		Method: s.Method, URL: s.URL, Host: s.URL.Host, Header: s.Header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(s.Body)),
	}
	if len(s.Body) > 0 {
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(s.Body)), nil }
		r.Body = io.NopCloser(bytes.NewReader(s.Body))
	}
	return r.WithContext(ctx)
}
