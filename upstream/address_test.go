package upstream

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
)

var at = diag.Pos{File: "callhours.yaml", Line: 7, Col: 12}

// sampleData is data of a branch.
func sampleData() map[string]any {
	return map[string]any{
		"script": "hours v2.php", "number": 7, "on": true, "slash": "a/b", "list": []any{1},
		"inner": map[string]any{"key": "x&y"}, "template": "{{ .Call.From }}",
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	call := pivot.New(map[string]string{
		"Request": "+14155550100", "Caller-ID-Name": "Jo & Co?x=1#é", "From": "a/../../b", "To": "..",
		"Custom-Application-Vars[step]": "2 / 3",
	})
	for _, c := range []struct{ text, want string }{
		{"https://pbx.example.com/pivot.php", "https://pbx.example.com/pivot.php"},
		{"http://PBX.example.com:8080", "http://pbx.example.com:8080/"},
		{"http://[2001:db8::1]:80/a%2Fb?x=%20", "http://[2001:db8::1]:80/a%2Fb?x=%20"},
		{"https://h?to={{.Call.Dialed}}", "https://h/?to=%2B14155550100"},
		{"https://h/{{ .Data.script }}", "https://h/hours%20v2.php"},
		{"https://h/v{{.Data.number}}/{{.Call.Dialed}}.php", "https://h/v7/+14155550100.php"},
		{"https://h/?n={{.Call.CallerName}}&on={{.Data.on}}", "https://h/?n=Jo+%26+Co%3Fx%3D1%23%C3%A9&on=true"},
		{"https://h/?k={{.Data.inner.key}}", "https://h/?k=x%26y"},
		{`https://h/?s={{.Call.Var "step"}}&f={{.Call.From}}`, "https://h/?s=2+%2F+3&f=a%2F..%2F..%2Fb"},
		{"https://h/a{{.Call.Digits}}", "https://h/a"}, // empty, and not the whole segment
		{
			"https://h/{{.Call.From}}",
			"the URL cannot be made of this call: {{.Call.From}} contains a slash or a backslash, which a path " +
				"segment cannot have",
		},
		{
			"https://h/x{{.Call.To}}",
			"the URL cannot be made of this call: {{.Call.To}} consists of dots, which lead to another path",
		},
		{
			"https://h/{{.Call.Digits}}/x",
			"the URL cannot be made of this call: {{.Call.Digits}} is empty, and a path needs a value there",
		},
	} {
		a, mistakes := parseAddress(diag.Text{Pos: at, S: c.text}, sampleData())
		if len(mistakes) > 0 {
			t.Errorf("%s: %v", c.text, mistakes)
			continue
		}
		got := ""
		if u, err := a.url(&call); err != nil {
			got = err.Error()
		} else {
			got = u.String()
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestAddressMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"pbx.example.com/x", "expected url to begin with http:// or https://, written out"},
		{"{{.Data.script}}://h/", "expected url to begin with http:// or https://, written out"},
		{"ftp://h/", "expected url to begin with http:// or https://, written out"},
		{"http:///x", "expected a host behind http://, such as pbx.example.com or [2001:db8::1]:8080"},
		{"http://h:x/", "expected a host behind http://, such as pbx.example.com or [2001:db8::1]:8080"},
		{"http://h:70000/", "expected a port from 1 to 65535 in url"},
		{"http://u:p@h/", "url has a user name; set basic, which keeps the password secret"},
		{
			"http://{{.Call.From}}/",
			"scheme, host and port of url are written out; {{…}} may stand in the path and in values of the query",
		},
		{
			"http://h:{{.Data.number}}/",
			"scheme, host and port of url are written out; {{…}} may stand in the path and in values of the query",
		},
		{"http://h/?{{.Call.From}}=1", "{{.Call.From}} stands in the name of a parameter; write it behind a ="},
		{"http://h/?a=1&b{{.Call.From}}", "{{.Call.From}} stands in the name of a parameter; write it behind a ="},
		{"http://h/#x", "url has a fragment, which no server receives; remove # and what is behind it"},
		{"http://h/a b", "url contains a character that must be escaped, such as %20 for a blank"},
		{"http://h/%zz", "expected url to be an address, with % only before two hexadecimal digits"},
		{"http://h/%{{.Call.Digits}}", "expected url to be an address, with % only before two hexadecimal digits"},
		{"http://h/{{.Call.From", "{{ in url is never closed by }}"},
		{"http://h/{{.Call.Frm}}", `{{.Call.Frm}}: a call has no Frm; did you mean "From"?`},
		{"http://h/{{.Call.Var}}", `{{.Call.Var}}: .Call.Var needs a name, as in {{.Call.Var "NAME"}}`},
		{`http://h/{{.Call.From "x"}}`, `{{.Call.From "x"}}: .Call.From has no name behind it`},
		{
			"http://h/{{.Call.From | lower}}",
			`{{.Call.From | lower}}: expected {{.Data.KEY}}, {{.Call.FIELD}} or {{.Call.Var "NAME"}}; functions cannot be used in url`,
		},
		{"http://h/{{.Data.scrpt}}", `{{.Data.scrpt}}: data has no scrpt; did you mean "script"?`},
		{"http://h/{{.Data.list}}", "{{.Data.list}}: expected a text, a number, true or false in data"},
		{
			"http://h/{{.Data.template}}",
			"{{.Data.template}}: the value is a template of its own, which url does not run; write it into url",
		},
		{
			"http://h/{{.Data.slash}}",
			"{{.Data.slash}} contains a slash or a backslash, which a path segment cannot have",
		},
	} {
		_, got := parseAddress(diag.Text{Pos: at, S: c.text}, sampleData())
		want := []diag.Mistake{{Pos: at, Message: "upstream: " + c.want}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
	}
}

// FuzzAddress: whatever the configuration and the call say, a request goes to the host that is written in the
// configuration, to a path of as many segments, with the same names of parameters.
func FuzzAddress(f *testing.F) {
	for _, text := range []string{
		"https://h/{{.Call.From}}?x={{.Call.From}}", "http://h:1/a/{{.Data.v}}x{{.Call.From}}?a=1&b={{.Data.v}}",
		"http://h/%2e{{.Call.From}}", "http://h{{.Call.From}}/", "http://h/?a={{.Call.From}}{{.Data.v}}&c",
	} {
		f.Add(text, "a/b", "..")
		f.Add(text, "x&y=z", "%2e%2e")
		f.Add(text, "é\x00\r\n#", `\`)
	}
	f.Fuzz(func(t *testing.T, text, from, value string) {
		a, mistakes := parseAddress(diag.Text{Pos: at, S: text}, map[string]any{"v": value})
		if len(mistakes) > 0 {
			return
		}
		call := pivot.New(map[string]string{"From": from})
		plain := pivot.New(map[string]string{"From": "x"})
		got, err := a.url(&call)
		want, wrong := a.url(&plain)
		if err != nil || wrong != nil {
			return
		}
		if got.Scheme != want.Scheme || got.Host != want.Host || got.User != nil || got.Fragment != "" {
			t.Fatalf("%q and %q lead to %s", text, from, got)
		}
		if g, w := strings.Count(got.EscapedPath(), "/"), strings.Count(want.EscapedPath(), "/"); g != w {
			t.Fatalf("%q and %q: %s has %d segments, want %d", text, from, got, g, w)
		}
		for segment := range strings.SplitSeq(got.EscapedPath(), "/") {
			decoded, err := url.PathUnescape(segment)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(decoded, from) && strings.ContainsAny(from, `/\`) {
				t.Fatalf("%q has a slash from %q in %s", text, from, got)
			}
		}
		names := func(u *url.URL) (all []string) {
			for pair := range strings.SplitSeq(u.RawQuery, "&") {
				name, _, _ := strings.Cut(pair, "=")
				all = append(all, name)
			}
			return all
		}
		if diff := cmp.Diff(names(want), names(got)); diff != "" {
			t.Fatalf("%q and %q: other parameters (-want +got):\n%s", text, from, diff)
		}
	})
}
