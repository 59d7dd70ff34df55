package listen

import (
	"net/netip"
	"slices"
	"strings"
)

// client is the address that a request comes from: the peer's, or where that is a trusted proxy the
// last one in X-Forwarded-For that is none. A proxy that sends no such header asks for itself. It
// is false where an address that decides cannot be read.
func (a *Auth) client(c *Credentials) (netip.Addr, bool) {
	peer, err := netip.ParseAddrPort(c.remote)
	if err != nil {
		return netip.Addr{}, false
	}
	at, hops := peer.Addr().Unmap().WithZone(""), 0
	for _, rest := range slices.Backward(c.forwarded) {
		for more := true; more; hops++ {
			if !contains(a.proxies, at) {
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

// parseHop reads an element of X-Forwarded-For as proxies write them: an address, in brackets or
// with a port or neither. Anything else (unknown, obfuscated names, nothing, zones, which mean
// something on one machine only) is no address.
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

// lastPart is the last part of a header, which decides, on one line and in ASCII.
func lastPart(lines []string) string {
	text := lines[len(lines)-1]
	for i := len(lines) - 2; i >= 0 && len(text) <= maxShown; i-- {
		text = lines[i] + ", " + text
	}
	if len(text) > maxShown {
		text = "..." + text[len(text)-maxShown:]
	}
	return HeaderText(text)
}

func contains(networks []netip.Prefix, at netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(at) {
			return true
		}
	}
	return false
}
