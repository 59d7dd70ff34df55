package console

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/console/languages"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/routes"
)

// TestSentences holds events, conditions and callflows in all languages to testdata/sentences.txt,
// which is to be read by somebody who speaks them. UPDATE=1 writes it anew.
func TestSentences(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, berlin).Unix()
	all := languages.New().All()
	var out strings.Builder
	in := func(head string, sentence func(l calendars.Language) string) {
		fmt.Fprintf(&out, "\n%s\n", head)
		for _, l := range all {
			fmt.Fprintf(&out, "  %s: %s\n", l.Tag, sentence(sentences(l)))
		}
	}
	out.WriteString("# Events\n")
	for _, text := range sampleEvents() {
		in(strings.ReplaceAll(text, "\n", " "), func(l calendars.Language) string {
			e := readEvents(text)
			if len(e) != 1 {
				t.Fatalf("%s: got %d events", text, len(e))
			}
			return calendars.InWords(e[0], calendars.View{Zone: berlin}, now, l)
		})
	}
	out.WriteString("\n# Conditions\n")
	for i, c := range sampleConditions() {
		r, mistakes := routes.New(routes.Options{Zone: berlin, Branches: []routes.Branch{
			{Name: "b", State: routes.Open, When: c}, {Name: "closed", State: routes.Closed},
		}})
		if err := diag.Mistakes(mistakes).Err(); err != nil {
			t.Fatal(err)
		}
		in(fmt.Sprintf("%d %s", i+1, r.Words(0)), func(l calendars.Language) string {
			return r.InWords(0, nil, l.Translate)
		})
	}
	out.WriteString("\n# Callflows\n")
	for _, text := range sampleCallflows() {
		in(text, func(l calendars.Language) string { return pivot.Describe([]byte(text), sampleNames, l.Translate) })
	}
	const golden = "testdata/sentences.txt"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("sentences (-want +got):\n%s", diff)
	}
}

func readEvents(body string) []*calendars.Event {
	c, err := calendars.Read([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\nSUMMARY:x\n"+body+
		"\nEND:VEVENT\nEND:VCALENDAR\n"), ical.Limits{})
	if err != nil {
		return nil
	}
	return c.Events()
}

func sampleEvents() []string {
	const weekdays = "DTSTART;TZID=Europe/Berlin:20260105T090000\nDTEND;TZID=Europe/Berlin:20260105T170000\n" +
		"RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
	const monday = "DTSTART:20260105T090000\nDTEND:20260105T100000\nRRULE:"
	return []string{
		weekdays,
		weekdays + "\nEXDATE;TZID=Europe/Berlin:20261224T090000",
		weekdays + "\nEXDATE:20261224T080000Z,20270101T080000Z\nEXDATE;VALUE=DATE:20261224,20260301",
		weekdays + "\nEXDATE;VALUE=DATE:20260302,20260303",
		weekdays + "\nEXDATE;VALUE=DATE:20260302",
		weekdays + ";COUNT=10",
		weekdays + ";UNTIL=20261224",
		weekdays + ";UNTIL=20251224",
		weekdays + ";UNTIL=20251224\nRDATE:20261205T080000Z",
		weekdays + "\nEXRULE:FREQ=MONTHLY;BYDAY=1MO",
		weekdays + "\nEXRULE:FREQ=DAILY;INTERVAL=3",
		weekdays + "\nRDATE;TZID=Europe/Berlin:20261205T090000,20261206T090000",
		weekdays + strings.Repeat("\nRRULE:FREQ=DAILY", 5),
		monday + "FREQ=DAILY",
		monday + "FREQ=DAILY;INTERVAL=3",
		monday + "FREQ=DAILY;COUNT=1",
		monday + "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
		"DTSTART:20261130T010000",
		"DTSTART:20261130T090000\nDURATION:P7D\nRRULE:FREQ=WEEKLY;INTERVAL=3",
		monday + "FREQ=WEEKLY;BYDAY=MO,WE",
		monday + "FREQ=WEEKLY;BYDAY=MO;BYMONTH=1,3",
		monday + "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
		monday + "FREQ=WEEKLY;BYDAY=TU",
		monday + "FREQ=MONTHLY;BYDAY=1MO,-1FR",
		monday + "FREQ=MONTHLY;BYDAY=2MO,3MO,-2MO;BYMONTH=4,10",
		monday + "FREQ=MONTHLY;BYMONTHDAY=5,15,-1",
		monday + "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=5",
		monday + "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
		monday + "FREQ=MONTHLY;BYMONTHDAY=-10",
		monday + "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=5",
		monday + "FREQ=YEARLY;BYMONTH=1,8;BYMONTHDAY=1",
		monday + "FREQ=YEARLY;BYMONTH=5;BYDAY=2SU",
		monday + "FREQ=YEARLY;BYDAY=20MO",
		monday + "FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYMONTHDAY=5,6",
		monday + "FREQ=YEARLY;BYWEEKNO=20",
		"DTSTART;TZID=America/New_York:20260105T220000\nDURATION:PT8H\nRRULE:FREQ=WEEKLY;INTERVAL=2",
		"DTSTART:20270105T090000Z\nDURATION:P2DT1H\nRRULE:FREQ=DAILY",
		"DTSTART;VALUE=DATE:20201225\nRRULE:FREQ=YEARLY",
		"DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=YEARLY",
		"DTSTART;VALUE=DATE:20201224\nDTEND;VALUE=DATE:20201227\nRRULE:FREQ=YEARLY",
		"DTSTART;VALUE=DATE:20261224",
		"DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20270102",
		"DTSTART:20261130T090000",
		"DTSTART:20261130T090000\nRECURRENCE-ID:20261130T080000",
		"DTSTART:20261130T090000\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261129T080000",
	}
}

