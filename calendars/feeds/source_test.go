package feeds

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSourceValidate(t *testing.T) {
	t.Parallel()
	const address = "https://calendar.example.com/PLANTED"
	long := strings.Repeat("a", 10<<10)
	numbered := func(n int) http.Header {
		h := http.Header{}
		for i := range n {
			h.Set(fmt.Sprint("X-", i), "a")
		}
		return h
	}
	for _, c := range []struct {
		name   string
		source Source
		want   string
	}{
		{"an address", Source{URL: address}, ""},
		{"all there is", Source{
			URL: "webcal://u:p@calendar.example.com", Header: http.Header{"x-token": {"PLANTED\tPLANTED"}},
			UserAgent: "Mozilla/5.0", CAFile: "no/such/file",
		}, ""},
		{"nothing", Source{}, "expected url to be an http, https or webcal address"},
		{"no scheme", Source{URL: "calendar.example.com/PLANTED"}, "expected url to be an http, https or webcal address"},
		{"no URL", Source{URL: "https://PLANTED:PLANTED:1/%zz"}, "expected url to be an http, https or webcal address"},
		{
			"another scheme",
			Source{URL: "ftp://calendar.example.com/PLANTED"},
			`expected url to be an http, https or webcal address, found the scheme "ftp"`,
		},
		{"no host", Source{URL: "https:///PLANTED"}, "the url names no host"},
		{"no slashes", Source{URL: "https:PLANTED"}, "the url names no host"},
		{
			"a host that is no text",
			Source{URL: "http://[fe80::1%25\xeePLANTED]/"},
			"the url's host has characters that no address may have",
		},
		{
			"a header of ours",
			Source{URL: address, Header: http.Header{"if-none-match": {"PLANTED"}}},
			"header If-None-Match is written by callhours itself",
		},
		{
			"a header with a key",
			Source{URL: address, Header: http.Header{"User-Agent": {"PLANTED"}}},
			"header User-Agent has a key of its own, user_agent",
		},
		{
			"credentials twice",
			Source{URL: address, Username: "PLANTED", Header: http.Header{"authorization": {"PLANTED"}}},
			"user name and password already make the header Authorization; keep one of them",
		},
		{
			"credentials twice, once in the URL",
			Source{URL: "https://:PLANTED@calendar.example.com", Header: http.Header{"Authorization": {"PLANTED"}}},
			"user name and password already make the header Authorization; keep one of them",
		},
		{
			"a header with a line break",
			Source{URL: address, Header: http.Header{"X-Token": {"PLANTED\r\nX: y"}}},
			"header X-Token contains a line break or another control character",
		},
		{
			"the host's name",
			Source{URL: address, Header: http.Header{"host": {"PLANTED"}}},
			"header Host is written by callhours itself",
		},
		{
			"a proxy's",
			Source{URL: address, Header: http.Header{"proxy-authorization": {"PLANTED"}}},
			"header Proxy-Authorization is written by callhours itself",
		},
		{
			"of one hop",
			Source{URL: address, Header: http.Header{"Keep-alive": {"PLANTED"}}},
			"header Keep-Alive is written by callhours itself",
		},
		{"a long header", Source{URL: address, Header: http.Header{"X-A": {long[:maxHeaderValue]}}}, ""},
		{
			"headers that are too long together",
			Source{URL: address, Header: http.Header{"X-A": {long[:maxHeaderValue]}, "X-B": {"a"}}},
			"header X-B makes the headers longer than 8192 bytes; shorten them",
		},
		{
			"a long name",
			Source{URL: address, Header: http.Header{long[:maxHeaderName+1]: {"PLANTED"}}},
			`header "` + long[:80] + `…" has a name of 129 bytes; the limit is 128`,
		},
		{"many headers", Source{URL: address, Header: numbered(maxHeaders)}, ""},
		{
			"too many headers",
			Source{URL: address, Header: numbered(maxHeaders + 1)},
			"33 headers are set; the limit is 32",
		},
		{
			"a long URL",
			Source{URL: address + long[:maxURL]},
			fmt.Sprintf("url has %d bytes; the limit is 8192", len(address)+maxURL),
		},
		{
			"long credentials",
			Source{URL: address, Username: "a", Password: long[:maxHeaderValue]},
			"user name and password have 8193 bytes; the limit is 8192",
		},
		{
			"a long user agent",
			Source{URL: address, UserAgent: long[:maxUserAgent+1]},
			"user_agent has 513 bytes; the limit is 512",
		},
		{
			"a user agent with a line break",
			Source{URL: address, UserAgent: "PLANTED\n"},
			"user_agent contains a line break or another control character",
		},
	} {
		got := ""
		if err := c.source.Validate(); err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if c.want == "" {
			continue
		}
		fetched := newTestFetcher(t, FetcherOptions{}).Fetch(t.Context(), c.source, Validators{})
		if got, want := resultLine(fetched), "server_error 0: "+c.source.String()+": "+c.want; got != want {
			t.Errorf("%s: fetched: got %s, want %s", c.name, got, want)
		}
	}
}

