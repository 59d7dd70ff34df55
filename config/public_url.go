package config

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// PublicURL are the addresses by which others reach the listeners, such as
// "https://pivot.example.com": scheme, host and port, nothing after them; "" where it is not given.
// They are never taken from a request, whose Host header anybody writes.
type PublicURL struct {
	Pivot   string // of Listen
	Console string // of AdminListen
}

// maxPublicURL is how many characters such an address has.
const maxPublicURL = 300

// publicURL reads the addresses by which others reach the listeners.
func (f fields) publicURL() PublicURL {
	n := f.get("public_url")
	if n == nil {
		return PublicURL{}
	}
	in := f.source.fields(n, inPublicURL)
	return PublicURL{Pivot: in.baseURL("pivot"), Console: in.baseURL("console")}
}

// baseURL reads the scheme and host of an address.
func (f fields) baseURL(key string) string {
	t := f.nonBlank(key)
	if t.Line == 0 {
		return ""
	}
	const expected = "expected the scheme and the host, such as https://callhours.example.com"
	u, err := url.Parse(t.S)
	switch {
	case len(t.S) > maxPublicURL:
		f.mistake(t.Pos, "%s has %d characters; the limit is %d", key, len(t.S), maxPublicURL)
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		f.mistake(t.Pos, "%s is not an address that others can open; %s", key, expected)
	case u.User != nil:
		f.mistake(t.Pos, "%s contains a user name or password, which pages would show; remove it", key)
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		f.mistake(t.Pos, "%s has something after the host; callhours has no path of its own there; %s", key, expected)
	case !isHost(u):
		f.mistake(t.Pos, "%s names no host that others can ask for; %s", key, expected)
	default:
		return strings.ToLower(u.Scheme) + "://" + strings.ToLower(u.Host)
	}
	return ""
}

// isHost reports whether an address has a host name or address, and a port if any, as they are written
// in links.
func isHost(u *url.URL) bool {
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return false
		}
	}
	name := u.Hostname()
	if net.ParseIP(name) != nil {
		return true
	}
	return strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}