func sampleConditions() []*routes.Condition {
	texts := func(values ...string) (out []diag.Text) {
		for i, v := range values {
			out = append(out, diag.Text{Pos: diag.Pos{File: "callhours.yaml", Line: 10, Col: 5 + i}, S: v})
		}
		return out
	}
	truth, lie := true, false
	on := func(e routes.Events, names ...string) *routes.Condition {
		return &routes.Condition{Calendars: names, Events: e}
	}
	titled := func(patterns ...string) *routes.Condition {
		return on(routes.Events{Summary: texts(patterns...)}, "acme/hours")
	}
	caller := func(n routes.Numbers) *routes.Condition { return &routes.Condition{Caller: n} }
	dialed := func(n routes.Numbers) *routes.Condition { return &routes.Condition{Dialed: n} }
	withheld := caller(routes.Numbers{Listed: texts("+1415*"), Withheld: true})
	not := func(c *routes.Condition) *routes.Condition { return &routes.Condition{Not: c} }
	all := func(cs ...*routes.Condition) *routes.Condition { return &routes.Condition{All: cs} }
	either := func(cs ...*routes.Condition) *routes.Condition { return &routes.Condition{Any: cs} }
	lists := func(names ...string) (out []routes.List) {
		for _, name := range names {
			out = append(out, routes.List{Name: name})
		}
		return out
	}
	return []*routes.Condition{
		nil,
		on(routes.Events{}, "holidays"),
		on(routes.Events{}, "a", "b"),
		on(routes.Events{}, "a", "b", "c", "d", "e"),
		titled("open*"),
		titled("!*lunch*", "open*", "office open"),
		titled("!*lunch*"),
		on(routes.Events{
			Summary: texts("a"), Description: texts("b"), Location: texts("c"), Category: texts("d"),
			Recurring: &lie, AllDay: &truth, Transparency: "opaque",
		}, "x"),
		on(routes.Events{AllDay: &truth}, "x"),
		on(routes.Events{AllDay: &lie, Recurring: &truth, Transparency: "transparent"}, "x"),
		not(on(routes.Events{Recurring: &truth}, "x")),
		on(routes.Events{Names: &routes.Names{Field: "people", Keys: []string{"Ada"}}}, "rota"),
		on(routes.Events{WholeDay: true}, "x"),
		not(on(routes.Events{WholeDay: true, Recurring: &lie}, "x")),
		not(titled("open*")),
		either(titled("a"), titled("b"), titled("c")),
		not(either(titled("a"), withheld)),
		not(all(titled("a"), withheld)),
		all(titled("a"), not(either(titled("b"), on(routes.Events{}, "x")))),
		either(titled("open*"), all(titled("open*"), not(on(routes.Events{}, "x")))),
		caller(routes.Numbers{Listed: texts("+1", "+2"), Lists: lists("spam")}),
		caller(routes.Numbers{Listed: texts("+4930"), Lists: lists("a", "b", "c", "d")}),
		caller(routes.Numbers{Lists: lists("a", "b", "c", "d", "e")}),
		dialed(routes.Numbers{Listed: texts("1001")}),
		dialed(routes.Numbers{Listed: texts("10*"), Lists: lists("a", "b", "c", "d")}),
		not(dialed(routes.Numbers{Listed: texts("10*", "11*"), Lists: lists("a", "b", "c", "d", "e")})),
		{Account: texts("7a1c*")},
		{CallerName: texts("Ada*")},
		{Digits: texts("1")},
		{Vars: []routes.Named{{Name: "vip", Values: texts("true")}}},
		{Headers: []routes.Named{{Name: "X-From", Values: texts("a", "b")}}},
	}
}

// sampleNames are what people call the ids of [sampleCallflows].
func sampleNames(id string) string {
	return map[string]string{"desk": "Front desk", "ada": "Ada", "box": "Sales voicemail"}[id]
}