// TestSourceKey sees that what means the same has one key, and that nothing else has it.
func TestSourceKey(t *testing.T) {
	t.Parallel()
	same := []Source{
		{
			URL: "https://calendar.example.com/a?b=C", Username: "u", Password: "p",
			Header: http.Header{"X-A": {"1", "2"}, "X-B": {"3"}},
		},
		{
			URL: "webcal://Calendar.Example.COM:443/a?b=C#d", Username: "u", Password: "p",
			Header: http.Header{"X-A": {"1", "2"}, "X-B": {"3"}},
		},
		{URL: " WEBCALS://u:p@calendar.example.com:/a?b=C\n", Header: http.Header{"x-b": {"3"}, "x-a": {"1", "2"}}},
	}
	for _, s := range same {
		if got, want := s.Key(), same[0].Key(); got != want {
			t.Errorf("%s: got another key than for %s", s.URL, same[0].URL)
		}
	}
	if got := same[0].Key(); len(got) != 64 {
		t.Errorf("key: got %q, want 64 hexadecimal digits", got)
	}
	// Copies on disk are named by it: another value loses those of every installation.
	const ever = "fe38c63ba148770a34313b3b03c9f09ea42d20b8840a5ca403a88d9419a067dc"
	if got := same[0].Key(); got != ever {
		t.Errorf("key of the operator's feed: got %s, want %s", got, ever)
	}
	other := []Source{
		same[0],
		{},
		{URL: "nothing that can be read"},
		{URL: "https://calendar.example.com"},
		{URL: "http://calendar.example.com"},
		{URL: "https://calendar.example.com:444"},
		{URL: "https://calendar.example.com/A"},
		{URL: "https://calendar.example.com/a"},
		{URL: "https://calendar.example.com/a/"},
		{URL: "https://calendar.example.com/a?"},
		{URL: "https://calendar.example.com/a?b"},
		{URL: "https://calendar.example.com/a", Username: "u"},
		{URL: "https://calendar.example.com/a", Password: "u"},
		{URL: "https://calendar.example.com/a", Username: "u", Password: "p"},
		{URL: "https://calendar.example.com/a", Username: "up"},
		{URL: "https://calendar.example.com/a", CAFile: "u"},
		{URL: "https://calendar.example.com/a", UserAgent: "u"},
		{URL: "https://calendar.example.com/a", Header: http.Header{"U": {"p"}}},
		{URL: "https://calendar.example.com/a", Header: http.Header{"U": {"p", "p"}}},
		{URL: "https://calendar.example.com/a", Header: http.Header{"U": {"p"}, "P": {"u"}}},
		{URL: "https://calendar.example.com/a", DenyPrivate: true},
		{URL: "https://calendar.example.com/a", Owner: "acme"},
		{URL: "https://calendar.example.com/a", Owner: "acme", DenyPrivate: true},
		{URL: "https://calendar.example.com/a", Owner: "u", DenyPrivate: true},
		{URL: "https://calendar.example.com/a", Owner: "u", CAFile: "acme"},
		{URL: "https://calendar.example.com/a", Owner: "acme", Withdrawn: true},
	}
	seen := map[string]Source{}
	for _, s := range other {
		if former, ok := seen[s.Key()]; ok {
			t.Errorf("%s and %s have one key", former.URL, s.URL)
		}
		seen[s.Key()] = s
	}
}

func TestSourceHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, host, text string }{
		{
			"https://Calendar.Example.com/PLANTED?PLANTED#PLANTED", "calendar.example.com",
			"https://calendar.example.com/…",
		},
		{"webcal://PLANTED:PLANTED@calendar.example.com:443", "calendar.example.com", "https://calendar.example.com/…"},
		{"http://calendar.example.com:80/", "calendar.example.com", "http://calendar.example.com/…"},
		{"http://calendar.example.com:443/", "calendar.example.com:443", "http://calendar.example.com:443/…"},
		{"https://[::1]:443/", "[::1]", "https://[::1]/…"},
		{"https://[FE80::1]:8443/", "[fe80::1]:8443", "https://[fe80::1]:8443/…"},
		{"https://calendar.exa\u202emple/", "calendar.exa\u202emple", `https://calendar.exa\u202emple/…`},
		{"mailto:PLANTED", "", "…"},
		{"", "", "…"},
	} {
		s := Source{URL: c.url}
		if got := s.Host(); got != c.host {
			t.Errorf("%s: host: got %q, want %q", c.url, got, c.host)
		}
		if got := s.String(); got != c.text {
			t.Errorf("%s: got %q, want %q", c.url, got, c.text)
		}
	}
}

// TestSourcePrinted prints a source in every way that log lines and messages come about.
func TestSourcePrinted(t *testing.T) {
	t.Parallel()
	s := Source{
		URL: "https://PLANTED:PLANTED@calendar.example.com" + plantedPath + "?" + plantedQuery, Username: plantedUser,
		Password: plantedPassword, Header: http.Header{"X-Token": {plantedHeader}}, UserAgent: "PLANTED",
		CAFile: "PLANTED",
	}
	holder := struct {
		S  Source
		P  *Source
		In []Source
	}{s, &s, []Source{s}}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("fetched", "source", s, "pointer", &s, "holder", holder)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("fetched", "source", s, "pointer", &s, "holder", holder)
	asJSON, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(s, &s, holder), fmt.Sprintf("%v %+v %#v %s %q %x %d", s, s, s, s, s, s, s),
		fmt.Sprintf("%+v %#v", holder, holder), log.String(), string(asJSON),
	} {
		if secret := plantedIn(text); secret != "" {
			t.Errorf("%s\nholds the secret %q", text, secret)
		}
		if !bytes.Contains([]byte(text), []byte("https://calendar.example.com/…")) {
			t.Errorf("%s\ndoes not name the source", text)
		}
	}
}
