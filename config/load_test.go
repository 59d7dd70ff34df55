package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/callhours/callhours/internal/diag"
)

// oneOffice and the tenant's files below are the examples of docs/config.md.
const oneOffice = `
listen: "127.0.0.1:8080"
admin_listen: "127.0.0.1:9480"
state_dir: ./state
timezone: America/Los_Angeles
auth:
  basic: {username: kazoo, password: {secret: pivot-password}}
secrets: [secrets/*.yaml]
calendars:
  hours:
    url: https://calendar.example.com/office.ics
    refresh: 15m
    timezone: Europe/Berlin
    expire_after: 720h
    expect: covered
  holidays:
    file: us-holidays.ics
    only: {description: "public holiday*"}
    except: {summary: ["Columbus Day"]}
    if_unknown: absent
routes:
  - name: main-number
    timezone: America/New_York
    day_starts: "05:00"
    data: {front_desk: 0123456789abcdef0123456789abcdef, voicemail: 4567456745674567}
    branches:
      - name: closed-by-hand
        state: closed
        when: {calendar: hours, summary: ["*closed*", "*vacation*"]}
        template: voicemail
      - name: holiday
        state: closed
        when: {calendar: holidays}
        template: announce-then-voicemail
        data: {message: "We are closed for {{ .Event.Summary }}."}
      - name: open
        when: {calendar: hours, summary: "open*"}
        callflow: |
          {"module": "device", "data": {"id": {{ .Data.front_desk }}},
           "children": {"_": {"module": "voicemail", "data": {"id": {{ .Data.voicemail }}}}}}
      - name: closed
        template: voicemail
    unknown: closed
    fallback: closed
`

// ignorePlaces compares what is meant, not where it stands.
var ignorePlaces = cmp.Options{
	cmpopts.IgnoreTypes(diag.Pos{}),
	cmp.Comparer(func(a, b Secret) bool { return a.Reveal() == b.Reveal() && a.Given() == b.Given() }),
	cmp.Comparer(func(a, b *Data) bool {
		return a == nil && b == nil || a != nil && b != nil && cmp.Equal(a.Values, b.Values)
	}),
}

func text(s string) Text { return Text{S: s} }

func texts(all ...string) []Text {
	var out []Text
	for _, s := range all {
		out = append(out, text(s))
	}
	return out
}

func secret(s string) Secret { return Secret{text: &s} }

func TestOneOffice(t *testing.T) {
	t.Parallel()
	f := load(t, "callhours.yaml", oneOffice, "secrets/a.yaml", "pivot-password: hunter2\n")
	data := func(more map[string]any) *Data {
		values := map[string]any{"front_desk": "0123456789abcdef0123456789abcdef", "voicemail": "4567456745674567"}
		maps.Copy(values, more)
		return &Data{Values: values}
	}
	f.Plans = nil // built in
	f.Inputs = nil
	want := &File{
		Path:         "callhours.yaml",
		Listen:       []Text{text("127.0.0.1:8080")},
		AdminListen:  text("127.0.0.1:9480"),
		PivotPath:    text("/pivot"),
		Auth:         &Auth{Basic: &Basic{"kazoo", secret("hunter2")}},
		Log:          Log{"text", "none", "all"},
		Decisions:    Decisions{20, "last4"},
		StateDir:     "state",
		Timezone:     text("America/Los_Angeles"),
		AnswerWithin: time.Second,
		StartTimeout: 10 * time.Second,
		Watch:        5 * time.Second,
		Drain:        5 * time.Second,
		Horizon:      400 * 24 * time.Hour,
		Calendars: []*Calendar{
			{
				Name:        "hours",
				URL:         secret("https://calendar.example.com/office.ics"),
				Refresh:     15 * time.Minute,
				Timezone:    text("Europe/Berlin"),
				ExpireAfter: 720 * time.Hour,
				Expect:      Expect{Covered: true},
				IfUnknown:   "unknown",
			},
			{
				Name:      "holidays",
				File:      "us-holidays.ics",
				Only:      []Filter{{Description: texts("public holiday*")}},
				Except:    []Filter{{Summary: texts("Columbus Day")}},
				IfUnknown: "absent",
			},
		},
		Routes: []*Route{{
			Name:      "main-number",
			Path:      text("/main-number"),
			Timezone:  text("America/New_York"),
			DayStarts: 5 * time.Hour,
			Branches: []*Branch{
				{
					Name: "closed-by-hand", State: "closed", Template: text("voicemail"), Data: data(nil),
					When: &Condition{
						Calendars: texts("hours"),
						Criteria:  &Criteria{Events: Filter{Summary: texts("*closed*", "*vacation*")}},
					},
				},
				{
					Name: "holiday", State: "closed", Template: text("announce-then-voicemail"),
					Data: data(map[string]any{"message": "We are closed for {{ .Event.Summary }}."}),
					When: &Condition{Calendars: texts("holidays"), Criteria: &Criteria{}},
				},
				{
					Name: "open", State: "open", Data: data(nil),
					When: &Condition{
						Calendars: texts("hours"),
						Criteria:  &Criteria{Events: Filter{Summary: texts("open*")}},
					},
					Callflow: text(`{"module": "device", "data": {"id": {{ .Data.front_desk }}},
 "children": {"_": {"module": "voicemail", "data": {"id": {{ .Data.voicemail }}}}}}
`),
				},
				{Name: "closed", State: "closed", Template: text("voicemail"), Data: data(nil)},
			},
			Unknown:  3,
			Fallback: 3,
		}},
	}
	if diff := cmp.Diff(want, f, ignorePlaces); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	open := f.Routes[0].Branches[2]
	for _, c := range []struct {
		what string
		got  diag.Pos
		want string
	}{
		{"callflow", open.Callflow.Pos, "callhours.yaml:39:11"},
		{"template", f.Routes[0].Branches[0].Template.Pos, "callhours.yaml:30:19"},
		{"a text in data", f.Routes[0].Branches[1].Data.Pos("message"), "callhours.yaml:35:26"},
		{"data of the route", open.Data.Pos("voicemail"), "callhours.yaml:25:69"},
		{"data that is not there", open.Data.Pos("voicemail", "x"), ""},
		{"branch", open.Pos, "callhours.yaml:36:15"},
		{"a pattern", open.When.Events.Summary[0].Pos, "callhours.yaml:37:42"},
	} {
		if c.got.String() != c.want {
			t.Errorf("place of %s: got %s, want %s", c.what, c.got, c.want)
		}
	}
}

