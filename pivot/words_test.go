package pivot

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// known are names that the tests of descriptions know.
func known(id string) string {
	return map[string]string{
		"0a4cf9b16dd04f3c8a8f0d6c1f7be9d2": "Front desk", "11a4cf9b16dd04f3c8a8f0d6c1f7be01": "Ada",
		"22a4cf9b16dd04f3c8a8f0d6c1f7be02": "User", "7b1e3d52c6a94f0eb4d2a9c8e5f60137": "Voicemail",
		"8c1e3d52c6a94f0eb4d2a9c8e5f60138": "Sales voicemail", "r1": "Weekend",
	}[id]
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	const desk, ada, user = `"0a4cf9b16dd04f3c8a8f0d6c1f7be9d2"`, `"11a4cf9b16dd04f3c8a8f0d6c1f7be01"`,
		`"22a4cf9b16dd04f3c8a8f0d6c1f7be02"`
	const box, sales, other = `"7b1e3d52c6a94f0eb4d2a9c8e5f60137"`, `"8c1e3d52c6a94f0eb4d2a9c8e5f60138"`,
		`"99a4cf9b16dd04f3c8a8f0d6c1f7be09"`
	for _, c := range []struct{ callflow, want string }{
		{
			`{"module":"device","data":{"id":` + desk + `,"timeout":20},"children":{"_":{"module":"voicemail","data":{"id":` +
				box + `}}}}`, "rings Front desk for 20 s, then voicemail",
		},
		{`{"module":"user","data":{"id":` + ada + `,"timeout":60}}`, "rings Ada for 1 min"},
		{`{"module":"user","data":{"id":` + user + `,"timeout":90}}`, "rings the user for 90 s"},
		{`{"module":"user","data":{"id":` + other + `}}`, "rings user 99a4…"},
		{`{"module":"user"}`, "rings a user"},
		{`{"module":"device","data":{"id":"short"}}`, "rings device short"},
		{`{"module":"device","data":{"id":7,"timeout":"20"}}`, "rings a device"},
		{`{"module":"device","data":{"id":` + desk + `,"skip_module":true}}`, "skips device"},
		{`{"module":"group","data":{"id":` + other + `}}`, "rings group 99a4…"},
		{`{"module":"voicemail","data":{"id":` + sales + `}}`, "Sales voicemail"},
		{`{"module":"voicemail","data":{"id":` + ada + `}}`, "voicemail of Ada"},
		{`{"module":"voicemail","data":{"id":` + other + `}}`, "voicemail 99a4…"},
		{`{"module":"voicemail","data":{"action":"check"}}`, "opens a voicemail box for its owner"},
		{
			`{"module":"ring_group","data":{"strategy":"simultaneous","timeout":20,"endpoints":[{"id":` + ada +
				`,"endpoint_type":"user"},{"id":` + other + `,"endpoint_type":"user"}]}}`,
			"rings Ada and user 99a4… at once for 20 s",
		},
		{
			`{"module":"ring_group","data":{"strategy":"single","repeats":2,"endpoints":[{"id":` + ada + `},{"id":` + desk +
				`},{"id":` + user + `}]}}`, "rings Ada, Front desk and User one after the other, up to 2 times",
		},
		{
			`{"module":"ring_group","data":{"strategy":"weighted_random","endpoints":[{"id":"a"},{"id":"b"},{"id":"c"},{"id":"d"},{"id":"e"},7]}}`,
			"rings device a, device b, device c and 3 more in random order",
		},
		{`{"module":"ring_group","data":{"endpoints":[{"id":` + desk + `}]}}`, "rings Front desk"},
		{`{"module":"ring_group","data":{"endpoints":[]}}`, "rings nobody"},
		{`{"module":"ring_group","data":{"group_id":` + other + `}}`, "rings group 99a4…"},
		{`{"module":"page_group","data":{"endpoints":[{"id":` + desk + `}]}}`, "speaks through the phones of Front desk"},
		{`{"module":"play","data":{"id":` + other + `}}`, "plays recording 99a4…"},
		{
			`{"module":"play","data":{"id":"https://u:p@media.example.com/a.mp3?secret","endless_playback":true}}`,
			"plays a recording of media.example.com again and again",
		},
		{
			`{"module":"tts","data":{"text":"We are closed.\nPlease call\u202e again."}}`,
			"says “We are closed. Please call again.”",
		},
		{`{"module":"tts"}`, "says nothing"},
		{
			`{"module":"menu","data":{"id":` + other + `},"children":{"_":{"module":"hangup"},"1":{"module":"user","data":{"id":` +
				ada + `},"children":{"_":{"module":"voicemail"}}},"timeout":{"module":"response","data":{"code":486,"message":"Busy Here"}}}}`,
			"asks by menu 99a4… (1: rings Ada, then voicemail; no key pressed: refuses the call with 486 Busy Here), otherwise hangs up",
		},
		{`{"module":"response"}`, "refuses the call"},
		{`{"module":"callflow","data":{"id":` + other + `}}`, "continues in callflow 99a4…"},
		{`{"module":"callflow","data":{"flow":{"module":"hangup"}}}`, "continues in another callflow"},
		{
			`{"module":"pivot","data":{"voice_url":"https://u:secret@example.com/x"}}`,
			"asks example.com what to do next",
		},
		{`{"module":"resources","data":{"to_did":"+14155550100","timeout":30}}`, "calls +14155550100 outside for 30 s"},
		{`{"module":"offnet"}`, "calls the dialed number outside"},
		{`{"module":"conference","data":{"id":` + other + `}}`, "joins conference 99a4…"},
		{
			`{"module":"temporal_route","children":{"r1":{"module":"hangup"},"_":{"module":"voicemail"}}}`,
			"follows Kazoo's own time rules (Weekend: hangs up), otherwise voicemail",
		},
		{
			`{"module":"device","data":{"id":` + desk + `},"children":{"USER_BUSY":{"module":"hangup"},"_":{"module":"voicemail"}}}`,
			"rings Front desk (the line is busy: hangs up), then voicemail",
		},
		{
			`{"module":"collect_dtmf","data":{"max_digits":4},"children":{"_":{"module":"acdc_member"}}}`,
			"asks for up to 4 digits, then puts the caller into a queue",
		},
		{`{"module":"set_cid","data":{"caller_id_name":"Sales"}}`, "shows the caller as “Sales”"},
		{`{"module":"prepend_cid","data":{"caller_id_name_prefix":"VIP"}}`, "shows “VIP” before the caller's name"},
		{`{"module":"sleep","data":{"duration":3}}`, "waits 3 s"},
		{`{"module":"sleep","data":{"duration":2,"unit":"h"}}`, "waits 2 h"},
		{`{"module":"record_call","data":{"action":"stop"}}`, "stops recording the call"},
		{
			`{"module":"record_call","children":{"_":{"module":"language","data":{"language":"de-de"}}}}`,
			"starts recording the call, then speaks de-de from here on",
		},
		{`{"module":"webhook","data":{"uri":"https://hook.example.com/token"}}`, "notifies hook.example.com"},
		{`{"module":"our_own_module","children":{"x":{"module":"hangup"}}}`, "our_own_module (x: hangs up)"},
		{`{"module":"menu","children":{"_":7}}`, "asks by a menu, otherwise ?"},
		{`{"data":[1]}`, "?"},
		{`{"module":"` + strings.Repeat("x", 100) + `"}`, strings.Repeat("x", 61) + "…"},
		{`["module"]`, ""},
		{`{"module":`, ""},
		{``, ""},
	} {
		if got := Describe([]byte(c.callflow), known, fmt.Sprintf); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.callflow, got, c.want)
		}
	}
	deep := strings.Repeat(`{"module":"tts","data":{"text":"ä"},"children":{"_":`, 99) + `{"module":"hangup"}` +
		strings.Repeat(`}}`, 99)
	if got := Describe([]byte(deep), nil, fmt.Sprintf); len(got) > maxDescription || !strings.HasSuffix(got, "…") {
		t.Errorf("a deep one: got %d bytes, %q", len(got), got)
	}
}

