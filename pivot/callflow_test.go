package pivot

import (
	"encoding/json"
	"strings"
	"testing"
)

const (
	box       = "0123456789abcdef0123456789abcdef"
	frontDesk = `{"module":"device","data":{"id":"` + box + `","timeout":20},` +
		`"children":{"_":{"module":"voicemail","data":{"id":"` + box + `"}}}}`
)

func TestCheckCallflowTakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body string }{
		{"the front desk", frontDesk},
		{"a module alone", `{"module":"hangup"}`},
		{"empty data and children", `{"module":"hangup","data":{},"children":{}}`},
		{"white space around it", " \r\n\t" + frontDesk + "\n"},
		{"members that Kazoo does not know", `{"module":"hangup","note":[1,{"a":null}],"data":{"x":{"y":[]}}}`},
		{"data before module", `{"children":{},"data":{"text":"hello"},"module":"tts"}`},
		{"escapes in a member's name", `{"\u006dodule":"hangup"}`},
		{"escapes in a module's name", `{"module":"hang\u0075p"}`},
		{"voicemail without a box", `{"module":"voicemail","data":{"action":"check"}}`},
		{"32 characters of more bytes", `{"module":"voicemail","data":{"id":"` + strings.Repeat("é", 32) + `"}}`},
		{"32 characters in escapes", `{"module":"voicemail","data":{"id":"` + strings.Repeat(`\u00e9`, 32) + `"}}`},
		{"1000 characters to say", `{"module":"tts","data":{"text":"` + strings.Repeat("ü", 1000) + `"}}`},
		{"100 actions within each other", nested(100)},
		{"more members than an ordinary callflow", `{"module":"menu","children":{` + manyChildren(200) + `}}`},
	} {
		if err := CheckCallflow([]byte(c.body), Cluster{}); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// nested is a callflow of that many actions within each other.
func nested(actions int) string {
	return strings.Repeat(`{"module":"play","children":{"_":`, actions-1) + `{"module":"hangup"}` +
		strings.Repeat("}}", actions-1)
}

func manyChildren(n int) string {
	child := func(key string) string { return `"` + key + `":` + frontDesk }
	keys := make([]string, n)
	for i := range keys {
		keys[i] = child(strings.Repeat("1", i+1))
	}
	return strings.Join(keys, ",")
}

func TestCheckCallflowRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, want string }{
		{"nothing", "", `callflow: expected an action such as {"module": "hangup"}, found nothing`},
		{"blanks", " \n", `callflow: expected an action such as {"module": "hangup"}, found nothing`},
		{"a list", `[{"module":"hangup"}]`, `callflow: expected an action such as {"module": "hangup"}, found a list`},
		{"a text", `"hangup"`, `callflow: expected an action such as {"module": "hangup"}, found "hangup"`},
		{"null", `null`, `callflow: expected an action such as {"module": "hangup"}, found null`},
		{
			"a flow around it", `{"flow":` + frontDesk + `}`,
			`callflow: no module; an action is an object such as {"module": "hangup"}, with nothing around it`,
		},
		{"a byte order mark", "\ufeff" + frontDesk, "callflow: begins with a byte order mark; Kazoo does not accept it"},
		{"two objects", frontDesk + frontDesk, "callflow: expected one object, found more after it"},
		{"rubbish after it", frontDesk + "\n}", "line 2, column 1: not JSON: invalid character '}' at start of value"},
		{
			"a comma after it", `{"module":"hangup"},`,
			"line 1, column 20: not JSON: invalid character ',' at start of value",
		},
		{"TwiML", `<Response/>`, "line 1, column 1: not JSON: invalid character '<' at start of value"},
		{
			"a trailing comma", "{\n \"module\": \"hangup\",\n}",
			"line 3, column 1: not JSON: invalid character '}' at start of string (expecting '\"')",
		},
		{
			"a raw line break", "{\"module\":\"tts\",\"data\":{\"text\":\"é\n\"}}",
			"line 1, column 34: not JSON: invalid character '\\n' in string (expecting non-control character)",
		},
		{"no end", `{"module":"hangup"`, "line 1, column 19: not JSON: it ends too early"},
		{"no end of data", `{"module":"hangup","data":{`, "line 1, column 28: not JSON: it ends too early"},
		{"no UTF-8", "{\"module\":\"hangup\",\"x\":\"\xff\"}", "line 1, column 25: not JSON: invalid UTF-8"},
		{
			"half a surrogate pair", `{"module":"hangup","data":{"x":["\ud800"]}}`,
			"line 1, column 34: not JSON: invalid surrogate pair `\\ud800\"]}}` in string",
		},
		{"a member twice", `{"module":"hangup","module":"play"}`, ".module: appears here twice"},
		{"a member twice, escaped", `{"module":"hangup","modul\u0065":"play"}`, ".module: appears here twice"},
		{"a member of data twice", `{"module":"play","data":{"id":"a","id":"b"}}`, ".data.id: appears here twice"},
		{
			"a member twice in what is not read", `{"module":"play","data":{"x":[{"y":1,"y":2}]}}`,
			".data.x.0.y: appears here twice",
		},
		{
			"a child twice", `{"module":"play","children":{"_":{"module":"hangup"},"_":{"module":"hangup"}}}`,
			".children._: appears here twice",
		},

		{
			"an empty object", `{}`,
			`callflow: no module; an action is an object such as {"module": "hangup"}, with nothing around it`,
		},
		{
			"an empty child", `{"module":"play","children":{"_":{}}}`,
			`.children._: no module; an action is an object such as {"module": "hangup"}, with nothing around it`,
		},
		{
			"a number for a module", `{"module":"play","children":{"_":{"module":12}}}`,
			".children._.module: expected a non-empty text, found 12",
		},
		{"an object for a module", `{"module":{}}`, ".module: expected a non-empty text, found an object"},
		{
			"a long number for a module", `{"module":` + strings.Repeat("1", 50) + `}`,
			".module: expected a non-empty text, found " + strings.Repeat("1", 40),
		},
		{"an empty module", `{"module":""}`, `.module: expected a non-empty text, found ""`},
		{
			"no module of Kazoo", `{"module":"voicemial"}`,
			`.module: "voicemial" is not a module of Kazoo; did you mean "voicemail"?`,
		},
		{
			"a module in capitals", `{"module":"Hangup"}`,
			`.module: "Hangup" is not a module of Kazoo; did you mean "hangup"?`,
		},
		{
			"the schema of actions", `{"module":"action"}`,
			`.module: "action" is not a module of Kazoo`,
		},
		{
			"a module of 65 characters", `{"module":"` + strings.Repeat("m", 65) + `"}`,
			`.module: "` + strings.Repeat("m", 40) + `…" is not a module of Kazoo`,
		},
		{"text for data", `{"module":"play","data":"x"}`, `.data: expected an object, found "x"`},
		{"null for data", `{"module":"play","data":null}`, `.data: expected an object, found null`},
		{
			"a list for children", `{"module":"play","children":[]}`,
			`.children: expected an object of actions by name, as in {"_": {"module": …}}, found a list`,
		},
		{
			"null for children", `{"module":"play","children":null}`,
			`.children: expected an object of actions by name, as in {"_": {"module": …}}, found null`,
		},
		{
			"an action for children", `{"module":"play","children":{"data":{},"module":"hangup"}}`,
			`.children: actions are under keys here, as in "children": {"_": {"module": …}}; put it under "_"`,
		},
		{
			"an action for children, further down",
			`{"module":"play","children":{"_":{"module":"play","children":{"module":"hangup","children":{"_":{"module":"hangup"}}}}}}`,
			`.children._.children: actions are under keys here, as in "children": {"_": {"module": …}}; put it under "_"`,
		},
		{
			"data beside data", `{"module":"tts","text":"Hello","data":{}}`,
			`.data.text: missing; it is beside data; move it there`,
		},
		{
			"text for a child", `{"module":"play","children":{"_":"hangup"}}`,
			`.children._: expected an action such as {"module": "hangup"}, found "hangup"`,
		},
		{
			"a child whose key blurs the path",
			`{"module":"menu","children":{"a.b":{"module":"menu","children":{"":{"module":1}}}}}`,
			`.children."a.b".children."".module: expected a non-empty text, found 1`,
		},
		{
			"101 actions within each other", nested(101),
			strings.Repeat(".children._", 100) + ": expected at most 100 actions within each other",
		},

		{
			"a short box", `{"module":"voicemail","data":{"id":"abc"}}`,
			`.data.id: expected a text of 32 characters, found "abc" of 3`,
		},
		{
			"a number for a box", `{"module":"voicemail","data":{"id":4567}}`,
			`.data.id: expected a text of 32 characters, found 4567; put it in quotes`,
		},
		{
			"a box of 33 characters", `{"module":"voicemail","data":{"id":"` + box + `0"}}`,
			`.data.id: expected a text of 32 characters, found "` + box + `0" of 33`,
		},
		{
			"a conference in a child", `{"module":"play","children":{"_":{"data":{"id":""},"module":"conference"}}}`,
			`.children._.data.id: expected a text of 32 characters, found "" of 0`,
		},
		{"nothing to say", `{"module":"tts"}`, `.data.text: missing; expected a text of 1 to 1000 characters`},
		{
			"no text to say", `{"module":"tts","data":{"text":["a"]}}`,
			`.data.text: expected a text of 1 to 1000 characters, found a list`,
		},
		{
			"too much to say", `{"module":"tts","data":{"text":"` + strings.Repeat("ü", 1001) + `"}}`,
			`.data.text: expected a text of 1 to 1000 characters, found "` + strings.Repeat("ü", 40) + `…" of 1001`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := CheckCallflow([]byte(c.body), Cluster{})
			if err == nil {
				t.Fatal("got no error")
			}
			if got := err.Error(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func FuzzCheckCallflow(f *testing.F) {
	f.Add([]byte(frontDesk))
	f.Add([]byte(`{"data":{"text":"\u00e9"},"module":"tts","children":{"a.b":{"module":"hangup"}}}`))
	f.Add([]byte("{\n \"module\": \"hangup\",\n}"))
	f.Add([]byte(`{"module":"hangup","module":"play"}`))
	f.Add([]byte(`{"module":"voicemail","data":{"id":"x\ud800"}}`))
	f.Add([]byte(nested(101)))
	f.Add([]byte(`{"module":"audio_macro","data":{"macros":[{"macro":"tts","text":"x"},{"macro":"say","x":1}]}}`))
	f.Add([]byte(`{"module":"callflow","data":{"flow":{"module":"menu","children":{"timeoot":{"module":"hangup"}}}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		before := string(body)
		err := CheckCallflow(body, Cluster{})
		for _, f := range CallflowWarnings(body, Cluster{Version: Kazoo5}) {
			if f.Offset < 0 || f.Offset > len(body) || f.Path == "" || f.Message == "" ||
				strings.ContainsAny(f.Error(), "\n\r") {
				t.Fatalf("want one line with a place, found %#v", f)
			}
		}
		if string(body) != before {
			t.Fatal("the body was changed")
		}
		if err != nil {
			where, what, _ := strings.Cut(err.Error(), ": ")
			if where == "" || what == "" || strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("want one line with a place, found %q", err)
			}
			return
		}
		var action any
		if err := json.Unmarshal(body, &action); err != nil {
			t.Fatalf("taken, but encoding/json says %v", err)
		}
		checkPlain(t, action)
	})
}

// checkPlain checks an action in the plainest way.
func checkPlain(t *testing.T, value any) {
	t.Helper()
	action, ok := value.(map[string]any)
	if !ok {
		t.Fatalf("taken, but %v is no object", value)
	}
	module, _ := action["module"].(string)
	if builtIn().modules[module] == nil {
		t.Fatalf("taken, but %q is no module", module)
	}
	data, _ := action["data"].(map[string]any)
	if _, given := action["data"]; given && data == nil {
		t.Fatalf("taken, but data is %v", action["data"])
	}
	if id, given := data["id"]; given && (module == "voicemail" || module == "conference") {
		if text, _ := id.(string); len([]rune(text)) != 32 {
			t.Fatalf("taken, but the id of %s is %v", module, id)
		}
	}
	children, _ := action["children"].(map[string]any)
	if _, given := action["children"]; given && children == nil {
		t.Fatalf("taken, but children is %v", action["children"])
	}
	for _, child := range children {
		checkPlain(t, child)
	}
}

// BenchmarkCheckCallflow checks an answer of about 300 bytes, beside what encoding/json
// takes to see that it is JSON.
func BenchmarkCheckCallflow(b *testing.B) {
	body := []byte(
		`{"module":"tts","data":{"text":"We are closed for Thanksgiving Day. We are back on Friday at 9 AM.","voice":"female"},` +
			`"children":{"_":` + strings.Replace(frontDesk, `"timeout"`, `"can_call_self":false,"timeout"`, 1) + `}}`)
	b.Run("pivot", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if err := CheckCallflow(body, Cluster{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json.Valid", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !json.Valid(body) {
				b.Fatal("not valid")
			}
		}
	})
}

// TestTolerant: a Cluster that is Tolerant takes what Kazoo takes, and nothing else.
func TestTolerant(t *testing.T) {
	t.Parallel()
	nested := func(n int) string {
		return strings.Repeat(`{"module":"play","data":{"id":"x"},"children":{"_":`, n) + `{"module":"hangup"}` + strings.Repeat("}}", n)
	}
	for _, c := range []struct {
		body             string
		strict, tolerant bool // it is taken
	}{
		{nested(99), true, true},
		{nested(100), false, true},
		{nested(maxTolerated - 1), false, true},
		{nested(maxTolerated), false, false},
		{`{"module":"hangup","data":{"skip_module":1}}`, false, true},
		{`{"module":"play","data":{"id":"x","skip_module":"true"}}`, false, true},
		{`{"module":"play","data":{"id":1}}`, false, false},
		{`{"module":"sing"}`, false, false},
		{`{"module":"hangup","module":"hangup"}`, false, false},
	} {
		for tolerant, want := range map[bool]bool{false: c.strict, true: c.tolerant} {
			err := CheckCallflow([]byte(c.body), Cluster{Version: KazooMaster, Tolerant: tolerant})
			if (err == nil) != want {
				t.Errorf("%.100s, tolerant %t: got %v", c.body, tolerant, err)
			}
		}
	}
}