func sampleCallflows() []string {
	const nameless = `"id":"99a4cf9b16dd04f3c8a8f0d6c1f7be09"`
	out := []string{
		`{"module":"device","data":{"id":"desk","timeout":20},"children":{"_":{"module":"voicemail","data":{"id":"box"}}}}`,
		`{"module":"user","data":{"id":"ada","timeout":60},"children":{"USER_BUSY":{"module":"hangup"}}}`,
		`{"module":"user","data":{` + nameless + `}}`,
		`{"module":"menu","data":{` + nameless + `},"children":{"1":{"module":"user"},"timeout":{"module":"hangup"},` +
			`"_":{"module":"voicemail"}}}`,
		`{"module":"ring_group","data":{"timeout":20,"endpoints":[{"id":"ada"},{"id":"desk"}]}}`,
		`{"module":"ring_group","data":{"strategy":"single","repeats":2,"timeout":90,"endpoints":[{"id":"ada"},` +
			`{"id":"desk"},{"id":"b"}]}}`,
		`{"module":"ring_group","data":{"strategy":"weighted_random","endpoints":[{"id":"a"},{"id":"b"},{"id":"c"},` +
			`{"id":"d"},{"id":"e"},7]}}`,
		`{"module":"ring_group","data":{"endpoints":[]}}`,
		`{"module":"ring_group","data":{"group_id":"x"}}`,
		`{"module":"page_group","data":{"endpoints":[{"id":"desk"}]}}`,
		`{"module":"resources","data":{"to_did":"+4930123"}}`,
		`{"module":"resources","data":{"timeout":30}}`,
		`{"module":"transfer","data":{"target":"1001"}}`,
		`{"module":"tts","data":{"text":"We are closed."}}`,
		`{"module":"play","data":{"id":"http://media.example.com/x"}}`,
		`{"module":"play","data":{"id":"desk","endless_playback":true}}`,
		`{"module":"voicemail","data":{"id":"ada"}}`,
		`{"module":"voicemail","data":{` + nameless + `}}`,
		`{"module":"voicemail","data":{"action":"check"}}`,
		`{"module":"record_call","data":{"action":"stop"}}`,
		`{"module":"collect_dtmf","data":{"max_digits":1}}`,
		`{"module":"collect_dtmf","data":{"max_digits":4}}`,
		`{"module":"pivot","data":{"voice_url":"https://pivot.example.com/x"}}`,
		`{"module":"pivot"}`,
		`{"module":"response","data":{"code":486,"message":"Busy"}}`,
		`{"module":"sleep","data":{"duration":10}}`,
		`{"module":"set_cid","data":{"caller_id_name":"Office"}}`,
		`{"module":"prepend_cid","data":{"caller_id_name_prefix":"VIP"}}`,
		`{"module":"language","data":{"language":"fr-fr"}}`,
		`{"module":"webhook","data":{"uri":"https://hook.example.com"}}`,
		`{"module":"device","data":{"skip_module":true}}`,
	}
	for _, module := range []string{
		"group", "acdc_member", "conference", "directory", "disa", "intercom", "transfer", "play", "tones", "audio_macro",
		"record_call", "record_caller", "menu", "collect_dtmf", "detect_speech", "callflow", "temporal_route",
		"branch_variable", "branch_bnumber", "check_cid", "cidlistmatch", "fax_detect", "response", "answer", "sleep",
		"park", "dead_air", "wait_for_hangup", "faxbox", "set_cid", "set_variable", "set_alert_info", "missed_call_alert",
		"notification", "send_dtmf", "flush_dtmf", "noop", "tts",
	} {
		out = append(out, fmt.Sprintf(`{"module":%q}`, module))
	}
	return out
}

// frenchBlanks are the no-break blanks that French has at its punctuation.
const frenchBlanks = "\u00a0\u202f"

// FuzzSentences: whatever an event and a callflow are, they are a printable line in each language,
// with an argument for each verb.
func FuzzSentences(f *testing.F) {
	for i, event := range sampleEvents() {
		f.Add(event, sampleCallflows()[i%len(sampleCallflows())], "Front desk", int64(i)<<28)
	}
	all := languages.New().All()
	f.Fuzz(func(t *testing.T, event, callflow, name string, now int64) {
		var said []string
		now %= 1 << 40
		for _, l := range all {
			for _, e := range readEvents(event) {
				said = append(said, calendars.InWords(e, calendars.View{Zone: time.UTC}, now, sentences(l)))
			}
			said = append(said, pivot.Describe([]byte(callflow), func(string) string { return name }, l.Text))
		}
		const longest = 1000
		for _, text := range said {
			if len(text) > longest || !utf8.ValidString(text) {
				t.Fatalf("got %d bytes, %q", len(text), text)
			}
			unprintable := func(r rune) bool { return !unicode.IsPrint(r) && !strings.ContainsRune(frenchBlanks, r) }
			if i := strings.IndexFunc(text, unprintable); i >= 0 {
				t.Fatalf("%q holds %q", text, text[i:])
			}
			if strings.Contains(text, "%!") && !strings.Contains(event+callflow+name, "%") {
				t.Fatalf("%q has no argument for a verb", text)
			}
		}
	})
}
