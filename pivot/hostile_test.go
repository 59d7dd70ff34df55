package pivot

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/growth"
)

// TestHostileRequests reads bodies that cost most for their length: twice the body may cost twice
// the memory, not four times.
func TestHostileRequests(t *testing.T) {
	const asJSON = "application/json"
	for _, c := range []struct {
		name, kind string
		body       func(n int) string
	}{
		{"parameters", formType, func(n int) string { return strings.Repeat("a=1&", n/4) }},
		{"one long name", formType, func(n int) string { return strings.Repeat("a", n-2) + "=1" }},
		{"one long value", formType, func(n int) string { return "a=" + strings.Repeat("1", n-2) }},
		{"escapes", formType, func(n int) string { return "a=" + strings.Repeat("%20", n/3-1) }},
		{"bytes that are no UTF-8", formType, func(n int) string { return "a=" + strings.Repeat("\xff", n-2) }},
		{"brackets in a name", formType, func(n int) string { return "a" + strings.Repeat("[b]", n/3-2) + "=1" }},
		{"separators", formType, func(n int) string { return strings.Repeat("&", n) }},
		{"objects within objects", asJSON, func(n int) string { return strings.Repeat(`{"a":`, n/5) }},
		{"lists within lists", asJSON, func(n int) string {
			return `{"a":` + strings.Repeat(`[`, n/2-5) + strings.Repeat(`]`, n/2-5) + `}`
		}},
		{"long names around objects", asJSON, func(n int) string {
			return `{"` + strings.Repeat("a", n/4) + `":{"` + strings.Repeat("b", n/4) + `":{` +
				strings.Repeat(`"c":1,`, n/16) + `"d":1}}}`
		}},
		{"members under a long name", asJSON, func(n int) string {
			return `{"` + strings.Repeat("a", 900) + `":{` + strings.Repeat(`"c":1,`, n/8) + `"d":1}}`
		}},
		{"a long list", asJSON, func(n int) string { return `{"a":[` + strings.Repeat("1,", n/2-5) + `1]}` }},
		{"escapes of JSON", asJSON, func(n int) string { return `{"a":"` + strings.Repeat(`\u00e9`, n/6-2) + `"}` }},
		{"bytes that are no UTF-8 in JSON", asJSON, func(n int) string {
			return `{"a":"` + strings.Repeat("\xff", n-10) + `"}`
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var cost [3]int
			for i := range cost {
				body := c.body(MaxBody >> (2 - i))
				cost[i] = growth.Bytes(func() {
					_, _ = Parse(&http.Request{
						Method: http.MethodPost, URL: &url.URL{}, Header: http.Header{"Content-Type": {c.kind}},
						Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
					})
				})
			}
			for i := 1; i < len(cost); i++ {
				if cost[i] > 512<<10 && float64(cost[i]) > 2.3*float64(max(cost[i-1], 64<<10)) {
					t.Errorf("allocates %d bytes, and %d for twice the body", cost[i-1], cost[i])
				}
			}
			if cost[2] > 40*MaxBody {
				t.Errorf("allocates %d bytes for a body of %d", cost[2], MaxBody)
			}
		})
	}
}

// TestHostileCallflows checks callflows that nest and repeat: none is accepted that goes deeper
// than it may, and none costs memory.
func TestHostileCallflows(t *testing.T) {
	numbers := func(n int, last string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"%d",`, 10_000+i)
		}
		return `{"module":"conference","data":{"config":{"name":"x","conference_numbers":[` + b.String() + `"` + last +
			`"]}}}`
	}
	for _, c := range []struct {
		name, body string
		says       string
	}{
		{"lists", `{"module":"tts","data":` + strings.Repeat("[", 30_000), "not JSON"},
		{"actions", strings.Repeat(`{"module":"tts","data":{"text":"x"},"children":{"_":`, 1000) +
			`{"module":"hangup"}` + strings.Repeat("}}", 1000), "100"},
		{"other members", `{"module":"hangup","x":` + strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000) +
			"}", ""},
		{"members of one name", `{"module":"hangup"` + strings.Repeat(`,"a":1`, 9000) + "}", "twice"},
		{"a list without repetition", numbers(7000, "1"), ""},
		{"a list with one", numbers(7000, "16999"), "twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var err error
			cost := growth.Bytes(func() { err = CheckCallflow([]byte(c.body), Cluster{}); _ = Summary([]byte(c.body)) })
			if c.says == "" && err != nil && !strings.Contains(err.Error(), "conference") ||
				c.says != "" && err == nil {
				t.Errorf("got %v, want … %s", err, c.says)
			}
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %.200v, want … %s", err, c.says)
			}
			if cost > 8<<20 {
				t.Errorf("allocates %d bytes for %d", cost, len(c.body))
			}
		})
	}
}
