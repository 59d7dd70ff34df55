package pivot

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSummary(t *testing.T) {
	t.Parallel()
	const device, box = `"0123456789abcdef0123456789abcdef"`, `"456789abcdef0123456789abcdef0123"`
	for _, c := range []struct{ name, callflow, want string }{
		{
			"a device, then voicemail",
			`{"module":"device","data":{"id":` + device + `},"children":{"_":{"module":"voicemail","data":{"id":` +
				box + `}}}}`, "device 0123… > voicemail 4567…",
		},
		{"no data", `{"module":"hangup"}`, "hangup"},
		{"a short id", `{"module":"play","data":{"id":"abc"}}`, "play abc"},
		{"an id with an escape", `{"module":"play","data":{"id":"abcd\u0065f"}}`, "play abcd…"},
		{"an id that is no text", `{"module":"play","data":{"id":7}}`, "play"},
		{"an id with a blank", `{"module":"play","data":{"id":"a b"}}`, "play"},
		{"a code", `{"module":"response","data":{"code":486,"message":"no"}}`, "response 486"},
		{
			"a text and an address are not shown",
			`{"module":"pivot","data":{"voice_url":"https://u:secret@example.com/"},"children":{"_":{"module":"tts","data":{"text":"secret"}}}}`, "pivot > tts",
		},
		{
			"a menu", ` { "children" : { "_" : {"module":"hangup"}, "1": {"module":"device","data":{"id":` + device +
				`}}, "2":{"module":"voicemail"} }, "data":{"id":` + box + `}, "module":"menu" } `,
			"menu 4567… [1: device 0123…, 2: voicemail] > hangup",
		},
		{
			"a menu within a menu",
			`{"module":"menu","children":{"1":{"module":"menu","children":{"2":{"module":"hangup"}}}}}`,
			"menu [1: menu [2: hangup]]",
		},
		{"a key that is no word", `{"module":"menu","children":{"a, b":{"module":"hangup"}}}`, "menu [?: hangup]"},
		{"no module", `{"data":{}}`, "?"},
		{"a module that is none", `{"module":"\n"}`, "?"},
		{"a child that is none", `{"module":"menu","children":{"_":7}}`, "menu > ?"},
		{"no object", `["module"]`, ""},
		{"no JSON", `{"module":`, ""},
		{"nothing", ``, ""},
	} {
		if got := Summary([]byte(c.callflow)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	long := strings.Repeat(`{"module":"voicemail","children":{"_":`, 60) + `{"module":"hangup"}` +
		strings.Repeat(`}}`, 60)
	if got := Summary([]byte(long)); len(got) > MaxSummary || !strings.HasSuffix(got, "…") ||
		!strings.HasPrefix(got, "voicemail > voicemail") {
		t.Errorf("a long one: got %q", got)
	}
}

// FuzzSummary sees that a summary is a short plain line, whatever it is of.
func FuzzSummary(f *testing.F) {
	f.Add(
		[]byte(
			`{"module":"menu","data":{"id":"0123456789"},"children":{"1":{"module":"device"},"_":{"module":"response","data":{"code":486}}}}`))
	f.Add([]byte(`{"module":"é\u2028","children":{"_":{"children":{"_":null}}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := Summary(body)
		if len(got) > MaxSummary || !utf8.ValidString(got) {
			t.Fatalf("got %d bytes, %q", len(got), got)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return r != '…' && (r < ' ' || r > '~') }); i >= 0 {
			t.Fatalf("%q holds %q", got, got[i:])
		}
		if got == "" && CheckCallflow(body, Cluster{}) == nil {
			t.Fatal("nothing is said of a callflow")
		}
	})
}
