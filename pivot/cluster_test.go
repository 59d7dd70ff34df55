package pivot

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestVersions shows what each version of Kazoo takes, and that what not all of them take waits for
// somebody to say which it is.
func TestVersions(t *testing.T) {
	t.Parallel()
	const (
		serverless = `{"module":"pivot","data":{"serverless":{"flow_doc":{},"flow_type":"application/json"}}}`
		both       = `{"module":"pivot","data":{"voice_url":"https://pivot.example.com","serverless":{"flow_doc":{},"flow_type":"text/xml"}}}`
		url        = `.data.url: expected a URL with http:// or https:// and another host than localhost`
		user       = `.data.uri: expected a URL with http:// or https:// and another host than localhost, found "http://me@host/"; a user needs a password, as in user:password@host`
		macros     = `.data.macros: missing; expected a list of at least 1 element`
		list       = `{"module":"branch_variable","data":{"variable":["a","b"]}}`
	)
	for _, c := range []struct{ body, any, v43, master, v5 string }{
		{body: frontDesk},
		{
			body: `{"module":"functoin"}`, any: `.module: "functoin" is not a module of Kazoo`,
			v43:    `.module: "functoin" is not a module of Kazoo`,
			master: `.module: "functoin" is not a module of Kazoo; did you mean "function"?`,
			v5:     `.module: "functoin" is not a module of Kazoo; did you mean "function"?`,
		},
		{
			body:   `{"module":"tones","data":{"tones":[{"frequencies":[440],"duration_on":1,"duration_off":1,"volume":1}]}}`,
			any:    `.module: "tones" is not in Kazoo 4.3 and master; set kazoo_version if yours is 5`,
			v43:    `.module: "tones" is not in Kazoo 4.3 and master`,
			master: `.module: "tones" is not in Kazoo 4.3 and master`,
			v5:     `.data.tones[0].volume: expected an integer of at most 0, found 1`,
		},
		{
			body: `{"module":"callflow","data":{"doc_id":"a","path":["b",1]}}`,
			any:  `.data.path[1]: expected a text, found 1; put it in quotes`,
			v5:   `.data.path[1]: expected a text, found 1; put it in quotes`,
		},
		{
			body: `{"module":"record_call","data":{"url":"http://127.1/rec"}}`,
			any: url +
				`, found "http://127.1/rec"; 127.1 is this machine's own address to Kazoo; set kazoo_version if yours is 4.3`,
			master: url + `, found "http://127.1/rec"; 127.1 is this machine's own address to Kazoo`,
			v5:     url + `, found "http://127.1/rec"; 127.1 is this machine's own address to Kazoo`,
		},
		{
			body: `{"module":"record_caller","data":{"url":"s:/"}}`,
			any:  url + `, found "s:/"`, v43: url + `, found "s:/"`, master: url + `, found "s:/"`,
			v5: url + `, found "s:/"`,
		},
		{
			body: `{"module":"webhook","data":{"uri":"http://me@host/"}}`, any: user, v43: user, master: user, v5: user,
		},
		{
			body: `{"module":"set_variables","data":{"custom_application_vars":{"step":"2","tries":3}}}`,
			any:  `.data.custom_application_vars.tries: expected a text, found 3; put it in quotes; set kazoo_version if yours is master or 5`,
			v43:  `.data.custom_application_vars.tries: expected a text, found 3; put it in quotes`,
		},
		{
			body: `{"module":"missed_call_alert","data":{"recipients":[{"type":"user","id":"` + box + `"}]}}`,
			any: `.data.recipients[0].id: expected an e-mail address or a list, found "` + box +
				`", which not all of Kazoo's versions take; set kazoo_version if yours is 4.3 or 5`,
			master: `.data.recipients[0].id: expected an e-mail address or a list, found "` + box + `"`,
		},
		{
			body:   `{"module":"notification","data":{"recipients":[{"type":"email","id":["a@b","c"]}]}}`,
			any:    `.module: "notification" is not in Kazoo 4.3; set kazoo_version if yours is master or 5`,
			v43:    `.module: "notification" is not in Kazoo 4.3`,
			master: `.data.recipients[0].id[1]: expected an e-mail address, found "c"`,
			v5:     `.data.recipients[0].id[1]: expected an e-mail address, found "c"`,
		},
		{
			body: `{"module":"conference","data":{"config":{"member":{}}}}`,
			any:  `.data.config.name: missing in Kazoo 5; expected a text of 1 to 128 characters`,
			v5:   `.data.config.name: missing in Kazoo 5; expected a text of 1 to 128 characters`,
		},
		{
			body:   `{"module":"call_pickup","data":{"target_call_id":""}}`,
			any:    `.module: "call_pickup" is not in Kazoo 4.3 and master; set kazoo_version if yours is 5`,
			v43:    `.module: "call_pickup" is not in Kazoo 4.3 and master`,
			master: `.module: "call_pickup" is not in Kazoo 4.3 and master`,
			v5:     `.data.target_call_id: expected a text of at least 1 character, found "" of 0`,
		},
		{
			body:   `{"module":"resources","data":{"custom_sip_headers":{"in":{"X-A":"a","X-B":2}}}}`,
			any:    `.data.custom_sip_headers.in: expected a text, true or false or an integer, found an object`,
			v43:    `.data.custom_sip_headers.in: expected a text, found an object`,
			master: `.data.custom_sip_headers.in: expected a text, found an object`,
		},
		{
			body: `{"module":"conference","data":{"config":{"name":"a","endconf_grace_time":-1}}}`,
			any:  `.data.config.endconf_grace_time: expected an integer of at least 0, found -1`,
			v5:   `.data.config.endconf_grace_time: expected an integer of at least 0, found -1`,
		},
		{
			body: `{"module":"branch_variable"}`,
			any:  `.data.variable: missing in Kazoo 5; expected a text or a list of texts`,
			v5:   `.data.variable: missing in Kazoo 5; expected a text or a list of texts`,
		},
		// What a schema requires and has a default for may be left out:
		// Kazoo fills it in and runs it.
		{body: `{"module":"response"}`},
		{body: `{"module":"record_call","data":{}}`},
		{body: `{"module":"set_variables"}`},
		{body: `{"module":"lookupcidname","data":{}}`},
		{body: `{"module":"group_pickup_feature"}`},
		{body: `{"module":"page_group","data":{"endpoints":[{"id":"a","endpoint_type":"user"}]}}`},
		{
			body: `{"module":"audio_macro","data":{"language":"en"}}`, any: macros, v43: macros, master: macros,
			v5: macros,
		},
		{
			body:   `{"module":"doorman","data":{"id":"1"}}`,
			any:    `.module: "doorman" is not in Kazoo 4.3 and master; set kazoo_version if yours is 5`,
			v43:    `.module: "doorman" is not in Kazoo 4.3 and master`,
			master: `.module: "doorman" is not in Kazoo 4.3 and master`,
		},
		{
			body: `{"module":"answer"}`,
			any:  `.module: "answer" is not in Kazoo 4.3; set kazoo_version if yours is master or 5`,
			v43:  `.module: "answer" is not in Kazoo 4.3`,
		},
		{
			body:   list,
			any:    `.data.variable: expected a text, found a list, which not all of Kazoo's versions take; set kazoo_version if yours is 5`,
			v43:    `.data.variable: expected a text, found a list`,
			master: `.data.variable: expected a text, found a list`,
		},
		{
			body:   `{"module":"branch_variable","data":{"variable":"a","scope":"doc"}}`,
			any:    `.data.scope: expected "account", "custom_channel_vars", "device", "merged" or "user", found "doc", which not all of Kazoo's versions take; set kazoo_version if yours is 5`,
			v43:    `.data.scope: expected "account", "custom_channel_vars", "device", "merged" or "user", found "doc"`,
			master: `.data.scope: expected "account", "custom_channel_vars", "device", "merged" or "user", found "doc"`,
		},
		{
			body:   serverless,
			any:    `.data.voice_url: missing in Kazoo 4.3 and master; expected a URL with http:// or https:// and another host than localhost`,
			v43:    `.data.voice_url: missing in Kazoo 4.3 and master; expected a URL with http:// or https:// and another host than localhost`,
			master: `.data.voice_url: missing in Kazoo 4.3 and master; expected a URL with http:// or https:// and another host than localhost`,
		},
		{
			body: both,
			any:  `.data: expected exactly one of voice_url and serverless in Kazoo 5, found voice_url and serverless`,
			v5:   `.data: expected exactly one of voice_url and serverless in Kazoo 5, found voice_url and serverless`,
		},
		{
			body: `{"module":"callflow"}`,
			any:  `.data: expected exactly one of id, doc_id with path and flow in Kazoo 5, found none`,
			v5:   `.data: expected exactly one of id, doc_id with path and flow in Kazoo 5, found none`,
		},
		{
			body: `{"module":"callflow","data":{"flow":{"module":"hangup","children":{"_":{"module":"tts"}}}}}`,
			any:  `.data.flow.children._.data.text: missing; expected a text of 1 to 1000 characters`,
			v5:   `.data.flow.children._.data.text: missing; expected a text of 1 to 1000 characters`,
		},
		{
			body:   `{"module":"ring_group","data":{"group_id":"a"}}`,
			any:    `.data.endpoints: missing in Kazoo 4.3 and master; expected a list of at least 1 element`,
			v43:    `.data.endpoints: missing in Kazoo 4.3 and master; expected a list of at least 1 element`,
			master: `.data.endpoints: missing in Kazoo 4.3 and master; expected a list of at least 1 element`,
		},
	} {
		for version, want := range map[Version]string{
			"": c.any, Kazoo43: c.v43, KazooMaster: c.master, Kazoo5: c.v5,
			"3.22": c.any,
		} {
			got := ""
			if err := CheckCallflow([]byte(c.body), Cluster{Version: version}); err != nil {
				got = err.Error()
			}
			if version == "3.22" { // not known, so it may be any; whoever reads the configuration refuses it
				got, want = strings.Split(got, "; set")[0], strings.Split(want, "; set")[0]
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%s for version %q (-want +got):\n%s", c.body, version, diff)
			}
		}
	}
}

