package pivot

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

const formType = "application/x-www-form-urlencoded"

// TestParseRequests reads raw requests as Kazoo sends them and compares all that was
// understood. UPDATE=1 rewrites it.
func TestParseRequests(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/requests/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("requests: got %d, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			fixture, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			call, err := Parse(readRequest(t, fixture.Files[0].Data))
			if err != nil {
				t.Fatal(err)
			}
			got := dump(call)
			if os.Getenv("UPDATE") != "" {
				fixture.Files = append(fixture.Files[:1], txtar.File{Name: "call", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(fixture), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(fixture.Files) != 2 {
				t.Fatalf("want a request and a call, found %d files", len(fixture.Files))
			}
			if diff := gocmp.Diff(string(fixture.Files[1].Data), got); diff != "" {
				t.Errorf("call (-want +got):\n%s", diff)
			}
		})
	}
}

// TestParseSharedRequests replays the project's collection of requests against its manifest.
func TestParseSharedRequests(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(cmp.Or(os.Getenv("CALLHOURS_SHARED"), "../../shared"), "pivot-requests")
	manifest, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Skip("the shared collection of requests is absent:", err)
	}
	var requests []struct {
		File    string
		Decoded json.RawMessage // pairs in the order sent, or the JSON object
	}
	if err := json.Unmarshal(manifest, &requests); err != nil {
		t.Fatal(err)
	}
	for _, request := range requests {
		t.Run(request.File, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(filepath.Join(dir, request.File))
			if err != nil {
				t.Fatal(err)
			}
			r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
			if err != nil {
				t.Fatal(err)
			}
			call, err := Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range decodedPairs(t, request.Decoded) {
				if got := call.Param(name); got != value {
					t.Errorf("Param(%q): got %q, want %q", name, got, value)
				}
			}
			if got, want := call.AccountID, cmp.Or(call.Param("Account-ID"), call.Param("AccountSid")); got == "" ||
				got != want {
				t.Errorf("AccountID: got %q, want %q", got, want)
			}
		})
	}
}

// decodedPairs gives the last value of each name. Of a JSON object it gives what is text; the
// fixtures here have the rest.
func decodedPairs(t *testing.T, decoded json.RawMessage) map[string]string {
	t.Helper()
	values := map[string]string{}
	if bytes.HasPrefix(decoded, []byte("{")) {
		var object map[string]any
		if err := json.Unmarshal(decoded, &object); err != nil {
			t.Fatal(err)
		}
		for name, value := range object {
			if text, ok := value.(string); ok {
				values[name] = text
			}
		}
		return values
	}
	var pairs [][2]string
	if err := json.Unmarshal(decoded, &pairs); err != nil {
		t.Fatal(err)
	}
	for _, pair := range pairs {
		values[pair[0]] = pair[1]
	}
	return values
}

