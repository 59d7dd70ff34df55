package pivot

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
)

func FuzzParse(f *testing.F) {
	f.Add("GET", "", "To=%2B1415&&&From=nouser&Digits[pin]=", "")
	f.Add("POST", formType, "step=2",
		"Custom-SIP-Headers[X-%zz]=1&Custom-SIP-Headers[X-c=d]=4&User-ID[]=a&Key[a][b]=v&Key[]=")
	f.Add("POST", "application/json; charset=utf-8", "",
		`{"Digits":{"pin":"1"},"User-ID":["a",{"b":[1]},null],"n":1.0e20,"t":true}`)
	f.Add("POST", "application/json", "a=1", `{"a":{"b":{"c":"\ud800\u0000"}}}`)
	f.Add("POST", "text/plain", "", "Caller-ID-Name=Ren\xe9+%E9&AccountSid=1")
	f.Add("PUT", "", "", "")
	f.Fuzz(func(t *testing.T, method, contentType, query, body string) {
		r := &http.Request{
			Method: method, URL: &url.URL{RawQuery: query}, Header: http.Header{"Content-Type": {contentType}},
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}
		call, err := Parse(r)
		if err != nil {
			refused, ok := errors.AsType[*RequestError](err)
			if !ok || !slices.Contains([]int{400, 405, 413}, refused.Status) {
				t.Fatalf("got error %v, want a RequestError of status 400, 405 or 413", err)
			}
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("message on several lines: %q", err)
			}
			if method == http.MethodGet && len(query) <= MaxBody && strings.Count(query, "&") < maxParams {
				t.Fatalf("a query in bounds is refused: %v", err)
			}
			return
		}
		if method != http.MethodGet && method != http.MethodPost {
			t.Fatalf("method %q is taken", method)
		}
		if len(call.params) > maxParams {
			t.Fatalf("got %d parameters, want at most %d", len(call.params), maxParams)
		}
		size := 0
		last := map[string]string{}
		for _, p := range call.params {
			last[p.name] = p.value
			size += len(p.name) + len(p.value)
			if !utf8.ValidString(p.name) || !utf8.ValidString(p.value) {
				t.Fatalf("%q = %q is not UTF-8", p.name, p.value)
			}
		}
		if most := maxParams*(maxName+8) + 3*(len(query)+len(body)); size > most {
			t.Fatalf("%d bytes became %d, want at most %d", len(query)+len(body), size, most)
		}
		for name, value := range last {
			if got := call.Param(name); got != value {
				t.Fatalf("Param(%q): got %q, want the last value %q", name, got, value)
			}
		}
		if call.Dialed == noUser || call.Dialed != "" && call.Dialed != call.Request && call.Dialed != call.To {
			t.Fatalf("Dialed: got %q from Request %q and To %q", call.Dialed, call.Request, call.To)
		}
	})
}

// FuzzForm compares with net/url, which agrees wherever it finds no fault.
func FuzzForm(f *testing.F) {
	f.Add("a=1&b=%2B+x&c[d]=%E9&&e")
	f.Add("%5b=%5D&a+b=c")
	f.Fuzz(func(t *testing.T, form string) {
		values, err := url.ParseQuery(form)
		if err != nil || strings.Contains(form, "[") || strings.Count(form, "&") >= maxParams {
			return
		}
		params, err := appendForm(nil, form)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]string{}
		for _, p := range params {
			got[p.name] = append(got[p.name], p.value)
		}
		want := map[string][]string{}
		for pair := range strings.SplitSeq(form, "&") {
			if name, _, _ := strings.Cut(pair, "="); name == "" {
				continue
			}
			one, _ := url.ParseQuery(pair)
			for name, v := range one {
				name = canonical(toUTF8(name))
				want[name] = append(want[name], toUTF8(v[0]))
			}
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("of %d values (-net/url +got):\n%s", len(values), diff)
		}
	})
}
