package pivot

import (
	"bytes"
	"fmt"
	"math/big"
	"strings"
)

// A URL that Kazoo sends requests to must pass three checks: it begins with http:// or https://, in
// lower case; Kazoo's own splitting of it does not crash; and its host is not in the default
// blacklists: localhost, 127.0.0.1 and 0.0.0.0. From master on, addresses are parsed as by Erlang's
// inet:parse_address, so that 127.1, 2130706433 and 0x7f.1 are 127.0.0.1; 4.3 compares the
// spelling.

// isClientURL reports whether every Kazoo that accepts a URL of the kind accepts this one. It
// is stricter than Kazoo in three things: there must be a host; the host behind
// user:password@ is checked as well as the one that Kazoo extracts, which is the user; and
// user@host:8080 is rejected too.
func isClientURL(text []byte, anySpelling bool) bool {
	_, ok := checkURL(text, anySpelling)
	return ok
}

// checkURL reports whether isClientURL accepts a URL, and why not where that is not obvious.
func checkURL(text []byte, anySpelling bool) (why string, ok bool) {
	rest, ok := cutScheme(text)
	if !ok {
		return "", false
	}
	authority := rest
	if i := bytes.IndexAny(authority, "/?#"); i >= 0 {
		authority = authority[:i]
	}
	host := authority
	if i := bytes.IndexAny(authority, ":@"); i >= 0 {
		// a user without a password: Kazoo looks for a colon behind it, and
		// crashes where there is none
		if authority[i] == '@' {
			return "; a user needs a password, as in user:password@host", false
		}
		host = authority[:i]
	}
	hosts := [][]byte{host}
	if i := bytes.LastIndexByte(authority, '@'); i >= 0 {
		host, _, _ = bytes.Cut(authority[i+1:], []byte(":"))
		hosts = append(hosts, host)
	}
	for _, host := range hosts {
		switch {
		case isBlocked(host, false):
			return "", false
		case isBlocked(host, anySpelling):
			return fmt.Sprintf("; %s is this machine's own address to Kazoo", host), false
		}
	}
	return "", true
}

// cutScheme removes http:// or https://, which Kazoo accepts in lower case only.
func cutScheme(text []byte) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(text, []byte("http://"))
	if !ok {
		rest, ok = bytes.CutPrefix(text, []byte("https://"))
	}
	return rest, ok
}

// isBlocked reports whether an unconfigured Kazoo refuses to send requests to a host.
func isBlocked(host []byte, anySpelling bool) bool {
	if len(host) == 0 || bytes.EqualFold(host, []byte("localhost")) || string(host) == "127.0.0.1" ||
		string(host) == "0.0.0.0" {
		return true
	}
	if !anySpelling {
		return false
	}
	address, ok := erlangAddress(string(host))
	return ok && (address == 127<<24|1 || address == 0)
}

// erlangAddress parses an IPv4 address as inet:parse_address does: one to four numbers, decimal,
// octal after 0 or hexadecimal after 0x, of which the last fills the remaining bytes. Releases
// differ in how many zeros and signs they accept; this function accepts all.
func erlangAddress(host string) (uint32, bool) {
	fields := strings.Split(host, ".")
	if len(fields) > 4 {
		return 0, false
	}
	var address uint32
	for i, field := range fields {
		last := i == len(fields)-1
		room := uint(8)
		if last {
			room = uint(8 * (5 - len(fields)))
		}
		n, ok := erlangNumber(field)
		if !ok || n>>room != 0 {
			return 0, false
		}
		if last {
			return address | uint32(n), true
		}
		address |= uint32(n) << (24 - 8*i)
	}
	return 0, false
}

func erlangNumber(field string) (uint64, bool) {
	base := 10
	switch {
	case strings.HasPrefix(field, "0x"), strings.HasPrefix(field, "0X"):
		base, field = 16, field[2:]
	case len(field) > 1 && field[0] == '0':
		base = 8
	}
	n, ok := new(big.Int).SetString(field, base)
	if !ok || strings.Contains(field, "_") || !n.IsUint64() {
		return 0, false
	}
	return n.Uint64(), true
}

// isEmail follows the pattern of jesse, Kazoo's validator: one @ with something on both sides.
func isEmail(text []byte) bool {
	i := bytes.IndexByte(text, '@')
	return i > 0 && i < len(text)-1 && bytes.LastIndexByte(text, '@') == i
}