func TestTenant(t *testing.T) {
	t.Parallel()
	f := load(t, "callhours.yaml", `
listen: "127.0.0.1:8080"
timezone: America/Los_Angeles
include: [tenants/*.yaml]
secrets: [secrets.yaml]
lists: {spam: {file: spam.txt}}
data: {voicemail: global, hold: {music: a, seconds: 20}}
calendars:
  holidays: {file: holidays.ics}
plans:
  office:
    calendars: [hours, closures]
    branches:
      - {name: spam, state: other, when: {caller: {list: spam}}, template: hang-up}
      - {name: open, when: {all: [{calendar: hours}, {not: {calendar: closures}}]}, template: ring}
      - {name: closed, template: voicemail}
tenants: {acme: {secrets: [acme-hours]}}
`,
		"secrets.yaml", "acme-hours: webcal://example.com/acme.ics\n",
		"spam.txt", "\ufeff\ufeff+1900*\r\n",
		"tenants/acme.yaml", `
tenant: {name: acme, account: [7a1c], timezone: America/New_York, phone_region: US, language: en-us, labels: {contact: ops@acme.example}}
data: {voicemail: 4567, hold: {music: b}}
calendars:
  hours: {url: {secret: acme-hours}}
routes:
  - name: main
    plan: office
    match: {dialed: ["+14155550100"]}
    calendars: {hours: hours, closures: [holidays]}
    data: {front_desk: 0123}
    answers: {open: menu}
`)
	if len(f.Routes) != 1 {
		t.Fatalf("got %d routes, want 1", len(f.Routes))
	}
	tenant := &Tenant{
		Name:        "acme",
		Owner:       "tenants/acme.yaml",
		Accounts:    texts("7a1c"),
		Timezone:    text("America/New_York"),
		Language:    "en-us",
		PhoneRegion: "US",
		Labels:      map[string]string{"contact": "ops@acme.example"},
		Data: &Data{
			Values: map[string]any{"voicemail": 4567, "hold": map[string]any{"music": "b", "seconds": 20}},
		},
	}
	data := &Data{Values: map[string]any{
		"voicemail": 4567, "hold": map[string]any{"music": "b", "seconds": 20}, "front_desk": "0123",
	}}
	want := &Route{
		Name:        "acme/main",
		Tenant:      tenant,
		Plan:        "office",
		Path:        text("/pivot"),
		Match:       Match{Accounts: texts("7a1c"), Dialed: texts("+14155550100")},
		Timezone:    text("America/New_York"),
		Language:    "en-us",
		PhoneRegion: "US",
		Branches: []*Branch{
			{
				Name: "spam", State: "other", Template: text("hang-up"), Data: data,
				When: &Condition{Criteria: &Criteria{Caller: Numbers{Lists: texts("spam")}}},
			},
			{Name: "open", State: "open", Template: text("menu"), Data: data, When: &Condition{
				Criteria: &Criteria{},
				All: []*Condition{
					{Calendars: texts("acme/hours"), Criteria: &Criteria{}},
					{Criteria: &Criteria{}, Not: &Condition{Calendars: texts("holidays"), Criteria: &Criteria{}}},
				},
			}},
			{Name: "closed", State: "closed", Template: text("voicemail"), Data: data},
		},
		Unknown:  2,
		Fallback: 2,
	}
	if diff := cmp.Diff(want, f.Routes[0], ignorePlaces); diff != "" {
		t.Errorf("route (-want +got):\n%s", diff)
	}
	if len(f.Plans) != 1 || f.Plans[0].Pos.File != "callhours.yaml" {
		t.Errorf("got %d plans, want the one that hides the built-in office", len(f.Plans))
	}
	lists := []*List{{Name: "spam", File: "spam.txt", Numbers: texts("+1900*")}}
	if diff := cmp.Diff(lists, f.Lists, ignorePlaces); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
	// Whoever looks at a merged value finds the file that it comes from.
	at := f.Routes[0].Branches[0].Data.Pos
	for _, c := range []struct {
		path []string
		want string
	}{
		{[]string{"hold", "music"}, "tenants/acme.yaml:3:39"},
		{[]string{"hold", "seconds"}, "callhours.yaml:7:53"},
		{[]string{"front_desk"}, "tenants/acme.yaml:11:24"},
	} {
		if got := at(c.path...).String(); got != c.want {
			t.Errorf("place of %q: got %s, want %s", c.path, got, c.want)
		}
	}
}

