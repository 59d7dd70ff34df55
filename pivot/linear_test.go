package pivot

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/growth"
)

// TestParseIsLinear: twice as long a request, of whatever makes reading it hard, takes at
// most 2.3 times as many bytes of memory; and no request within the bounds takes more
// than 64 times the largest body.
func TestParseIsLinear(t *testing.T) {
	const least = 4 << 10 // what reading no body takes
	for name, c := range map[string]struct{ contentType, head, part, tail string }{
		"pluses":              {formType, "Request=", "+", ""},
		"blanks and pluses":   {"application/json", `{"Request":"`, " +", `"}`},
		"escapes":             {formType, "Request=", "%2B", ""},
		"percent signs":       {formType, "Request=", "%", ""},
		"empty pairs":         {formType, "", "&", ""},
		"equals signs":        {formType, "a", "=", ""},
		"brackets":            {formType, "a[", "[", "]=1"},
		"closed brackets":     {formType, "a[", "]=", ""},
		"Latin-1":             {formType, "Request=", "\xe9", ""},
		"escaped Latin-1":     {formType, "Request=", "%e9", ""},
		"lists":               {"application/json", `{"a":[`, `[],`, `0]}`},
		"a list within lists": {"application/json", `{"a":`, `[`, ``},
		"a long list":         {"application/json", `{"a":[`, `null,`, `0]}`},
		"empty objects":       {"application/json", `{`, `"a":{},`, `"b":1}`},
		"one name":            {"application/json", `{`, `"a":null,`, `"a":1}`},
		"escapes of JSON":     {"application/json", `{"a":"`, `\u00e9`, `"}`},
		"half a surrogate":    {"application/json", `{"a":"`, `\ud800`, `"}`},
		"no JSON":             {"application/json", ``, `}`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			cost := func(bytes int) int {
				n := max(0, bytes-len(c.head)-len(c.tail)) / len(c.part)
				body := c.head + strings.Repeat(c.part, n) + c.tail
				r := &http.Request{
					Method: http.MethodPost, URL: new(url.URL), Header: http.Header{"Content-Type": {c.contentType}},
					ContentLength: int64(len(body)),
				}
				const rounds = 20
				return growth.Bytes(func() {
					for range rounds {
						r.Body = io.NopCloser(strings.NewReader(body))
						_, _ = Parse(r)
					}
				})/rounds + least
			}
			growth.Linear(t, MaxBody/4, cost)
			whole := cost(MaxBody)
			if whole > 64*MaxBody {
				t.Errorf("the largest request takes %d bytes", whole)
			}
		})
	}
}
