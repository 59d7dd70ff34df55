package listen

import (
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"
)

// maxAuths is how many different auths of a path are tried one after the other; of more only
// their secrets are looked up.
const maxAuths = 8

// pathAccess is what all routes of a path require. It is checked before a request is read: a
// request that none of them would accept costs no more than comparing its credentials. One that is
// accepted has still to be authorized by the Auth of the route that is found.
type pathAccess struct {
	auths []*Auth // each once, that of calls without a route last; nil for more than maxGuards
	// of more: digests of tokens, and of user names with passwords. nil: somebody needs none
	secrets map[[sha256.Size]byte]bool
}

// newPathAccess is that of routes with these auths.
func newPathAccess(auths []*Auth) *pathAccess {
	d, seen := &pathAccess{secrets: map[[sha256.Size]byte]bool{}}, map[*Auth]bool{}
	for _, a := range auths {
		if seen[a] {
			continue
		}
		seen[a] = true
		d.auths = append(d.auths, a)
		switch {
		case a == nil || !a.requiresSecret():
			d.secrets = nil
		case d.secrets == nil:
		default:
			if a.token != nil {
				d.secrets[*a.token] = true
			}
			if a.username != nil {
				d.secrets[loginDigest(a.username, a.password)] = true
			}
		}
	}
	if len(d.auths) > maxAuths {
		d.auths = nil
	}
	return d
}

// loginDigest is the digest of a user name with its password.
func loginDigest(username, password *[sha256.Size]byte) [sha256.Size]byte {
	return sha256.Sum256(slices.Concat(username[:], password[:]))
}

// authorize is [Access.Authorize] for the path.
func (d *pathAccess) authorize(c *Credentials) (by *Auth, status int) {
	for _, a := range d.auths {
		switch got := a.Authorize(c); {
		case got == http.StatusOK:
			return a, got
		case status == 0 || got == http.StatusUnauthorized: // a secret would help
			status = got
		}
	}
	if d.auths != nil {
		return nil, status
	}
	known := d.secrets == nil || d.secrets[loginDigest(Digest(c.username), Digest(c.password))]
	for _, token := range c.Tokens {
		known = d.secrets[*Digest(token)] || known
	}
	if !known {
		return nil, http.StatusUnauthorized
	}
	return nil, http.StatusOK
}

// Access is what all routes require, by path. It does not change.
type Access struct {
	paths     map[string]*pathAccess
	elsewhere *pathAccess                           // of paths without a route
	tokens    map[[sha256.Size]byte]map[string]bool // the paths of the routes that have a token, by its digest
	shared    *[sha256.Size]byte                    // the token of calls without a route, which counts on any path
}

// Route is the path of a route with what the route requires; nil lets everybody in.
type Route struct {
	Path string
	Auth *Auth
}

// NewAccess is the access to routes. shared is required for paths without a route, and for calls
// that find none.
func NewAccess(routes []Route, shared *Auth) *Access {
	a := &Access{
		paths: map[string]*pathAccess{}, elsewhere: newPathAccess([]*Auth{shared}),
		tokens: map[[sha256.Size]byte]map[string]bool{},
	}
	auths := map[string][]*Auth{}
	for _, r := range routes {
		auths[r.Path] = append(auths[r.Path], r.Auth)
		if r.Auth == nil || r.Auth.token == nil {
			continue
		}
		if a.tokens[*r.Auth.token] == nil {
			a.tokens[*r.Auth.token] = map[string]bool{}
		}
		a.tokens[*r.Auth.token][r.Path] = true
	}
	if shared != nil {
		a.shared = shared.token
	}
	for path, on := range auths {
		a.paths[path] = newPathAccess(append(on, shared))
	}
	return a
}

// HasPath reports whether some route has the path.
func (a *Access) HasPath(path string) bool { return a.paths[path] != nil }

// Authorize returns 200 if some route of the path may accept the request, else the status of the
// refusal. by is the Auth that accepts it, if that is known.
func (a *Access) Authorize(path string, c *Credentials) (by *Auth, status int) {
	d := a.paths[path]
	if d == nil {
		d = a.elsewhere
	}
	return d.authorize(c)
}

// SplitToken splits a leading token off a path: "/TOKEN/main" is "/main" with a token. The token is
// "" if there is none that is valid for the rest: it is valid for the paths of the routes that have
// it, so that no token can be a segment of another owner's path.
func (a *Access) SplitToken(path string) (token, rest string) {
	if len(a.tokens) == 0 && a.shared == nil {
		return "", path
	}
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if first == "" {
		return "", path
	}
	rest = "/" + rest
	if matchesDigest(a.shared, first) || a.tokens[*Digest(first)][rest] {
		return first, rest
	}
	return "", path
}