// TestDescribeModules: each module of the catalogue has words of its own, or stands there by its name
// because callers never come to it: feature codes, and what no callflow uses.
func TestDescribeModules(t *testing.T) {
	t.Parallel()
	named := map[string]bool{}
	for module := range strings.FieldsSeq(
		`acdc_agent acdc_queue acdc_wait_time after_bridge call_forward call_pickup call_waiting camping_feature
		conference_feature do_not_disturb doorman eavesdrop eavesdrop_feature edr function group_pickup
		group_pickup_feature hotdesk intercept intercept_feature manual_presence move ring_group_toggle route_to_cid set
		skel`) {
		named[module] = true
	}
	for module := range builtIn().modules {
		got := Describe([]byte(`{"module":"`+module+`"}`), nil, fmt.Sprintf)
		if (got == module) != named[module] && got != "voicemail" {
			t.Errorf("%s: got %q", module, got)
		}
	}
}

// FuzzDescribe: a description is one bounded line of printable characters, whatever it is of.
func FuzzDescribe(f *testing.F) {
	f.Add(
		[]byte(
			`{"module":"menu","data":{"id":"0123456789"},"children":{"1":{"module":"tts","data":{"text":"ä\n"}},"_":{"module":"response","data":{"code":486}}}}`),
		"Front desk")
	f.Add([]byte(`{"module":"ring_group","data":{"endpoints":[{},7,"",{"id":"x"}],"timeout":1}}`), "\xff\n")
	f.Add([]byte(`{"module":"play","data":{"id":"http://[::1/x"},"children":{"_":{"children":{"_":null}}}}`), "")
	f.Fuzz(func(t *testing.T, body []byte, name string) {
		for _, spoken := range SpokenTexts(body) {
			if !utf8.ValidString(spoken.Text) || len(spoken.Text) > len(body) {
				t.Fatalf("spoken is %q", spoken.Text)
			}
		}
		got := Describe(body, func(string) string { return name }, fmt.Sprintf)
		if len(got) > maxDescription || !utf8.ValidString(got) {
			t.Fatalf("got %d bytes, %q", len(got), got)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Fatalf("%q holds %q", got, got[i:])
		}
		if json.Valid(body) && got == "" && CheckCallflow(body, Cluster{}) == nil {
			t.Fatal("nothing is said of a callflow")
		}
	})
}