// readRequest makes the lines of a fixture the bytes of a request and reads them as a server does.
func readRequest(t *testing.T, fixture []byte) *http.Request {
	t.Helper()
	head, body, ok := strings.Cut(string(fixture), "\n\n")
	if !ok {
		t.Fatal("the request has no empty line after its headers")
	}
	body = strings.TrimSuffix(body, "\n")
	raw := strings.ReplaceAll(head, "\n", "\r\n") + "\r\n"
	if body != "" {
		raw += fmt.Sprintf("content-length: %d\r\n", len(body))
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw + "\r\n" + body)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// dump writes every field that is not empty and all parameters, a line each.
func dump(call Call) string {
	var b strings.Builder
	for field, value := range reflect.ValueOf(call).Fields() {
		if field.IsExported() && !value.IsZero() {
			fmt.Fprintf(&b, "%s %q\n", field.Name, value.Interface())
		}
	}
	fmt.Fprintf(&b, "Withheld %t\n", call.Withheld())
	for _, p := range call.params {
		fmt.Fprintf(&b, "param %s = %q\n", p.name, p.value)
	}
	return b.String()
}

func post(contentType string, body io.Reader) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/main", body)
	r.Header.Set("Content-Type", contentType)
	return r
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	pairs := func(n int) string { return strings.Repeat("a=1&", n) }
	for _, c := range []struct {
		name    string
		request *http.Request
		status  int
		message string
	}{
		{
			"another method",
			httptest.NewRequest(http.MethodDelete, "/main", nil),
			405, `method "DELETE": expected GET or POST`,
		},
		{
			"HEAD",
			httptest.NewRequest(http.MethodHead, "/main", nil),
			405, `method "HEAD": expected GET or POST`,
		},
		{
			"a length over the bound",
			post(formType, strings.NewReader(strings.Repeat("x", MaxBody+1))),
			413, "request too large: a body of 65537 bytes; the limit is 65536",
		},
		{
			"a stream over the bound",
			post(formType, io.LimitReader(endless{}, 1<<40)),
			413, "request too large: a body of more than 65536 bytes",
		},
		{
			"a query over the bound",
			&http.Request{Method: http.MethodGet, URL: &url.URL{RawQuery: strings.Repeat("x", MaxBody+1)}},
			413, "request too large: a query of 65537 bytes; the limit is 65536",
		},
		{
			"10,000 parameters",
			post(formType, strings.NewReader(pairs(10_000))),
			413, "request too large: more than 1000 parameters",
		},
		{
			"too many parameters in query and body together",
			&http.Request{
				Method: http.MethodPost, URL: &url.URL{RawQuery: pairs(600)},
				Body: io.NopCloser(strings.NewReader(pairs(600))), ContentLength: -1,
			},
			413, "request too large: more than 1000 parameters",
		},
		{
			"too many members of a JSON list",
			post("application/json", strings.NewReader(`{"a":[`+strings.Repeat("1,", 2000)+"1]}")),
			413, "request too large: more than 1000 parameters",
		},
		{
			"a JSON name that members would repeat",
			post("application/json", strings.NewReader(`{"`+strings.Repeat("n", 2000)+`":{"a":1}}`)),
			413, "request too large: a name of 2000 bytes; the limit is 1024",
		},
		{
			"JSON objects within each other",
			post("application/json",
				strings.NewReader(strings.Repeat(`{"a":`, 10_000)+"1"+strings.Repeat("}", 10_000))),
			400, "body: expected at most 32 objects within each other",
		},
		{
			"JSON lists within each other",
			post("application/json", strings.NewReader(`{"a":`+strings.Repeat("[", 60_000))),
			400, "body: not JSON at byte 10005: exceeded max depth",
		},
		{
			"a JSON list",
			post("application/json", strings.NewReader(`[{"From":"1"}]`)),
			400, "body: expected a JSON object, found a list",
		},
		{
			"a JSON text",
			post("application/json", strings.NewReader(`"From"`)),
			400, `body: expected a JSON object, found "From"`,
		},
		{
			"no JSON",
			post("application/json", strings.NewReader("")),
			400, "body: expected a JSON object, found nothing",
		},
		{
			"a form that says it is JSON",
			post("application/json", strings.NewReader("From=1")),
			400, "body: not JSON at byte 1: invalid character 'F' at start of value",
		},
		{
			"JSON cut short",
			post("application/json", strings.NewReader(`{"From":"1"`)),
			400, "body: not JSON at byte 12: unexpected EOF",
		},
		{
			"two JSON objects",
			post("application/json", strings.NewReader(`{"From":"1"} {}`)),
			400, "body: expected one JSON object, found more after it",
		},
		{
			"JSON and rubbish",
			post("application/json", strings.NewReader(`{"From":"1"}]`)),
			400, "body: not JSON at byte 13: invalid character ']' at start of value",
		},
		{
			"a body that breaks off",
			post(formType, io.MultiReader(strings.NewReader("From=1"), iotest.ErrReader(io.ErrUnexpectedEOF))),
			400, "body: cut off after 6 bytes: unexpected EOF",
		},
		{
			"a body that does not come",
			post(formType, io.MultiReader(strings.NewReader("From=1"), iotest.ErrReader(os.ErrDeadlineExceeded))),
			408, "body: cut off after 6 bytes: i/o timeout",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			call, err := Parse(c.request)
			refused, ok := errors.AsType[*RequestError](err)
			if !ok {
				t.Fatalf("got %v, want a RequestError", err)
			}
			if refused.Status != c.status || refused.Error() != c.message {
				t.Errorf("got  %d %s\nwant %d %s", refused.Status, refused, c.status, c.message)
			}
			if got, want := errors.Is(err, ErrTooLarge), c.status == 413; got != want {
				t.Errorf("is ErrTooLarge: got %t, want %t", got, want)
			}
			if !reflect.DeepEqual(call, Call{}) {
				t.Errorf("got %s beside the error, want the zero Call", dump(call))
			}
		})
	}
}