func TestIncludeWithoutTenant(t *testing.T) {
	t.Parallel()
	f := load(t, "conf/callhours.yaml",
		"timezone: UTC\ninclude_shared: [\"*.yaml\"]\ninclude: more/b.yaml\nlisten: localhost:1\n",
		"conf/a.yaml", "calendars: {hours: {file: ics/a.ics}}\n",
		"conf/more/b.yaml", `
lists: {vip: {numbers: [1]}}
routes:
  - name: main
    path: /x//y/
    branches:
      - {name: open, when: {calendar: hours, caller: {list: vip}}, pass: true}
      - {name: closed, template: voicemail}
`)
	r := f.Routes[0]
	if r.Tenant != nil || r.Name != "main" || r.Path.S != "/x/y" {
		t.Errorf("got route %q of tenant %v at %q, want main of no tenant at /x/y", r.Name, r.Tenant, r.Path.S)
	}
	if got := f.Calendars[0].File; got != "conf/ics/a.ics" {
		t.Errorf("got file %q, want it relative to the file that names it", got)
	}
	if f.Dir != "conf" {
		t.Errorf("got Dir %q, want conf", f.Dir)
	}
}

func TestScalarsKeepTheirText(t *testing.T) {
	t.Parallel()
	f := load(t, "c.yaml", "\ufeff\ufefftimezone: UTC\r\nlisten: localhost:1\r\nlists:\r\n"+
		"  n: {numbers: [+14155550100, 0123, 1_000, 1.10, 0x1F, 1e3, yes, \"true\", null, 2026-01-01, ~, 12:30:45]}\r\n"+
		"data:\r\n  text: |\r\n    a\r\n    b\r\n")
	want := texts("+14155550100", "0123", "1_000", "1.10", "0x1F", "1e3", "yes", "true", "null", "2026-01-01", "~",
		"12:30:45")
	if diff := cmp.Diff(want, f.Lists[0].Numbers, ignorePlaces); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDataTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		yaml string
		want any
	}{
		{"20", 20},
		{"0", 0},
		{"-5", -5},
		{"999999999", 999999999},
		{"1000000000", "1000000000"},
		{"0123", "0123"},
		{"-0", "-0"},
		{"+14155550100", "+14155550100"},
		{"+5", "+5"},
		{"1_000", "1_000"},
		{"1.10", "1.10"},
		{"0x1F", "0x1F"},
		{"12345678901234567890123456789012", "12345678901234567890123456789012"},
		{"true", true},
		{"false", false},
		{"True", "True"},
		{"yes", "yes"},
		{"null", nil},
		{"~", "~"},
		{"2026-12-25", "2026-12-25"},
		{`"20"`, "20"},
		{`'true'`, "true"},
		{`""`, ""},
		{"[1, a, [true]]", []any{1, "a", []any{true}}},
		{"{1: 2, b: {}}", map[string]any{"1": 2, "b": map[string]any{}}},
		{"[]", []any{}},
		{"{{ .Call.From }}x", nil}, // a mapping that opens: a mistake
		{`"{{ .Call.From }}"`, "{{ .Call.From }}"},
	} {
		f, err := Load("c.yaml",
			Options{
				FS: memory("c.yaml",
					"listen: localhost:1\nroutes: [{name: r, timezone: UTC, branches: [{name: closed, pass: true}], data: {v: "+c.yaml+"}}]\n"),
			})
		if strings.HasPrefix(c.yaml, "{{") {
			if err == nil {
				t.Errorf("%s: got no mistake, want one", c.yaml)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.yaml, err)
			continue
		}
		if diff := cmp.Diff(c.want, f.Routes[0].Branches[0].Data.Values["v"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.yaml, diff)
		}
	}
}

