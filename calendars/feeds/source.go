package feeds

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// Source is where a feed is fetched from and what is shown there. The zero Source is none. URL,
// Password and the values of Header are secrets: whatever prints a Source, or a value that holds
// one in an exported field, prints String. They are safe to share as long as nobody writes to
// Header.
type Source struct {
	// http, https, webcal or webcals (both mean https); user and password in it are Username and
	// Password
	URL                string
	Username, Password string      // basic authentication; both "" for none
	Header             http.Header // further headers, for the URL's own host alone; nil for none
	UserAgent          string      // "" for the fetcher's own
	CAFile             string      // PEM of the authorities to trust instead of the system's; "" for the system's
	CAFiles            fs.FS       // where CAFile is; nil: the operating system's

	// Owner is whose feed it is: a tenant's file or directory, and not the name that its author
	// chooses; "" for the operator. Owners share nothing that a server sent: no body, no
	// connection, no pause.
	Owner string
	// DenyPrivate refuses private addresses also where the URL itself leads to one. Redirects from
	// public ones never lead there.
	DenyPrivate bool
	// Withdrawn says that a secret which the source needs is not given to its owner any more, and is
	// not among these fields: each attempt fails and says so.
	Withdrawn bool
}

// refusedHeaders are those that the fetcher or net/http writes itself.
var refusedHeaders = []string{
	"Accept-Encoding", "Connection", "Content-Encoding", "Content-Length", "Expect", "Host", "Http2-Settings",
	"If-Match", "If-Modified-Since",
	"If-None-Match", "If-Range", "If-Unmodified-Since", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
	"Proxy-Connection", "Range", "Te",
	"Trailer", "Transfer-Encoding", "Upgrade",
}

// What a source may send with each request, so that many requests cost little and no server refuses
// them.
const (
	maxHeaders     = 32
	maxHeaderName  = 128     // bytes
	maxHeaderValue = 8 << 10 // bytes; also of user name and password together
	maxUserAgent   = 512     // bytes
	maxURL         = 8 << 10 // bytes
)

