package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/callhours/callhours/config"
)

// auth says who may ask. A nil auth lets everybody.
type auth struct {
	username, password *[sha256.Size]byte
	token              *[sha256.Size]byte
	networks, proxies  []netip.Prefix
}

// tokenHeader carries the token where it stands neither in the path nor in the query.
const tokenHeader = "X-Callhours-Token"

func newAuth(a *config.Auth) *auth {
	if a == nil {
		return nil
	}
	out := &auth{networks: a.Networks, proxies: a.TrustedProxies}
	if a.Basic != nil {
		out.username, out.password = digest(a.Basic.Username), digest(a.Basic.Password.Reveal())
	}
	if token := a.Token.Reveal(); token != "" {
		out.token = digest(token)
	}
	return out
}

// digest makes texts comparable in a time that does not tell their length.
func digest(s string) *[sha256.Size]byte {
	sum := sha256.Sum256([]byte(s))
	return &sum
}

func same(a *[sha256.Size]byte, s string) bool {
	return a != nil && subtle.ConstantTimeCompare(a[:], digest(s)[:]) == 1
}

// maxTokens is how many of the tokens that a request presents count: each is compared with others.
const maxTokens = 4

// maxHops is how many addresses of X-Forwarded-For are read, and shown the most of its text that a log line shows.
const (
	maxHops  = 32
	maxShown = 128
)

// credentials are what a request presents, taken out of it before anything is logged.
type credentials struct {
	username, password string
	tokens             []string
	remote             string   // address and port of the peer
	forwarded          []string // X-Forwarded-For, as it came
	unreadable         bool     // an address that decides cannot be read
	presented          bool     // something came that was meant as credentials, right or wrong
}

// present takes the credentials out of a request. Its path keeps a token; see [tokenPaths].
func present(r *http.Request) credentials {
	var c credentials
	if r.Header["Authorization"] != nil {
		c.presented = true // of another scheme too
		c.username, c.password, _ = r.BasicAuth()
		r.Header.Del("Authorization")
	}
	if token := r.Header.Get(tokenHeader); token != "" {
		c.addToken(token)
		r.Header.Del(tokenHeader)
	}
	if q := r.URL.RawQuery; strings.Contains(q, "oken=") || strings.Contains(q, "OKEN=") {
		var kept []string
		for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if name == "token" {
				c.presented = c.presented || value != ""
				if text, err := url.QueryUnescape(value); err == nil {
					c.addToken(text)
				}
				continue
			}
			if strings.EqualFold(name, "token") {
				c.presented = true // mistyped, and read nevertheless by whoever logs parameters
				continue
			}
			kept = append(kept, pair)
		}
		r.URL.RawQuery = strings.Join(kept, "&")
	}
	c.remote, c.forwarded = r.RemoteAddr, r.Header["X-Forwarded-For"]
	return c
}

func (c *credentials) addToken(token string) {
	c.presented = true
	if len(c.tokens) < maxTokens {
		c.tokens = append(c.tokens, token)
	}
}

// admit gives 200, or the status of the refusal: 403 for an address that may not ask or cannot be read, 401 for
// missing or wrong credentials.
func (a *auth) admit(c *credentials) int {
	if a == nil {
		return http.StatusOK
	}
	if len(a.networks) > 0 {
		at, ok := a.client(c)
		if c.unreadable = !ok; !ok || !within(a.networks, at) {
			return http.StatusForbidden
		}
	}
	if !a.secret() {
		return http.StatusOK
	}
	name, password := same(a.username, c.username), same(a.password, c.password)
	ok := name && password
	for _, token := range c.tokens {
		ok = same(a.token, token) || ok
	}
	if !ok {
		return http.StatusUnauthorized
	}
	return http.StatusOK
}

// secret reports that a caller must present one.
func (a *auth) secret() bool { return a.username != nil || a.token != nil }