// TestTextPlaces checks that a text written in place stands where its first
// character does, whatever its style.
func TestTextPlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, yaml, want string }{
		{"plain", "v: abc", "c.yaml:2:6"},
		{"double quotes", `v: "abc"`, "c.yaml:2:7"},
		{"single quotes", `v: 'abc'`, "c.yaml:2:7"},
		{"after wide characters", `{ü: é, v: "abc"}`, "c.yaml:2:14"},
		{"literal", "v: |\n      abc\n", "c.yaml:3:7"},
		{"folded", "v: >-\n    abc\n", "c.yaml:3:5"},
		{"literal after a blank line", "v: |\n\n     abc\n", "c.yaml:3:6"},
		{"anchored", `v: &x "abc"`, "c.yaml:2:10"},
	} {
		src := "data:\n  " + c.yaml + "\ntimezone: UTC\nlisten: localhost:1\n" +
			"routes: [{name: r, branches: [{name: closed, pass: true}]}]\n"
		if got := load(t, "c.yaml", src).Routes[0].Branches[0].Data.Pos("v").String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for _, c := range []struct {
		in   string
		want time.Duration
		ok   bool
	}{
		{"15m", 15 * time.Minute, true},
		{"720h", 720 * hour, true},
		{"60d", 60 * 24 * hour, true},
		{"2w", 14 * 24 * hour, true},
		{"1w2d3h", (9*24 + 3) * hour, true},
		{"1.5d", 36 * hour, true},
		{"0s", 0, true},
		{"106751d", 106751 * 24 * hour, true},
		{"106752d", 0, false},
		{"106751d106751d", 0, false},
		{"", 0, false},
		{"0", 0, false},
		{"15", 0, false},
		{"-15m", 0, false},
		{"5 minutes", 0, false},
		{"1y", 0, false},
		{"999999999999999999999h", 0, false},
	} {
		if got, ok := parseDuration(c.in); got != c.want || ok != c.ok {
			t.Errorf("%q: got %v, %v, want %v, %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Minute: "1m", 48 * time.Hour: "2d", 90 * time.Minute: "1h30m", 2 * time.Hour: "2h",
		10 * time.Second: "10s", 0: "0s",
		70 * time.Second: "1m10s", 10 * time.Millisecond: "10ms",
	} {
		if got := formatDuration(d); got != want {
			t.Errorf("%d: got %q, want %q", d, got, want)
		}
	}
}

// TestSecretsAreNotShown prints a File in every way that a program might.
func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	f := load(t, "c.yaml", `
timezone: UTC
listen: localhost:1
secrets: s.yaml
auth: {basic: {username: kazoo, password: {secret: pw}}, token: hunter2-plain-4f1c9a7be2d8036581}
calendars:
  hours: {url: "https://hunter2.example.com/hunter2.ics", headers: {Authorization: Bearer hunter2}, basic: {username: u, password: hunter2}}
`, "s.yaml", "pw: hunter2\n")
	if got := f.Auth.Basic.Password.Reveal(); got != "hunter2" {
		t.Fatalf("Reveal: got %q, want the secret", got)
	}
	f.Inputs = nil
	hidden := struct{ s Secret }{f.Auth.Token}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", f.Auth.Token, "auth", f.Auth, "calendar",
		f.Calendars[0])
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", f.Auth.Token, "auth", f.Auth, "calendar",
		f.Calendars[0])
	encoded, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	all := log.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		for _, value := range []any{
			f.Auth.Token, f.Auth, *f.Auth, f.Auth.Basic, f.Calendars[0], f.Calendars[0].Headers,
			hidden, &hidden,
		} {
			all += fmt.Sprintf(verb+"\n", value)
		}
	}
	for _, w := range f.Warnings {
		all += w.Error()
	}
	if i := strings.Index(all, "hunter2"); i >= 0 {
		t.Errorf("a secret is shown: …%s…", all[max(0, i-60):min(len(all), i+60)])
	}
	if want := `"Token":"\u003csecret\u003e"`; !strings.Contains(all, want) {
		t.Errorf("got no %s in %s", want, encoded)
	}
	if got := fmt.Sprint(Secret{}); got != "" || (Secret{}).Given() {
		t.Errorf("the zero Secret prints %q, want nothing", got)
	}
}

