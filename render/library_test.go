package render

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/routes"
)

// versions are those of which every member of the library writes callflows; none stands for one
// that is not known.
var versions = []pivot.Version{"", "4.3", "master", "5"}

// TestLibrarySchemas holds the examples against the schemas of a real cluster, where they are.
func TestLibrarySchemas(t *testing.T) {
	t.Parallel()
	shared := os.Getenv("CALLHOURS_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	schemas, err := pivot.LoadSchemas(os.DirFS(filepath.Join(shared, "kazoo-schemas")))
	if err != nil {
		t.Skipf("Kazoo's schemas are not here: %v", err)
	}
	l := library(t)
	for _, name := range l.Names() {
		s := compiled(t,
			setting{branches: []Branch{{Template: l.Template(name), Data: Data{Values: l.Template(name).Example()}}}})
		if found := Check(t.Context(), []*Route{s.route}, now, schemas); len(found) > 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
}

// TestLibraryExamples renders the example of each built-in template, and holds it against the
// catalog of every Kazoo.
func TestLibraryExamples(t *testing.T) {
	t.Parallel()
	l := library(t)
	for _, name := range l.Names() {
		given := Branch{Template: l.Template(name), Data: Data{Values: l.Template(name).Example()}}
		for _, branches := range [][]Branch{{given}, {given, {}}} { // without an event, with one
			s := compiled(t, setting{branches: branches, whens: []*routes.Condition{titled("*")}[:len(branches)-1]})
			a := s.Answer(t.Context(), nil, now)
			if a.Status != 200 {
				t.Errorf("%s: %v", name, a.Failures)
				continue
			}
			for _, v := range versions {
				if err := pivot.CheckCallflow(a.Body, pivot.Cluster{Version: v}); err != nil {
					t.Errorf("%s in Kazoo %q: %v: %s", name, v, err, a.Body)
				}
				for _, w := range pivot.CallflowWarnings(a.Body, pivot.Cluster{Version: v}) {
					t.Errorf("%s in Kazoo %q: %v: %s", name, v, w, a.Body)
				}
			}
			if found := Check(t.Context(), []*Route{s.route}, now, nil); len(found) > 0 {
				t.Errorf("%s: %v", name, found)
			}
		}
	}
}

// TestLibraryAnswers shows what the templates that choose write.
func TestLibraryAnswers(t *testing.T) {
	t.Parallel()
	l := library(t)
	ids := strings.NewReplacer("@a", strings.Repeat("a", 32), "@b", strings.Repeat("b", 32), "@c",
		strings.Repeat("c", 32),
		"@d", strings.Repeat("d", 32), "@m", strings.Repeat("e", 32))
	const mail = `{"module":"voicemail","data":{"id":"` + voicemail + `"}}`
	const orMail = `,"children":{"_":` + mail + `}}`
	said := func(next string) string {
		return `{"module":"tts","data":{"text":"Hi","language":"en-us"},"children":{"_":` + next + `}}`
	}
	for _, c := range []struct{ name, data, want string }{
		{"ring-in-turn-then-voicemail", `{"users": []}`, mail},
		{
			"ring-in-turn-then-voicemail", `{"users": ["@a", "@b"], "timeout": 7}`,
			`{"module":"user","data":{"id":"@a","timeout":7},"children":{"_":{"module":"user","data":{"id":"@b","timeout":7}` + orMail + `}}`,
		},
		{
			"ring-group-then-voicemail", `{"users": ["@a"], "devices": ["@b"], "timeout": 9}`,
			`{"module":"ring_group","data":{"strategy":"simultaneous","timeout":9,"endpoints":[{"id":"@a","endpoint_type":"user","timeout":9},` +
				`{"id":"@b","endpoint_type":"device","timeout":9}]}` + orMail,
		},
		{"announce", `{"message": "Hi"}`, said(mail)},
		{"announce", `{"recording": "r", "message": "Hi"}`, `{"module":"play","data":{"id":"r"}` + orMail},
		{"announce", `{"message": "Hi", "voicemail": null}`, said(`{"module":"hangup"}`)},
		{
			"announce", `{"message": "Hi", "device": "@a"}`,
			said(`{"module":"device","data":{"id":"@a","timeout":20}` + orMail),
		},
		{
			"announce", `{"message": "Hi", "user": "@a"}`,
			said(`{"module":"user","data":{"id":"@a","timeout":20}` + orMail),
		},
		{
			"announce", `{"message": "Hi", "users": ["@a", "@b"], "voicemail": null}`,
			said(
				`{"module":"ring_group","data":{"strategy":"simultaneous","timeout":20,"endpoints":[{"id":"@a","endpoint_type":"user","timeout":20},` +
					`{"id":"@b","endpoint_type":"user","timeout":20}]}}`),
		},
		{
			"announce", `{"message": "Hi", "menu": "@m", "keys": {"1": "@c"}}`,
			said(`{"module":"menu","data":{"id":"@m"},"children":{"1":{"module":"callflow","data":{"id":"@c"}},"_":` +
				mail + `}}`),
		},
		{"announce", `{"message": "Hi", "callflow": "@c"}`, said(`{"module":"callflow","data":{"id":"@c"}}`)},
		{
			"announce", `{"message": "Hi", "number": "+1"}`,
			said(`{"module":"resources","data":{"to_did":"+1","timeout":20}` + orMail),
		},
		{"menu", `{"menu": "@m", "keys": {}}`, `{"module":"menu","data":{"id":"@m"}` + orMail},
		{
			"forward", `{"number": "+1", "voicemail": null}`,
			`{"module":"resources","data":{"to_did":"+1","timeout":30}}`,
		},
		{"on-call", `{"default": "@d", "people": {}}`, `{"module":"user","data":{"id":"@d","timeout":20}` + orMail},
		{"reject", `{}`, `{"module":"response","data":{"code":486,"message":"Busy Here"}}`},
		{
			"collect-digits", `{"url": "http://a.example/b", "recording": "r"}`,
			`{"module":"play","data":{"id":"r"},"children":{"_":{"module":"collect_dtmf","data":{"max_digits":1,"timeout":5000},"children":{"_":` +
				`{"module":"pivot","data":{"voice_url":"http://a.example/b","method":"post","req_format":"kazoo"}}}}}}`,
		},
	} {
		c.data, c.want = ids.Replace(c.data), ids.Replace(c.want)
		data := map[string]any{"voicemail": voicemail}
		if err := json.Unmarshal([]byte(c.data), &data); err != nil {
			t.Fatal(err)
		}
		if timeout, ok := data["timeout"].(float64); ok {
			data["timeout"] = int(timeout)
		}
		s := compiled(t, setting{branches: []Branch{{Template: l.Template(c.name), Data: Data{Values: data}}}})
		if a := s.Answer(t.Context(), nil, now); string(a.Body) != c.want {
			t.Errorf("%s with %s:\ngot  %s %v\nwant %s", c.name, c.data, a.Body, a.Failures, c.want)
		}
	}
}

// TestLibraryOnCall: the event's title finds who rings.
func TestLibraryOnCall(t *testing.T) {
	t.Parallel()
	people := map[string]any{"anna": frontDesk}
	s := compiled(t, setting{
		branches: []Branch{{Template: library(t).Template("on-call"), Data: Data{Values: map[string]any{
			"people": people, "default": frontDesk, "voicemail": voicemail,
		}}}, {}},
		whens: []*routes.Condition{{Calendars: []string{"acme/hours"}, Events: routes.Events{
			Summary: []diag.Text{{S: "*"}}, Names: &routes.Names{Field: "people", Keys: []string{"anna"}},
		}}},
		fallback: 1,
	})
	want := `{"module":"user","data":{"id":"` + frontDesk +
		`","timeout":20},"children":{"_":{"module":"voicemail","data":{"id":"` + voicemail + `"}}}}`
	if a := s.Answer(t.Context(), nil, now.Add(-4*time.Hour)); string(a.Body) != want {
		t.Errorf("got %s %v, want %s", a.Body, a.Failures, want)
	}
}
