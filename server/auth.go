package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"net/url"
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

// credentials are what a request presents, taken out of it before anything is logged.
type credentials struct {
	username, password string
	tokens             []string
	from               string   // address and port of the peer
	forwarded          []string // X-Forwarded-For, as it came
}

// present takes the credentials out of a request. Its path keeps a token; see [pathToken].
func present(r *http.Request) credentials {
	var c credentials
	if r.Header["Authorization"] != nil {
		c.username, c.password, _ = r.BasicAuth()
		r.Header.Del("Authorization")
	}
	if token := r.Header.Get(tokenHeader); token != "" {
		c.tokens = append(c.tokens, token)
		r.Header.Del(tokenHeader)
	}
	if strings.Contains(r.URL.RawQuery, "token=") {
		var kept []string
		for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
			if name, value, _ := strings.Cut(pair, "="); name == "token" {
				if text, err := url.QueryUnescape(value); err == nil {
					c.tokens = append(c.tokens, text)
				}
				continue
			}
			kept = append(kept, pair)
		}
		r.URL.RawQuery = strings.Join(kept, "&")
	}
	c.from, c.forwarded = r.RemoteAddr, r.Header["X-Forwarded-For"]
	return c
}

// admit gives 200, or the status of the refusal: 403 for a place that may not ask, 401 for missing or wrong credentials.
func (a *auth) admit(c credentials) int {
	if a == nil {
		return http.StatusOK
	}
	if len(a.networks) > 0 && !within(a.networks, a.client(c)) {
		return http.StatusForbidden
	}
	if a.username == nil && a.token == nil {
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

// client is who asks: the peer, or where that is a trusted proxy the last address in X-Forwarded-For that is none.
func (a *auth) client(c credentials) netip.Addr {
	hops := strings.Split(strings.Join(c.forwarded, ","), ",")
	var at netip.Addr
	if peer, err := netip.ParseAddrPort(c.from); err == nil {
		at = peer.Addr().Unmap()
	}
	for i := len(hops) - 1; i >= 0 && within(a.proxies, at); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		at = hop.Unmap()
	}
	return at
}

func within(networks []netip.Prefix, at netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(at) {
			return true
		}
	}
	return false
}

// pathToken takes a token that leads a path off it: "/TOKEN/main" is "/main" with a token. known are the digests of all
// tokens that some route takes.
func pathToken(path string, known map[[sha256.Size]byte]bool) (token, rest string) {
	if len(known) == 0 {
		return "", path
	}
	first, rest, found := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if first == "" || !known[*digest(first)] {
		return "", path
	}
	if !found {
		return first, "/"
	}
	return first, "/" + rest
}