func TestSecretsModeAndLookup(t *testing.T) {
	t.Parallel()
	fsys := memory("c.yaml", `
timezone: UTC
listen: localhost:1
secrets: s.yaml
include: [acme.yaml]
tenants: {acme: {secrets: [a, b]}}
`, "s.yaml", "a: global-a\nb: global-b\n", "acme.yaml", `
tenant: {name: acme}
secrets: [acme/secrets.yaml]
calendars:
  a: {url: "https://example.com/", basic: {username: u, password: {secret: a}}}
  b: {url: "https://example.com/", basic: {username: u, password: {secret: b}}}
`, "acme/secrets.yaml", "a: tenant-a\n")
	fsys["s.yaml"].Mode = 0o644
	f, err := Load("c.yaml", Options{FS: fsys})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"tenant-a", "global-b"} {
		if got := f.Calendars[i].Basic.Password.Reveal(); got != want {
			t.Errorf("calendar %s: got %q, want %q", f.Calendars[i].Name, got, want)
		}
	}
	if want := "s.yaml: secrets are open to others (mode 0644); chmod 600"; len(f.Warnings) == 0 ||
		f.Warnings[len(f.Warnings)-1].Error() != want {
		t.Errorf("got warnings %v, want %q", f.Warnings, want)
	}
}

func TestUnreadableMainFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	missing := filepath.Join(dir, "callhours.yaml")
	big := memory("c.yaml", strings.Repeat("#", maxFile+1))
	for _, c := range []struct {
		name, path string
		fsys       fs.FS
		want       string
	}{
		{"missing on disk", missing, nil, missing + ": file does not exist"},
		{"missing in memory", "c.yaml", fstest.MapFS{}, "c.yaml: file does not exist"},
		{"a path that memory cannot have", "/etc/c.yaml", fstest.MapFS{}, "/etc/c.yaml: file does not exist"},
		{"a directory", dir, nil, dir + ": is a directory; expected a regular file"},
		{"too large", "c.yaml", big, "c.yaml: is larger than 8 MiB; split it into several"},
	} {
		f, err := Load(c.path, Options{FS: c.fsys})
		if err == nil || err.Error() != c.want || f != nil {
			t.Errorf("%s: got %v, %v, want %q", c.name, f, err, c.want)
		}
		if _, ok := errors.AsType[diag.Mistakes](err); ok {
			t.Errorf("%s: got mistakes, want an error of another kind", c.name)
		}
	}
	if _, err := Load(missing, Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

// TestFileWithMistakes checks that what was understood is there for the owners of the rest.
func TestFileWithMistakes(t *testing.T) {
	t.Parallel()
	f, err := Load("c.yaml", Options{FS: memory("c.yaml", `
timezone: UTC
drian: 5s
routes: [{name: r, branches: [{name: closed, template: voicemial}]}]
`)})
	if err == nil || f == nil || len(f.Routes) != 1 || f.Routes[0].Branches[0].Template.S != "voicemial" {
		t.Errorf("got %+v, %v, want the route and a mistake", f, err)
	}
}

// TestFromDisk checks that paths are taken as given and that links and modes of
// the operating system are read.
func TestFromDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, body := range map[string]string{
		"callhours.yaml": "timezone: UTC\nlisten: localhost:1\ninclude: [t/*.yaml]\nsecrets: [" +
			filepath.Join(dir, "s.yaml") + "]\n",
		"s.yaml":   "a: b\n",
		"t/b.yaml": "tenant: {name: b}\n",
		"t/a.yaml": "tenant: {name: a}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Load(filepath.Join(dir, "callhours.yaml"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Tenants) != 2 || f.Tenants[0].Name != "a" || f.Tenants[1].Name != "b" {
		t.Errorf("got tenants %v, want a and b", f.Tenants)
	}
	if want := filepath.Join(dir, "t", "a.yaml"); f.Tenants[0].Pos.File != want {
		t.Errorf("got place %s, want %s", f.Tenants[0].Pos, want)
	}
	if len(f.Warnings) != 1 || !strings.Contains(f.Warnings[0].Message, "no routes") {
		t.Errorf("got warnings %v, want only that there are no routes", f.Warnings)
	}
}
