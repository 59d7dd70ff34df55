// Package upstream asks another Pivot server for the callflow of a call, as Kazoo would have asked it, and checks
// what it answers before Kazoo gets that.
//
// [New] reads how an upstream is configured and starts nothing. [Pools] hold what outlives a configuration: the
// connections, the circuits and how many requests are waiting; [Pools.Ask] makes one request. The request has the
// bytes of Kazoo's, so that a script cannot tell the difference: the same method, query, body and headers, without
// what belongs to one connection and without cookies and credentials of ours. The answer is checked by the rules of
// package pivot, or is TwiML that Kazoo knows.
//
// A call waits for one request at most. Nothing that an upstream does keeps it longer than the timeout, and an
// upstream that fails again and again is not asked for a while. No POST is sent twice, and no redirect is followed.
// Owners share no connection, no circuit and no limit.
//
// Everything is safe for concurrent use.
package upstream

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
)

// Options describe an upstream to [New].
type Options struct {
	// URL is its address, http or https, with places for values in path segments and in values of the query:
	// {{.Data.KEY}}, which is read when the configuration is, and {{.Call.FIELD}}. It is a secret.
	URL  diag.Text
	Data map[string]any // .Data of the branch; nil: none

	Timeout            time.Duration // of one request, connecting and reading its answer included; 0: 2 s
	Header             http.Header   // sent in place of Kazoo's of the same name; secrets
	Username, Password string        // basic authentication; both "" for none
	Bearer             string        // token of Authorization: Bearer; "" for none
	Authorities        []byte        // PEM, trusted instead of the system's; nil: the system's

	// Owner is whose route asks: a tenant's file or directory, "" for the operator. Owners share nothing.
	Owner       string
	DenyPrivate bool          // private addresses are refused; those of links and clouds always are
	Withdrawn   bool          // a secret is not given to the owner any more: the upstream is not asked
	Cluster     pivot.Cluster // the Kazoo that is to take the answers
	Lenient     bool          // refuse only what Kazoo refuses, see [pivot.Cluster.Tolerant]
}

// Upstream is another Pivot server, as one branch is answered by it. It does not change.
type Upstream struct {
	options  Options
	address  *address
	header   http.Header // that replaces Kazoo's, with canonical names
	key      [sha256.Size]byte
	pool     poolKey
	roots    *x509.CertPool // nil: the system's
	tolerant pivot.Cluster  // for Lenient
}

// usualTimeout is that of Options without one.
const usualTimeout = 2 * time.Second

// Bounds of what is sent besides what Kazoo sends, as of feeds.
const (
	maxHeaders     = 32
	maxHeaderName  = 128     // bytes
	maxHeaderValue = 8 << 10 // bytes of all of them, and of user name and password
)

// New reads an upstream. What is wrong is reported at the place of the URL; nothing of it is shown.
func New(o Options) (*Upstream, []diag.Mistake) {
	if o.Timeout == 0 {
		o.Timeout = usualTimeout
	}
	u := &Upstream{options: o, tolerant: o.Cluster}
	u.tolerant.Tolerant = true
	if o.Withdrawn {
		return u, nil
	}
	var mistakes []diag.Mistake
	u.address, mistakes = parseAddress(o.URL, o.Data)
	header, err := o.headers()
	if err != nil {
		mistakes = append(mistakes, diag.Mistakef(o.URL.Pos, "upstream: %s", err))
	}
	u.header = header
	if len(o.Authorities) > 0 {
		u.roots = x509.NewCertPool()
		if !u.roots.AppendCertsFromPEM(o.Authorities) {
			mistakes = append(mistakes,
				diag.Mistakef(o.URL.Pos, "upstream: ca_file: expected certificates as PEM, found none"))
		}
	}
	u.pool = poolKey{o.Owner, o.DenyPrivate, sha256.Sum256(o.Authorities)}
	u.key = u.digest()
	return u, mistakes
}

// ownHeaders are written by callhours or net/http, or would make net/http send a POST twice.
var ownHeaders = []string{
	"Accept-Encoding", "Connection", "Content-Length", "Content-Type", "Cookie", "Expect", "Host", "Idempotency-Key",
	"Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	"X-Forwarded-For", "X-Idempotency-Key", "X-Request-Id",
}