func TestOwnModules(t *testing.T) {
	t.Parallel()
	own := Cluster{Modules: []string{"acme_ivr", "tts"}}
	for _, body := range []string{`{"module":"acme_ivr","data":{"x":1}}`, `{"module":"tts"}`} {
		if err := CheckCallflow([]byte(body), own); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if got := CallflowWarnings([]byte(body), own); got != nil {
			t.Errorf("%s: got warnings %v", body, texts(got))
		}
	}
	want := `.module: "acme_ivt" is not a module of Kazoo; did you mean "acme_ivr"?`
	if err := CheckCallflow([]byte(`{"module":"acme_ivt"}`), own); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := CheckCallflow([]byte(`{"module":"acme_ivr","data":[]}`), own); err == nil ||
		err.Error() != ".data: expected an object, found a list" {
		t.Errorf("got %v, want a mistake about data", err)
	}
}

func TestCallflowWarnings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		version    Version
		want       []string
	}{
		{"nothing odd", frontDesk, "", nil},
		{"a misspelt field", `{"module":"device","data":{"idd":"1","id":"2"}}`, "", []string{
			`.data.idd: there is no such field, and Kazoo ignores it; did you mean "id"?`,
		}},
		{"a field in another case", `{"module":"tts","data":{"text":"a","Voice":"female"}}`, "", []string{
			`.data.Voice: there is no such field, and Kazoo ignores it; did you mean "voice"?`,
		}},
		{"a field of nothing", `{"module":"hangup","data":{"why":1,"skip_module":true}}`, "", []string{
			`.data.why: there is no such field, and Kazoo ignores it; known: skip_module`,
		}},
		{
			"a misspelt time-out of pivot",
			`{"module":"pivot","data":{"voice_url":"https://pivot.example.com","req_timeout":"5"}}`, "",
			[]string{
				`.data.req_timeout: there is no such field, and Kazoo ignores it; did you mean "req_timeout_ms"?`,
			},
		},
		{
			"a misspelt member of a list",
			`{"module":"ring_group","data":{"endpoints":[{"id":"a","endpoint_type":"user","delya":1}]}}`, "",
			[]string{
				`.data.endpoints[0].delya: there is no such field, and Kazoo ignores it; did you mean "delay"?`,
			},
		},
		{"members of the action", `{"module":"hangup","childern":{},"flow":1}`, "", []string{
			`.childern: an action has no member "childern", and Kazoo ignores it; did you mean "children"?`,
			`.flow: an action has no member "flow", and Kazoo ignores it; known: children, data, module`,
		}},
		{
			"keys of a menu", `{"module":"menu","data":{"id":"m"},"children":{"1":` + frontDesk + `,"*9#":` +
				frontDesk +
				`,"_":` + frontDesk + `,"timeout":` + frontDesk + `,"time_out":` + frontDesk + `,"one":` + frontDesk +
				`}}`, "",
			[]string{
				`.children.time_out: the module never uses this child; did you mean "timeout"?`,
				`.children.one: the module never uses this child; known: _, max_retries, timeout`,
			},
		},
		{
			"children before the module",
			`{"children":{"no_match":{"module":"hangup"}},"data":{"id":"l"},"module":"cidlistmatch"}`, "",
			[]string{
				`.children.no_match: the module never uses this child; did you mean "nomatch"?`,
			},
		},
		{
			"why a phone was not answered",
			`{"module":"device","data":{"id":"d"},"children":{"USER_BUSY":{"module":"hangup"},"sip:486":{"module":"hangup"},
				"sip:4866":{"module":"hangup"},"NO_ANSER":{"module":"hangup"}}}`, "",
			[]string{
				`.children."sip:4866": the module never uses this child`,
				`.children.NO_ANSER: the module never uses this child; did you mean "NO_ANSWER"?`,
			},
		},
		{
			"a score",
			`{"module":"nomorobo","data":{"username":"a"},"children":{"0":{"module":"hangup"},"10":{"module":"hangup"},"11":{"module":"hangup"}}}`, "",
			[]string{`.children.11: the module never uses this child; known: _`},
		},
		{
			"any key",
			`{"module":"temporal_route","children":{"f00":{"module":"hangup"},"rule_set":{"module":"hangup"}}}`,
			"", nil,
		},
		{"an id that calls share", `{"module":"hangup","id":"1","_id":"2"}`, "", []string{
			`.id: all calls that get this id share one budget of actions, 20 at once and then 2 a second, and Kazoo ends those that exceed it; leave it out`,
			`._id: all calls that get this _id share one budget of actions, 20 at once and then 2 a second, and Kazoo ends those that exceed it; leave it out`,
		}},
		{
			"an id beside data",
			`{"id":"1","module":"device","children":{"_":{"module":"voicemail","data":{"action":"check"},"id":"2"}}}`,
			"",
			[]string{
				`.id: it belongs inside data, not beside it, as in "data": {"id": …}; move it there`,
				`.children._.id: it belongs inside data, not beside it, as in "data": {"id": …}; move it there`,
			},
		},
		{"an id beside data and in it", `{"module":"device","id":"1","data":{"id":"2"}}`, "", []string{
			`.id: all calls that get this id share one budget of actions, 20 at once and then 2 a second, and Kazoo ends those that exceed it; leave it out`,
		}},
		{"what follows, by another name", `{"module":"hangup","next":{"module":"hangup"}}`, "", []string{
			`.next: what follows an action goes into its children, as in "children": {"_": {…}}, and Kazoo ignores it here`,
		}},
		{
			"what only Kazoo itself writes",
			`{"module":"hangup","pvt_bucket_name":"a","pvt_bucket_cost":1,"remote_execution":true}`, "",
			[]string{
				`.pvt_bucket_name: all calls that get this pvt_bucket_name share one budget of actions, 20 at once and then 2 a second, and Kazoo ends those that exceed it; leave it out`,
				`.pvt_bucket_cost: it changes how much the action takes of the call's budget of actions; leave it out`,
				`.remote_execution: Kazoo sends the action elsewhere for it; leave it out`,
			},
		},
		{
			"where a call is parked",
			`{"module":"park","children":{"MAX_SLOT_EXCEEDED":{"module":"hangup"},"701":{"module":"hangup"},"_":{"module":"hangup"}}}`, "", nil,
		},
		{
			"why nobody was rung",
			`{"module":"ring_group","data":{"endpoints":[{"id":"a","endpoint_type":"user"}]},"children":{"NO_ENDPOINTS":{"module":"user","data":{"id":"a"},
			"children":{"NO_ENDPOINTS":{"module":"hangup"},"NO_ENDPOINT":{"module":"hangup"}}}}}`, "",
			[]string{
				`.children.NO_ENDPOINTS.children.NO_ENDPOINT: the module never uses this child; did you mean "NO_ENDPOINTS"?`,
			},
		},
		{"only one child", `{"module":"tts","data":{"text":"a"},"children":{"1":{"module":"hangup"}}}`, "", []string{
			`.children.1: the module never uses this child; did you mean "_"?`,
		}},
		{"no id", `{"module":"play","children":{"_":{"module":"menu"}}}`, "", []string{
			`.data.id: missing; without it the action does nothing; expected a text`,
			`.children._.data.id: missing; without it the action does nothing; expected a text`,
		}},
		{"no box to leave a message in", `{"module":"voicemail"}`, "", []string{
			`.data.id: missing; without it the action does nothing; expected a text of 32 characters`,
		}},
		{"no box to ask for one", `{"module":"voicemail","data":{"action":"check"}}`, "", nil},
		{"a field that one version lacks", `{"module":"park","data":{"max_slot_number":3}}`, "", []string{
			`.data.max_slot_number: in Kazoo 4.3 there is no such field, and it is ignored`,
		}},
		{"a field that this version lacks", `{"module":"park","data":{"force_presence_user":3}}`, KazooMaster, []string{
			`.data.force_presence_user: in Kazoo master there is no such field, and it is ignored`,
		}},
		{"a field that this version has", `{"module":"park","data":{"force_presence_user":true}}`, Kazoo5, nil},
		{
			"what stands before a mistake",
			`{"module":"play","data":{"idd":1},"children":{"_":{"module":"tts","date":{}}}}`, "",
			[]string{
				`.children._.date: an action has no member "date", and Kazoo ignores it; did you mean "data"?`,
			},
		},
		{"no JSON", `{`, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := CallflowWarnings([]byte(c.body), Cluster{Version: c.version})
			if diff := gocmp.Diff(c.want, texts(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestOffsets shows that a finding says where in the body it is.
func TestOffsets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ body, at string }{
		{`{"module": "play", "children": {"_": {"module": "tts", "data": {"text": 12}}}}`, "12}"},
		{`{"module": "play", "children": {"_": {"module": "tss"}}}`, `"tss"`},
		{`{"module": "play", "children": {"_": {"data": {}}}}`, `{"data": {}}}}`},
		{`{"module": "tts", "data": {"voice": "female"}}`, `{"voice"`},
		{`{"module": "tts"}`, `{"module"`},
		{`{"module": "tts"}{}`, `{}`},
		{`{"module": "tts",}`, `}`},
		{`{"module": "tts", "module": "tts"}`, `"module": "tts"}`},
		{"\ufeff{}", "\ufeff"},
	} {
		err := CheckCallflow([]byte(c.body), Cluster{})
		if f, ok := errors.AsType[*Finding](err); !ok || !strings.HasPrefix(c.body[f.Offset:], c.at) {
			t.Errorf("%s: got %#v, want an offset of %s", c.body, err, c.at)
		}
	}
	warnings := CallflowWarnings([]byte(`{"module": "hangup", "data": {"why": 1}}`), Cluster{})
	if len(warnings) != 1 || warnings[0].Offset != 30 {
		t.Errorf("got %v, want one at byte 30", warnings)
	}
}

// TestCheckAllocates shows that a callflow that is taken costs no memory for what it holds: none at
// all, and a few bytes of the reader's own where the race detector is built in.
func TestCheckAllocates(t *testing.T) { // no t.Parallel: allocations are counted for the whole process
	body := []byte(
		`{"module":"ring_group","data":{"endpoints":[{"id":"a","endpoint_type":"user","delay":5}],"timeout":20},
		"children":{"USER_BUSY":` + frontDesk + `,"_":` + frontDesk + `}}`)
	on := Cluster{Version: Kazoo5, Modules: []string{"acme_ivr"}}
	spare := new(checker) // the pool forgets some of its own when it is tested for races
	if n := testing.AllocsPerRun(100, func() {
		if finding := spare.check(body, on, nil); finding != nil {
			t.Fatal(finding)
		}
	}); n > 3 {
		t.Errorf("got %v allocations for %d members, want none", n, bytes.Count(body, []byte(":")))
	}
}
