package listen

import (
	"net/netip"
	"strings"
	"testing"
)

// TestClient reads X-Forwarded-For: what decides and cannot be read is refused.
func TestClient(t *testing.T) {
	t.Parallel()
	own := Auth{
		networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")},
		proxies:  []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("2001:db8:ffff::/48")},
	}
	const unreadable = ""
	for _, c := range []struct {
		remote, want string
		forwarded    []string
	}{
		{"127.0.0.1:4000", "127.0.0.1", nil}, // the proxy asks for itself
		{"[::ffff:127.0.0.1]:4000", "127.0.0.1", nil},
		{"198.51.100.9:4000", "198.51.100.9", []string{"10.0.0.1"}}, // no proxy: what it says of others does not count
		{"198.51.100.9:4000", "198.51.100.9", []string{"unknown"}},
		{"[fe80::1%eth0]:4000", "fe80::1", nil},
		{"@", unreadable, nil},
		{"", unreadable, []string{"10.0.0.1"}},

		{"127.0.0.1:1", "203.0.113.9", []string{"203.0.113.9"}},
		{"127.0.0.1:1", "203.0.113.9", []string{"  203.0.113.9\t"}},
		{"127.0.0.1:1", "203.0.113.9", []string{"203.0.113.9:51234"}},
		{"127.0.0.1:1", "2001:db8::1", []string{"2001:db8::1"}},
		{"127.0.0.1:1", "2001:db8::1", []string{"[2001:db8::1]"}},
		{"127.0.0.1:1", "2001:db8::1", []string{"[2001:db8::1]:443"}},
		{"127.0.0.1:1", "203.0.113.9", []string{"::ffff:203.0.113.9"}},
		{"127.0.0.1:1", "203.0.113.9", []string{"[::ffff:203.0.113.9]:80"}},
		{"127.0.0.1:1", "203.0.113.9", []string{"10.0.0.1, 203.0.113.9"}},
		{"127.0.0.1:1", "203.0.113.9", []string{"10.0.0.1", "203.0.113.9"}},
		// written by the client itself; a proxy says the last one
		{"127.0.0.1:1", "203.0.113.9", []string{"unknown, 203.0.113.9"}},
		{"127.0.0.1:1", "10.0.0.1", []string{"10.0.0.1,127.0.0.1", "2001:db8:ffff::2"}},
		{"127.0.0.1:1", "127.0.0.1", []string{"127.0.0.1"}},

		{"127.0.0.1:1", unreadable, []string{""}},
		{"127.0.0.1:1", unreadable, []string{","}},
		{"127.0.0.1:1", unreadable, []string{"203.0.113.9,"}},
		{"127.0.0.1:1", unreadable, []string{"203.0.113.9, "}},
		{"127.0.0.1:1", unreadable, []string{"203.0.113.9", ""}},
		{"127.0.0.1:1", unreadable, []string{"203.0.113.9", "x"}},
		{"127.0.0.1:1", unreadable, []string{"203.0.113.9, garbage"}},
		{"127.0.0.1:1", unreadable, []string{",127.0.0.1"}},
		{"127.0.0.1:1", unreadable, []string{"unknown"}},
		{"127.0.0.1:1", unreadable, []string{"_hidden"}},
		{"127.0.0.1:1", unreadable, []string{"for=203.0.113.9"}},
		{"127.0.0.1:1", unreadable, []string{`"203.0.113.9"`}},
		{"127.0.0.1:1", unreadable, []string{"0203.0.113.9"}},
		{"127.0.0.1:1", unreadable, []string{"203.0.113"}},
		{"127.0.0.1:1", unreadable, []string{"3405803785"}},
		{"127.0.0.1:1", unreadable, []string{"203.0.113.9:"}},
		{"127.0.0.1:1", unreadable, []string{"203.0.113.9:http"}},
		{"127.0.0.1:1", unreadable, []string{"203.0.113.9:70000"}},
		{"127.0.0.1:1", unreadable, []string{"[203.0.113.9]"}},
		{"127.0.0.1:1", unreadable, []string{"[2001:db8::1"}},
		{"127.0.0.1:1", unreadable, []string{"2001:db8::1]"}},
		{"127.0.0.1:1", unreadable, []string{"[[2001:db8::1]]"}},
		{"127.0.0.1:1", unreadable, []string{"fe80::1%eth0"}},
		{"127.0.0.1:1", unreadable, []string{"[fe80::1%eth0]:80"}},
		{"127.0.0.1:1", unreadable, []string{"10.0.0.1 10.0.0.2"}},
		{"127.0.0.1:1", unreadable, []string{"localhost"}},
		{"127.0.0.1:1", unreadable, []string{"10.0.0.1" + strings.Repeat(", 127.0.0.1", maxHops)}},
		{"127.0.0.1:1", "10.0.0.1", []string{"10.0.0.1" + strings.Repeat(", 127.0.0.1", maxHops-1)}},
	} {
		at, ok := own.client(&Credentials{remote: c.remote, forwarded: c.forwarded})
		got := unreadable
		if ok {
			got = at.String()
		}
		if got != c.want {
			t.Errorf("%s for %q: got %q, want %q", c.remote, c.forwarded, got, c.want)
		}
	}
}

// FuzzClient: behind a proxy an address counts only where the header's last element is one.
func FuzzClient(f *testing.F) {
	for _, s := range []string{
		"203.0.113.9:1", "[::1]", "10.0.0.1,", ",", "unknown", "10.0.0.1, ::ffff:10.0.0.2",
		"[fe80::1%1]:2",
	} {
		f.Add(s)
	}
	proxy := netip.MustParseAddr("127.0.0.1")
	own := Auth{proxies: []netip.Prefix{netip.PrefixFrom(proxy, 32)}}
	f.Fuzz(func(t *testing.T, header string) {
		at, ok := own.client(&Credentials{remote: "127.0.0.1:9", forwarded: []string{header}})
		if !ok {
			return
		}
		if !at.IsValid() || at.Is4In6() || at.Zone() != "" {
			t.Errorf("%q is read as %v", header, at)
		}
		if last := header[strings.LastIndex(header, ",")+1:]; at != proxy &&
			!strings.ContainsAny(last, "0123456789abcdefABCDEF:") {
			t.Errorf("%q is read as %v", header, at)
		}
	})
}
