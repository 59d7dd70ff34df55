package pivot

import (
	"errors"
	"strings"
	"testing"
)

// TestClientURLs shows which URLs every Kazoo that reads addresses in any spelling would ask, and
// which those that go by the spelling.
func TestClientURLs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url    string
		v43, m bool // taken by 4.3, and by master and 5
	}{
		{"http://pivot.example.com", true, true},
		{"https://10.20.30.40:8443/a?b#c", true, true},
		{"http://127.0.0.2/", true, true},
		{"http://[2001:db8::1]/", true, true},
		{"http://localhost.example.com/", true, true},
		{"http://user:secret@pivot.example.com/", true, true},
		{"http://user:@pivot.example.com/", true, true},
		{"http://pivot.example.com/who@where", true, true},
		{"http://pivot.example.com?who@where", true, true},
		{"http://127.1.example.com/", true, true},
		{"http://0x7f.1.1.1.1/", true, true},
		{"http://127.1./", true, true},
		{"http://08.0.0.1/", true, true},
		{"http://256/", true, true},
		{"http://0x/", true, true},

		{"", false, false},
		{"http://", false, false},
		{"http:///x", false, false},
		{"http://:80/", false, false},
		{"http:pivot.example.com", false, false},
		{"HTTP://pivot.example.com", false, false},
		{"Https://pivot.example.com", false, false},
		{" http://pivot.example.com", false, false},
		{"ftp://pivot.example.com", false, false},
		{"pivot.example.com", false, false},
		{"http://localhost", false, false},
		{"http://LocalHost:9000/rec", false, false},
		{"http://127.0.0.1", false, false},
		{"http://0.0.0.0:80", false, false},
		{"http://user@pivot.example.com/", false, false},
		{"http://user@pivot.example.com:8080/", false, false},
		{"http://@pivot.example.com/", false, false},
		{"http://user:secret@localhost/", false, false},
		{"http://localhost:secret@pivot.example.com/", false, false},
		{"http://a:b@c@127.0.0.1/", false, false},

		{"http://127.1", true, false},
		{"http://127.0.1/", true, false},
		{"http://2130706433/", true, false},
		{"http://017700000001/", true, false},
		{"http://0x7f000001/", true, false},
		{"http://0x7F.1/", true, false},
		{"http://0177.0x0.0.01/", true, false},
		{"http://127.000.000.001/", true, false},
		{"http://0/", true, false},
		{"http://00.0.0.0/", true, false},
		{"http://0x0:80", true, false},
		{"http://user:secret@127.1/", true, false},
		{"http://127.1:secret@pivot.example.com/", true, false},
	} {
		for _, module := range []string{
			`{"module":"pivot","data":{"voice_url":"` + c.url + `"}}`,
			`{"module":"webhook","data":{"uri":"` + c.url + `"}}`,
			`{"module":"record_call","data":{"url":"` + c.url + `"}}`,
			`{"module":"record_caller","data":{"url":"` + c.url + `"}}`,
		} {
			for version, want := range map[Version]bool{
				Kazoo43: c.v43, KazooMaster: c.m, Kazoo5: c.m,
				"": c.v43 && c.m,
			} {
				err := CheckCallflow([]byte(module), Cluster{Version: version})
				if (err == nil) != want {
					t.Errorf("%s for version %q: got %v", module, version, err)
				}
			}
		}
	}
}

func TestErlangAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint32{
		"1.2.3.4": 0x01020304, "1.2.772": 0x01020304, "1.131844": 0x01020304, "16909060": 0x01020304,
		"01.0x2.03.4": 0x01020304,
		"4294967295":  0xffffffff, "0": 0, "0x0000000000001": 1, "00000000000001": 1, "+1": 1,
	} {
		if got, ok := erlangAddress(text); !ok || got != want {
			t.Errorf("%s: got %#x, %t, want %#x", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", ".", "1.", ".1", "1..2", "1.2.3.4.5", "256.1", "1.16777216", "4294967296", "-1", "0x", "0xg", "09", "1_0",
		"a", "1.2.3.256", "18446744073709551617",
	} {
		if got, ok := erlangAddress(text); ok {
			t.Errorf("%q: got %#x, want no address", text, got)
		}
	}
}

// TestNumbersOutOfRange: Kazoo's parser has no JSON at all where a float is out
// of range, wherever it stands.
func TestNumbersOutOfRange(t *testing.T) {
	t.Parallel()
	for number, fits := range map[string]bool{
		"1e308": true, "-1.7976931348623157e308": true, "0e999": true, "0.0E-999": true, "1e-300": true,
		strings.Repeat("9", 400): true,
		"1e400":                  false, "-1E+400": false, "2e308": false, "1e-400": false,
		strings.Repeat("9", 400) + ".5": false,
	} {
		for _, body := range []string{
			`{"module":"hangup","x":` + number + `}`,
			`{"module":"hangup","data":{"x":[{"y":"1e400 \" 2e999"}, ` + number + ` ]}}`,
			`{"module":"play","data":{"id":"a"},"children":{"_":{"module":"sleep","data":{"x":-0,"y":` + number +
				"\n}}}}",
		} {
			err := CheckCallflow([]byte(body), Cluster{})
			if (err == nil) != fits {
				t.Errorf("%.120s: got %v", body, err)
			}
		}
	}
	err := CheckCallflow([]byte(`{"module":"hangup","x":[1e400]}`), Cluster{})
	if f, ok := errors.AsType[*Finding](err); !ok || f.Offset != 24 ||
		f.Error() != "callflow: 1e400 is not a number that Kazoo can read: it is too large or too small" {
		t.Errorf("got %#v", err)
	}
}

// TestModulesOfOtherNames shows that people who know a module by another name are told Kazoo's.
func TestModulesOfOtherNames(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"say": `"tts"`, "Playback": `"play"`, "vm": `"voicemail"`, "sip_response": `"response"`,
		"hunt-group": `"ring_group"`, "goto": `"callflow"`,
		"Gather": `"collect_dtmf"`, "extension": `"device" or "user"`, "fax": `"faxbox" or "receive_fax"`,
		"Set Var": `"set_variables"`, "hangupp": `"hangup"`,
		"hangup_call": `"hangup"`, "park-call": `"park"`, "tts_say": `"tts"`, "pivot_call": `"pivot"`,
		"receive_voicemail": `"voicemail"`, "speech": `"tts"`,
		"ring": `"device", "user" or "ring_group"`, "record_cal": `"record_call"`, "play_and_park": `"play" or "park"`,
	} {
		err := CheckCallflow([]byte(`{"module":"`+text+`"}`), Cluster{})
		if full := `.module: "` + text + `" is not a module of Kazoo; did you mean ` + want + `?`; err == nil ||
			err.Error() != full {
			t.Errorf("got %v, want %s", err, full)
		}
	}
	for _, text := range []string{"sms", "xyz", "play_menu_park_hangup"} {
		err := CheckCallflow([]byte(`{"module":"`+text+`"}`), Cluster{})
		if want := `.module: "` + text + `" is not a module of Kazoo`; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s, with nothing suggested", err, want)
		}
	}
	own := Cluster{Modules: []string{"say"}}
	if err := CheckCallflow([]byte(`{"module":"say"}`), own); err != nil {
		t.Errorf("a module of the cluster's own: %v", err)
	}
	for name, modules := range builtIn().aliases {
		if builtIn().modules[name] != nil {
			t.Errorf("%q is a module itself", name)
		}
		for _, module := range modules {
			if builtIn().modules[module] == nil {
				t.Errorf("%q: there is no module %q", name, module)
			}
		}
	}
	for module := range builtIn().instant {
		if builtIn().modules[module] == nil {
			t.Errorf("there is no module %q that takes no time", module)
		}
	}
}

// FuzzClientURL shows that no URL is taken that Kazoo would not ask, by the tests'
// own reading of its sources.
func FuzzClientURL(f *testing.F) {
	for _, text := range someTexts {
		f.Add(text)
	}
	f.Add("http://0x7F.0.0.01:80@x/")
	f.Add("https://127.0.0.1.:@0")
	f.Fuzz(func(t *testing.T, url string) {
		if isClientURL([]byte(url), true) && !allowsHost(url) {
			t.Errorf("%q is taken, and Kazoo would not ask it", url)
		}
		if isClientURL([]byte(url), true) && !isClientURL([]byte(url), false) {
			t.Errorf("%q is taken by master and not by 4.3", url)
		}
	})
}
