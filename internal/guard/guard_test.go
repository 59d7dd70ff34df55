package guard

import (
	"net/netip"
	"strings"
	"testing"
)

func TestReachOf(t *testing.T) {
	t.Parallel()
	for want, addresses := range map[Reach]string{
		Public: `8.8.8.8 172.32.0.1 100.128.0.1 192.0.1.1 2606:4700::1 ::ffff:8.8.8.8 ::ffff:0:8.8.8.8
			64:ff9b::808:808 2002:808:808::1 2001:200::1 2001:4860:4860::8888%1`,
		Private: `127.0.0.1 127.8.8.8 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.127.255.255
			0.0.0.0 0.1.2.3 198.18.0.1 239.0.0.5 240.0.0.1 255.255.255.255 192.0.0.1 :: ::1 fc00::1 fdff::1
			fec0::1 ff05::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::a00:1 64:ff9b:1::1 2002:a00:1::1 2001::1
			::a00:1 ::ffff:0:10.0.0.1 192.88.99.1 5f00::1 2001:2::1 2002:7f00:1::1%eth0 fc00::1%3`,
		Never: `169.254.0.1 169.254.169.254 fe80::1 fe80::1%eth0 febf::1 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe
			2002:a9fe:a9fe::1 ::a9fe:a9fe ::ffff:0:169.254.169.254 224.0.0.5 ff02::1 100.100.100.200
			168.63.129.16 192.0.0.192 fd00:ec2::254 fd20:ce::254 ::ffff:100.100.100.200`,
	} {
		for address := range strings.FieldsSeq(addresses) {
			if got := ReachOf(netip.MustParseAddr(address)); got != want {
				t.Errorf("%s: got %d, want %d", address, got, want)
			}
		}
	}
}