// Validate says in one line what keeps the source from being fetched, and no secret; nil if nothing
// does. It reads no file.
func (s Source) Validate() error {
	if len(s.URL) > maxURL {
		return fmt.Errorf("url has %d bytes; the limit is %d", len(s.URL), maxURL)
	}
	if _, _, err := s.address(); err != nil {
		return err
	}
	switch {
	case len(s.Username)+len(s.Password) > maxHeaderValue:
		return fmt.Errorf("user name and password have %d bytes; the limit is %d", len(s.Username)+len(s.Password),
			maxHeaderValue)
	case len(s.UserAgent) > maxUserAgent:
		return fmt.Errorf("user_agent has %d bytes; the limit is %d", len(s.UserAgent), maxUserAgent)
	case strings.ContainsFunc(s.UserAgent, isControl):
		return errors.New("user_agent contains a line break or another control character")
	case len(s.Header) > maxHeaders:
		return fmt.Errorf("%d headers are set; the limit is %d", len(s.Header), maxHeaders)
	}
	sent := 0
	for _, name := range slices.Sorted(maps.Keys(s.Header)) {
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case len(name) > maxHeaderName:
			return fmt.Errorf("header %s has a name of %d bytes; the limit is %d", diag.Quote(name), len(name),
				maxHeaderName)
		case slices.Contains(refusedHeaders, canonical):
			return fmt.Errorf("header %s is written by callhours itself", canonical)
		case canonical == "User-Agent":
			return errors.New("header User-Agent has a key of its own, user_agent")
		case canonical == "Authorization" && s.hasCredentials():
			return errors.New("user name and password already make the header Authorization; keep one of them")
		}
		for _, value := range s.Header[name] {
			if strings.ContainsFunc(value, isControl) {
				return fmt.Errorf("header %s contains a line break or another control character", canonical)
			}
			if sent += len(value); sent > maxHeaderValue {
				return fmt.Errorf("header %s makes the headers longer than %d bytes; shorten them", canonical,
					maxHeaderValue)
			}
		}
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// Key is what makes two feeds one: a SHA-256 in hexadecimal over the owner, the addresses that are
// refused, whether a secret is missing, the normalised URL (webcal as https, the host in lower case, without default port and
// fragment), credentials, headers, the name of the CA file and the user agent. It shows none of
// them and may name a file.
func (s Source) Key() string {
	if s.Withdrawn { // it shares nothing with a source that never needed the secret
		return hashFields("withdrawn", s.Owner, s.sharedKey())
	}
	if s.Owner == "" && !s.DenyPrivate {
		return s.sharedKey()
	}
	return hashFields("owned", s.Owner, strconv.FormatBool(s.DenyPrivate), s.sharedKey())
}

// sharedKey is the key without owner and addresses. Copies of older versions of callhours are named
// by it, and so is what the operator may fetch from anywhere.
func (s Source) sharedKey() string {
	where, user := s.URL, url.UserPassword(s.Username, s.Password)
	if u, credentials, err := s.address(); err == nil {
		where, user = u.String(), credentials
	}
	password, _ := user.Password()
	fields := []string{where, user.Username(), password, s.CAFile, s.UserAgent}
	header := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(s.Header)) { // sorted, since two spellings of a name may meet
		for _, value := range s.Header[name] {
			header.Add(name, value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			fields = append(fields, name, value)
		}
	}
	return hashFields(fields...)
}

// hashFields hashes fields, so that the result can be stored and logged without revealing them.
func hashFields(fields ...string) string {
	sum := sha256.New()
	for _, field := range fields { // each with its length, so that none can pass for two
		sum.Write(binary.AppendUvarint(nil, uint64(len(field))))
		io.WriteString(sum, field)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Host is the host of the URL, in lower case, with its port unless that is the scheme's default;
// "" if the URL names none.
func (s Source) Host() string {
	u, _, err := s.address()
	if err != nil {
		return ""
	}
	return u.Host
}

// String is what may be shown of the source: `https://calendar.example.com/…`; "…" if the URL
// cannot be read.
func (s Source) String() string {
	u, _, err := s.address()
	if err != nil {
		return "…"
	}
	return redactURL(u)
}

// Format prints String, whatever the verb.
func (s Source) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue is String.
func (s Source) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is String: a source cannot be read back from what was written of it.
func (s Source) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// hasCredentials reports whether there is something for basic authentication.
func (s Source) hasCredentials() bool {
	_, user, err := s.address()
	return err == nil && (user.Username() != "" || hasPassword(user))
}

func hasPassword(user *url.Userinfo) bool {
	password, _ := user.Password()
	return password != ""
}

// address takes the URL apart: normalised and without credentials, and these. Its errors show
// nothing of the URL but the scheme.
func (s Source) address() (*url.URL, *url.Userinfo, error) {
	u, err := url.Parse(strings.TrimSpace(s.URL))
	if err != nil || u.Scheme == "" {
		return nil, nil, errors.New("expected url to be an http, https or webcal address")
	}
	if err := normalise(u); err != nil {
		return nil, nil, err
	}
	user := url.UserPassword(s.Username, s.Password)
	if s.Username == "" && s.Password == "" && u.User != nil {
		password, _ := u.User.Password()
		user = url.UserPassword(u.User.Username(), password)
	}
	u.User = nil
	return u, user, nil
}

// normalise makes addresses that mean the same the same: webcal becomes https, the host's letters
// lower case; a default port and a fragment are dropped, and an empty path is the root. The error
// shows the scheme at most.
func normalise(u *url.URL) error {
	u.Scheme = strings.ToLower(u.Scheme)
	port := "443"
	switch u.Scheme {
	case "webcal", "webcals":
		u.Scheme = "https"
	case "https":
	case "http":
		port = "80"
	default:
		return fmt.Errorf("expected url to be an http, https or webcal address, found the scheme %s",
			diag.Quote(u.Scheme))
	}
	host := u.Hostname()
	if host == "" || u.Opaque != "" || strings.Contains(host, ":") && !strings.HasPrefix(u.Host, "[") {
		return errors.New("the url names no host")
	}
	u.Host = strings.ToLower(u.Host)
	if p := u.Port(); p == port || p == "" {
		u.Host = strings.TrimSuffix(strings.TrimSuffix(u.Host, p), ":")
	}
	u.Path = cmp.Or(u.Path, "/")
	u.Fragment, u.RawFragment = "", ""
	// as it stands it would end the address in the request's first line
	u.RawQuery = strings.ReplaceAll(u.RawQuery, " ", "%20")
	// url.Parse takes what it reads raw in the zone of an IPv6 address, and refuses it once it is
	// escaped.
	if again, err := url.Parse(u.String()); err != nil || again.Host != u.Host {
		return errors.New("the url's host has characters that no address may have")
	}
	return nil
}

// redactURL is an address without its secrets.
func redactURL(u *url.URL) string {
	return u.Scheme + "://" + strings.Trim(diag.Quote(u.Host), `"`) + "/…"
}
