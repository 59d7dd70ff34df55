package server

import (
	"crypto/sha256"
	"net/http"
	"slices"
)

// maxGuards is how many different auths of a path are tried one after the other; of more only
// their secrets are looked up.
const maxGuards = 8

// door is what all routes of a path ask for. It is asked before a request is read: whoever none of them would
// let in costs no more than comparing what is presented. What it lets in has still to be admitted by the auth
// of the route that is found.
type door struct {
	guards []*auth // each once, that of calls without a route last; nil for more than maxGuards
	// of more: digests of tokens, and of user names with passwords. nil: somebody needs none
	secrets map[[sha256.Size]byte]bool
}

// newDoor is the door to routes with these auths.
func newDoor(auths []*auth) *door {
	d, seen := &door{secrets: map[[sha256.Size]byte]bool{}}, map[*auth]bool{}
	for _, a := range auths {
		if seen[a] {
			continue
		}
		seen[a] = true
		d.guards = append(d.guards, a)
		switch {
		case a == nil || !a.secret():
			d.secrets = nil
		case d.secrets == nil:
		default:
			if a.token != nil {
				d.secrets[*a.token] = true
			}
			if a.username != nil {
				d.secrets[login(a.username, a.password)] = true
			}
		}
	}
	if len(d.guards) > maxGuards {
		d.guards = nil
	}
	return d
}

// login is the digest of a user name with its password.
func login(username, password *[sha256.Size]byte) [sha256.Size]byte {
	return sha256.Sum256(slices.Concat(username[:], password[:]))
}

// admit gives 200 if a route of the path could let the request in, else the status of the refusal. by is the auth
// that would, if it is known.
func (d *door) admit(c *credentials) (by *auth, status int) {
	for _, a := range d.guards {
		switch got := a.admit(c); {
		case got == http.StatusOK:
			return a, got
		case status == 0 || got == http.StatusUnauthorized: // a secret would help
			status = got
		}
	}
	if d.guards != nil {
		return nil, status
	}
	known := d.secrets == nil || d.secrets[login(digest(c.username), digest(c.password))]
	for _, token := range c.tokens {
		known = d.secrets[*digest(token)] || known
	}
	if !known {
		return nil, http.StatusUnauthorized
	}
	return nil, http.StatusOK
}

// doors are those of all paths of a generation.
type doors struct {
	paths     map[string]*door
	elsewhere *door // of paths without a route
}

func newDoors(g *Generation) doors {
	auths := map[string][]*auth{}
	for i, r := range g.routes {
		auths[r.Path] = append(auths[r.Path], g.auths[i])
	}
	d := doors{map[string]*door{}, newDoor([]*auth{g.shared})}
	for path, on := range auths {
		d.paths[path] = newDoor(append(on, g.shared))
	}
	return d
}

func (d doors) at(path string) *door {
	if found := d.paths[path]; found != nil {
		return found
	}
	return d.elsewhere
}
