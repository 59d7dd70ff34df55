package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestPublicURL: links that others are to follow are made of public_url, and never of a Host header;
// without it there is none.
func TestPublicURL(t *testing.T) {
	t.Parallel()
	const hours = "hours: {token: {secret: all}}\nsecrets: secrets.yaml\n"
	secrets := map[string]string{"secrets.yaml": "all: 0123456789abcdef0123456789abcdef\n"}
	page := func(w *world, path, host string) (int, string) {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = host
		got := httptest.NewRecorder()
		w.Admin().ServeHTTP(got, r)
		return got.Code, got.Body.String()
	}
	t.Run("given", func(t *testing.T) {
		t.Parallel()
		w := started(t, "public_url: {console: \"https://hours.example.com\", pivot: \"https://pivot.example.com:8443\"}\n"+
			oneRoute+hours, secrets)
		status, text := page(w, "/routes/main", "hours.example.com")
		for _, want := range []string{
			"webcals://hours.example.com/api/v1/hours?days=60&amp;format=ics&amp;route=main", `<figure class="qr">`,
			"https://pivot.example.com:8443/-/hours/main.ics?token=…",
		} {
			if status != http.StatusOK || !strings.Contains(text, want) {
				t.Errorf("got %d, without %s", status, want)
			}
		}
		if _, text = page(w, "/try?route=main", "localhost"); !strings.Contains(text, "https://hours.example.com/api/v1/explain") {
			t.Error("the line for curl has another address")
		}
		if status, _ = page(w, "/", "other.example.com"); status != http.StatusForbidden {
			t.Errorf("another host name: got %d", status)
		}
	})
	t.Run("left out", func(t *testing.T) {
		t.Parallel()
		w := started(t, oneRoute+hours, secrets)
		_, text := page(w, "/routes/main", "localhost:1234")
		if strings.Contains(text, "webcal") || strings.Contains(text, `class="qr"`) ||
			strings.Contains(text, "localhost:1234") || !strings.Contains(text, "<code>public_url</code>") ||
			!strings.Contains(text, "<code>/-/hours/main.ics?token=…") {
			t.Errorf("got %s", text)
		}
	})
}
