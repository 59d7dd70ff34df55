package pivot

import (
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/growth"
)

// TestLongNames holds that a name that is longer than all that was sent is not copied to find that
// out, and that one as long as one that was sent is found.
func TestLongNames(t *testing.T) {
	long := strings.Repeat("a+", 500)
	c := New(map[string]string{
		"From": "x", "Custom-Application-Vars[" + long + "]": "1", "Custom-SIP-Headers[" + long + "]": "2",
		"Digits[" + long + "]": "3", long: "4", "Request-Header[X-" + strings.Repeat("a", 998) + "]": "5",
	})
	lookups := map[string]func(name string) string{
		"Var": c.Var, "Header": c.Header, "Collection": c.Collection, "Param": c.Param,
		"RequestHeader": c.RequestHeader,
		"Params":        func(name string) string { return strings.Join(c.Params(name), ",") },
	}
	for name, want := range map[string]string{
		"Var": "1", "Header": "2", "Collection": "3", "Param": "4", "Params": "4", "RequestHeader": "5",
	} {
		sent := long
		if name == "RequestHeader" {
			sent = "x-" + strings.Repeat("a", 998)
		}
		if got := lookups[name](sent); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		huge := strings.Repeat("a+", 1<<20)
		if allocated := growth.Bytes(func() { _ = lookups[name](huge) }); allocated > 1<<20 {
			t.Errorf("%s of 2 MiB: allocates %d bytes", name, allocated)
		}
		if got := lookups[name](huge); got != "" {
			t.Errorf("%s of 2 MiB: got %q", name, got)
		}
	}
}