// headers are those that the options add.
func (o *Options) headers() (http.Header, error) {
	if len(o.Header) > maxHeaders {
		return nil, fmt.Errorf("%d headers are set; the limit is %d", len(o.Header), maxHeaders)
	}
	all, size := http.Header{}, 0
	for _, name := range slices.Sorted(maps.Keys(o.Header)) {
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case len(name) > maxHeaderName:
			return nil, fmt.Errorf("the name of a header has %d bytes; the limit is %d", len(name), maxHeaderName)
		case slices.Contains(ownHeaders, canonical):
			return nil, fmt.Errorf("header %s is written by callhours itself; remove it", canonical)
		case canonical == "Authorization" && (o.Bearer != "" || o.Username+o.Password != ""):
			return nil, errors.New("basic and bearer already make the header Authorization; keep one of them")
		}
		for _, value := range o.Header[name] {
			if strings.ContainsFunc(value, isControl) {
				return nil, fmt.Errorf("header %s contains a line break or another control character", canonical)
			}
			size += len(value)
			all.Add(canonical, value)
		}
	}
	if size += len(o.Username) + len(o.Password) + len(o.Bearer); size > maxHeaderValue {
		return nil, fmt.Errorf("headers and credentials have %d bytes; the limit is %d", size, maxHeaderValue)
	}
	switch {
	case o.Bearer != "":
		if strings.ContainsFunc(o.Bearer, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, errors.New("bearer contains a blank or a character that a token cannot have")
		}
		all.Set("Authorization", "Bearer "+o.Bearer)
	case o.Username+o.Password != "":
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(o.Username, o.Password)
		all["Authorization"] = r.Header["Authorization"]
	}
	return all, nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// digest is what makes two upstreams one: its circuit and its limit are theirs together.
func (u *Upstream) digest() [sha256.Size]byte {
	o := &u.options
	d := fmt.Appendf(nil, "%q %t %x %d", o.Owner, o.DenyPrivate, u.pool.authorities, o.Timeout)
	if u.address != nil {
		d = fmt.Appendf(d, " %q", u.address.text())
	}
	for _, name := range slices.Sorted(maps.Keys(u.header)) {
		d = fmt.Appendf(d, " %q=%q", name, u.header[name])
	}
	return sha256.Sum256(d)
}

// Timeout is how long one request may take.
func (u *Upstream) Timeout() time.Duration { return u.options.Timeout }

// String is scheme and host: nothing of it is secret.
func (u *Upstream) String() string {
	if u.address == nil {
		return "an upstream without an address"
	}
	return u.address.scheme + "://" + u.address.host
}

// Show is a request without its secrets: what is configured of the query, and of the path what looks like a token, is
// "…", and so are the values of configured headers.
func (u *Upstream) Show(s Sent) (url string, headers map[string]string) {
	headers = map[string]string{}
	for name, values := range s.Header {
		switch {
		case len(values) == 0:
		case u.header[name] != nil:
			headers[name] = "…"
		default:
			headers[name] = strings.Join(values, ", ")
		}
	}
	asked := strings.TrimPrefix(strings.TrimPrefix(s.URL.RawQuery, s.query), "&")
	segments := strings.Split(s.URL.EscapedPath(), "/")
	for i, segment := range segments {
		if tokenLike.MatchString(segment) && strings.ContainsAny(segment, "0123456789") {
			segments[i] = "…"
		}
	}
	text := s.URL.Scheme + "://" + s.URL.Host + strings.Join(segments, "/")
	own := configuredValue.ReplaceAllString(s.query, "=…")
	switch {
	case own != "" && asked != "":
		text += "?" + own + "&" + asked
	case own+asked != "":
		text += "?" + own + asked
	}
	return text, headers
}

var (
	tokenLike       = regexp.MustCompile(`^[A-Za-z0-9_-]{16,}$`)
	configuredValue = regexp.MustCompile(`=[^&;]+`)
)

// Data are the keys of data that the address reads.
func (u *Upstream) Data() []string {
	if u.address == nil {
		return nil
	}
	return u.address.data
}

// Same reports whether two upstreams are one: they send the same to the same server.
func (u *Upstream) Same(other *Upstream) bool { return u.key == other.key }