// client is the address that a request comes from: the peer's, or where that is a trusted proxy the last one in
// X-Forwarded-For that is none. A proxy that sends no such header asks for itself. It is false where an address
// that decides cannot be read.
func (a *auth) client(c *credentials) (netip.Addr, bool) {
	peer, err := netip.ParseAddrPort(c.remote)
	if err != nil {
		return netip.Addr{}, false
	}
	at, hops := peer.Addr().Unmap().WithZone(""), 0
	for _, rest := range slices.Backward(c.forwarded) {
		for more := true; more; hops++ {
			if !within(a.proxies, at) {
				return at, true
			}
			hop := rest
			if i := strings.LastIndexByte(rest, ','); i >= 0 {
				rest, hop = rest[:i], rest[i+1:]
			} else {
				more = false
			}
			var ok bool
			if at, ok = parseHop(hop); !ok || hops == maxHops {
				return at, false
			}
		}
	}
	return at, true
}

// parseHop reads an element of X-Forwarded-For as proxies write them: an address, in brackets or with a
// port or neither. Anything else (unknown, obfuscated names, nothing, zones, which mean something on one
// machine only) is no address.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.Trim(text, " \t")
	at, err := netip.ParseAddr(text)
	if err != nil {
		var with netip.AddrPort
		with, err = netip.ParseAddrPort(text)
		at = with.Addr()
	}
	if inside, ok := strings.CutPrefix(text, "["); ok && err != nil {
		if inside, ok = strings.CutSuffix(inside, "]"); ok {
			at, err = netip.ParseAddr(inside)
			ok = at.Is6()
		}
		if !ok {
			return netip.Addr{}, false
		}
	}
	return at.Unmap(), err == nil && at.Zone() == ""
}

// refusal says why a request was refused, as the log's reason. Its path, as it may be shown, has an ellipsis for what
// may be a mistyped token.
func (c *credentials) refusal(status int, path string) string {
	switch {
	case status == http.StatusForbidden && c.unreadable:
		return "address_unreadable"
	case status == http.StatusForbidden:
		return "address_not_in_networks"
	case !c.presented && !strings.HasPrefix(path, "/…/"):
		return "no_credentials"
	}
	return "wrong_credentials"
}

// attrs are what the log says of a request that is refused by its credentials or its address: nothing of the former.
func (c *credentials) attrs(attrs []slog.Attr) []slog.Attr {
	attrs = append(attrs, slog.String("remote", c.remote))
	if len(c.forwarded) > 0 {
		attrs = append(attrs, slog.String("forwarded_for", ending(c.forwarded)))
	}
	return attrs
}

// ending is the last part of a header, which decides, on one line and in ASCII.
func ending(lines []string) string {
	text := lines[len(lines)-1]
	for i := len(lines) - 2; i >= 0 && len(text) <= maxShown; i-- {
		text = lines[i] + ", " + text
	}
	if len(text) > maxShown {
		text = "..." + text[len(text)-maxShown:]
	}
	return headerText(text)
}

func within(networks []netip.Prefix, at netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(at) {
			return true
		}
	}
	return false
}

// tokenPaths say on which paths a token counts that leads a path, by the token's digest: on those of the routes that
// have it. So nobody can name a token like a part of others' paths.
type tokenPaths struct {
	of     map[[sha256.Size]byte]map[string]bool
	shared *[sha256.Size]byte // that of calls without a route, which counts on any path
}

func newTokenPaths(g *Generation) tokenPaths {
	t := tokenPaths{of: map[[sha256.Size]byte]map[string]bool{}}
	for i, a := range g.auths {
		if a == nil || a.token == nil {
			continue
		}
		if t.of[*a.token] == nil {
			t.of[*a.token] = map[string]bool{}
		}
		t.of[*a.token][g.routes[i].Path] = true
	}
	if g.shared != nil {
		t.shared = g.shared.token
	}
	return t
}

// split takes a token that leads a path off it: "/TOKEN/main" is "/main" with a token. The token is "" if there is
// none that counts on the rest.
func (t tokenPaths) split(path string) (token, rest string) {
	if len(t.of) == 0 && t.shared == nil {
		return "", path
	}
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if first == "" {
		return "", path
	}
	rest = "/" + rest
	if same(t.shared, first) || t.of[*digest(first)][rest] {
		return first, rest
	}
	return "", path
}
