// Package guard says which addresses may be connected to: a URL that somebody else has written, or
// the answer that it brings, must not lead the program into the operator's networks. It is for
// everything that dials by configuration or by an answer, and knows nothing of what is asked there.
package guard

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// Reach is how far an address leads. A larger one includes the smaller ones.
type Reach int

// The reaches.
const (
	Public  Reach = iota // the Internet
	Private              // this host, its networks, and what has no meaning outside
	Never                // the link itself, and where clouds keep the credentials of their machines
)

var (
	// neverDialed are cloud metadata services outside the link-local ranges: Alibaba,
	// Azure, Oracle, Amazon and Google.
	neverDialed = prefixes("100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::254/128",
		"fd20:ce::254/128")

	// privateRanges are, besides what netip knows, those that IANA's special-purpose registries
	// call not globally reachable and that may lead somewhere: this network, CGNAT, protocol
	// assignments, 6to4 relays, benchmarking, reserved, NAT64 with a local prefix, Teredo, segment
	// routing, and the site-local addresses of old.
	privateRanges = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15",
		"240.0.0.0/4",
		"64:ff9b:1::/48", "2001::/32", "2001:2::/48", "5f00::/16", "fec0::/10")

	nat64, sixToFour       = netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("2002::/16")
	compatible, translated = netip.MustParsePrefix("::/96"), netip.MustParsePrefix("::ffff:0:0:0/96")
)

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// ReachOf says how far an address leads. An IPv6 address that carries an IPv4 one is judged by
// that, so that the public Internet behind NAT64 stays public and nothing else becomes so.
func ReachOf(a netip.Addr) Reach {
	a = embeddedIPv4(a.WithZone(""))
	contains := func(p netip.Prefix) bool { return p.Contains(a) }
	switch {
	case a.IsLinkLocalUnicast(), a.IsLinkLocalMulticast(), slices.ContainsFunc(neverDialed, contains):
		return Never
	case a.IsLoopback(), a.IsPrivate(), a.IsUnspecified(), a.IsMulticast(),
		slices.ContainsFunc(privateRanges, contains):
		return Private
	}
	return Public
}

// embeddedIPv4 is the IPv4 address inside an IPv6 one: mapped, by NAT64 (RFC 6052), 6to4 (RFC
// 3056), translated (RFC 2765, 2.1) or compatible (RFC 4291, 2.5.5.1); the address itself if there
// is none.
func embeddedIPv4(a netip.Addr) netip.Addr {
	b := a.As16()
	switch {
	case a.Is4() || a.Is4In6():
		return a.Unmap()
	case a.IsUnspecified() || a.IsLoopback():
		return a
	case nat64.Contains(a), compatible.Contains(a), translated.Contains(a):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case sixToFour.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return a
}

// Error says that an address may not be connected to.
type Error struct {
	Addr  netip.Addr
	Reach Reach
}

func (e *Error) Error() string {
	if e.Reach == Never {
		return fmt.Sprintf("%s is a link-local address or a cloud's metadata service; nothing is fetched from there",
			e.Addr)
	}
	return fmt.Sprintf("%s is a private address", e.Addr)
}

// Control is a net.Dialer's Control that refuses addresses beyond a reach, by an [*Error]. It is called with each
// address that is about to be connected to, after the look-up in the DNS; of several that a name
// has, those that are not refused remain.
func Control(allowed Reach, classify func(netip.Addr) Reach) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if r := classify(at.Addr()); r > allowed {
			return &Error{at.Addr(), r}
		}
		return nil
	}
}