// endless gives the letter x for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte("x"), len(p))), nil }

func TestParseTakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		contentType string
		body        string
		param, want string
	}{
		{
			"a body of the greatest size", formType,
			"From=" + strings.Repeat("1", MaxBody-5), "From", strings.Repeat("1", MaxBody-5),
		},
		{"the greatest number of parameters", formType, strings.Repeat("a=1&", 999) + "From=2", "From", "2"},
		{"64 KiB of open brackets", formType, strings.Repeat("a[", MaxBody/2), strings.Repeat("a[", MaxBody/2), ""},
		{"64 KiB of separators", formType, strings.Repeat("&", MaxBody-6) + "From=2", "From", "2"},
		{
			"64 KiB of bytes that are not UTF-8", formType,
			"a=" + strings.Repeat("\xff", MaxBody-2), "a", strings.Repeat("ÿ", MaxBody-2),
		},
		{"an odd content type", "text/plain", "From=2", "From", "2"},
		{"no body", formType, "", "From", ""},
		{"raw Latin-1 in JSON", "application/json", "{\"From\":\"Ren\xe9 J\u00f6rg\"}", "From", "René Jörg"},
		{"half a surrogate pair in JSON", "application/json", `{"From":"a\ud800b"}`, "From", "a\ufffdb"},
		{"a JSON member twice", "application/json", `{"From":"1","From":"2"}`, "From", "2"},
		{"blanks around JSON", "application/json", " \r\n\t{\"From\":\"1\"}\n", "From", "1"},
		{"escapes in a JSON name", "application/json", `{"\u0046rom":"1"}`, "From", "1"},
		{
			"a large JSON number", "application/json",
			`{"n":123456789012345678901234567890}`, "n", "123456789012345678901234567890",
		},
		{"a JSON name with brackets", "application/json", `{"Digits[pin]":"1"}`, "Digits[pin]", "1"},
		{
			"32 JSON objects within each other", "application/json",
			strings.Repeat(`{"a":`, 32) + "1" + strings.Repeat("}", 32), "a" + strings.Repeat("[a]", 31), "1",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			call, err := Parse(post(c.contentType, strings.NewReader(c.body)))
			if err != nil {
				t.Fatal(err)
			}
			if got := call.Param(c.param); got != c.want {
				t.Errorf("Param(%.40q): got %.40q, want %.40q", c.param, got, c.want)
			}
		})
	}
}

// TestParseLeavesForm shows that whoever handles the request next finds its form
// unread and its query whole.
func TestParseLeavesForm(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/main?From=1", nil)
	if _, err := Parse(r); err != nil {
		t.Fatal(err)
	}
	if r.Form != nil || r.URL.RawQuery != "From=1" {
		t.Errorf("got form %v and query %q, want none and %q", r.Form, r.URL.RawQuery, "From=1")
	}
}

const ordinary = "To-Realm=192.0.2.20&To=%2B14155550123&Request-Realm=192.0.2.20&Request=%2B14155550123&Language=en-us&" +
	"From-Realm=203.0.113.77&From=%2B12025550188&Direction=inbound&&&Caller-ID-Number=%2B12025550188&" +
	"Caller-ID-Name=ANNA+ONEILL&Call-ID=8d2f0c1b%40192.0.2.20&Api-Version=4.x&Account-ID=0f1e2d3c4b5a69788796a5b4c3d2e1f0"

// BenchmarkParse reads an ordinary POST, beside what net/http's ParseForm takes for the same bytes.
func BenchmarkParse(b *testing.B) {
	body := strings.NewReader(ordinary)
	r := post(formType, body)
	b.Run("pivot", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			body.Reset(ordinary)
			if _, err := Parse(r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ParseForm", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			body.Reset(ordinary)
			r.Form, r.PostForm = nil, nil
			if err := r.ParseForm(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
