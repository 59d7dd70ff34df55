package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/diag"
)

const wholeTests = `config: office.yaml
calendars:
  hours:
    - {summary: Open, start: "2026-12-21 09:00", end: "2026-12-21 17:00", rrule: "FREQ=DAILY", except: [2026-12-25]}
  holidays: |
    BEGIN:VCALENDAR
    END:VCALENDAR
  plan: {file: "plan*.ics"}
  spare: unknown
tests:
  - name: Christmas
    route: main
    call: {caller: "+12025550147", params: {"Digits[pin]": "0123"}}
    at: ["2026-12-24", 2026-12-24T10:00:00Z]
    moments: |

      # the office closes early
      Thu 2026-12-24 09:00 to 12:00  open "Open #9"   # until noon
        2026-12-24T12:00:00-05:00    closed
      2026-12-25 to 2026-12-26 holiday
      2026-12-27 22:00 to 24:00 closed
    want: {status: 200, callflow: {module: device, "$.data.id": 0123}, until: never}
  - call: {dialed: "1001"}
    moments: {"2026-12-24 10:00": open}
`

func TestLoadTests(t *testing.T) {
	t.Parallel()
	tests, err := LoadTests("sub/office_test.yaml", Options{FS: memory("sub/office_test.yaml", wholeTests)})
	if err != nil {
		t.Fatal(err)
	}
	if got := tests.Config.S; got != "sub/office.yaml" {
		t.Errorf("config: got %q", got)
	}
	if got := tests.Calendars[2].File.S; got != "sub/plan*.ics" || len(tests.Calendars[0].Events) != 1 ||
		!tests.Calendars[3].Unknown {
		t.Errorf("calendars: got %+v", tests.Calendars)
	}
	var got []string
	for _, test := range tests.Tests {
		got = append(got, fmt.Sprintf("%s %d parameters", test.Name, len(test.Call)))
		for _, m := range test.Moments {
			got = append(got, fmt.Sprintf("%d:%d %s|%s|%s|%s", m.Line, m.Col, m.From, m.To, m.Branch, m.Event))
		}
	}
	want := []string{
		"Christmas 2 parameters",
		"14:10 2026-12-24|||",
		"14:24 2026-12-24T10:00:00Z|||",
		"18:7 2026-12-24 09:00|2026-12-24 12:00|open|Open #9",
		"19:9 2026-12-24T12:00:00-05:00||closed|",
		"20:7 2026-12-25|2026-12-27|holiday|",
		"21:7 2026-12-27 22:00|2026-12-28|closed|",
		"test 2 1 parameters",
		"24:15 2026-12-24 10:00||open|",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w := tests.Tests[0].Want
	if w.Status != 200 || len(w.Callflow) != 2 || w.Callflow[1].Value != "0123" || w.Until.S != "never" {
		t.Errorf("want: got %+v", w)
	}
}

func TestMistakesInTests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, want string }{
		{"no tests", "config: x.yaml\n", `t.yaml:1:1: there are no tests; write them under the key tests`},
		{"no list", "tests: x\n", `t.yaml:1:8: expected tests to be a list, found a text`},
		{"an empty list", "tests: []\n", `t.yaml:1:8: tests is an empty list; leave it out`},
		{"a misspelt key", "tets: []\n", `t.yaml:1:1: unknown key "tets" in a test file; did you mean "tests"?`},
		{
			"a key elsewhere", "route: x\ntests: [{route: x, at: 2026-12-24, want: {branch: x}}]\n",
			`t.yaml:1:1: unknown key "route" in a test file; it belongs in a test or want`,
		},
		{
			"nothing asked", "tests: [{at: 2026-12-24, want: {branch: x}}]\n",
			`t.yaml:1:9: test "test 1" has no route and no call; set route or call`,
		},
		{
			"nothing wanted", "tests: [{route: x, at: 2026-12-24}]\n",
			`t.yaml:1:9: test "test 1" has an empty want; add the expected results, such as branch: open`,
		},
		{
			"no moment", "tests: [{route: x, want: {branch: x}}]\n",
			`t.yaml:1:9: test "test 1" has no moment; set at or moments`,
		},
		{
			"the same name",
			"tests:\n- {name: a, route: x, moments: 2026-12-24 open}\n- {name: a, route: x, moments: 2026-12-24 open}\n", `t.yaml:3:10: test "a" has the name of the one at t.yaml:2:10`,
		},
		{
			"no moment at all", "tests: [{route: x, at: tomorrow, want: {branch: x}}]\n",
			`t.yaml:1:24: expected a moment such as 2026-12-25, 2026-12-25 10:00 or 2026-12-25T10:00:00Z, found "tomorrow"`,
		},
		{
			"a bad line", "tests:\n- route: x\n  moments: |\n    2026-12-24 open\n    10:00 open\n",
			`t.yaml:5:5: expected a line such as: Thu 2026-12-24 09:00 to 12:00  open "Open 9-12"; found "10:00 open"`,
		},
		{
			"a weekday", "tests: [{route: x, moments: Fri 2026-12-24 open}]\n",
			`t.yaml:1:29: 2026-12-24 is a Thursday, found "Fri"`,
		},
		{
			"no such day", "tests: [{route: x, moments: 2026-02-30 open}]\n",
			`t.yaml:1:29: expected a moment such as 2026-12-25, 2026-12-25 10:00 or 2026-12-25T10:00:00Z, found "2026-02-30"`,
		},
		{
			"a long range", "tests: [{route: x, moments: 2026-12-24 to 2036-12-24 open}]\n",
			`t.yaml:1:29: a range is at most 1100 days long`,
		},
		{
			"moments as a list", "tests: [{route: x, moments: [2026-12-24 open]}]\n",
			`t.yaml:1:29: expected moments to be text, a line each (moments: | and indented lines), or as a mapping, found a list`,
		},
		{
			"an empty want", "tests: [{route: x, at: 2026-12-24, want: {}}]\n",
			`t.yaml:1:42: want is empty; add the expected results, such as branch: open`,
		},
		{
			"a state", "tests: [{route: x, at: 2026-12-24, want: {state: shut}}]\n",
			`t.yaml:1:50: expected state to be one of open, closed, other, found "shut"`,
		},
		{
			"a status", "tests: [{route: x, at: 2026-12-24, want: {status: ok}}]\n",
			`t.yaml:1:51: expected status to be an HTTP status such as 200 or 404, found "ok"`,
		},
		{
			"an event without end",
			"calendars: {a: [{summary: x, start: 2026-12-24 10:00}]}\ntests: [{route: x, moments: 2026-12-24 open}]\n",
			`t.yaml:1:17: the event has no end; only one that starts with a date alone may leave it out, and is a day long`,
		},
		{
			"an event of a date and an hour",
			"calendars: {a: [{start: 2026-12-24, end: 2026-12-24 10:00}]}\ntests: [{route: x, moments: 2026-12-24 open}]\n", `t.yaml:1:42: expected start and end both to be a date or both with a time of day, found "2026-12-24" and "2026-12-24 10:00"`,
		},
		{
			"a rule",
			"calendars: {a: [{start: 2026-12-24, rrule: every day}]}\ntests: [{route: x, moments: 2026-12-24 open}]\n",
			`t.yaml:1:44: expected rrule as in RFC 5545 such as "FREQ=WEEKLY;BYDAY=MO,TU", found "every day"`,
		},
		{
			"a calendar", "calendars: {a: office.ics}\ntests: [{route: x, moments: 2026-12-24 open}]\n",
			`t.yaml:1:16: expected the calendar to be a list of events, {file: NAME}, the word unknown or iCalendar text, found "office.ics"`,
		},
		{
			"several", "calendars: {a: {fil: x}}\ntests: [{rout: x, at: 1}]\n",
			"t.yaml:1:17: unknown key \"fil\" in a calendar of a test; did you mean \"file\"?\nt.yaml:2:10: unknown key \"rout\" in a test; did you mean \"route\"?\nt.yaml:2:23: expected a moment such as 2026-12-25, 2026-12-25 10:00 or 2026-12-25T10:00:00Z, found \"1\"",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := LoadTests("t.yaml", Options{FS: memory("t.yaml", c.body)})
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestBoundsOfTests(t *testing.T) {
	t.Parallel()
	body := "tests:\n- route: x\n  moments: |\n" + strings.Repeat("    2026-12-24 open\n", maxTestMoments+1)
	_, err := LoadTests("t.yaml", Options{FS: memory("t.yaml", body)})
	if want := "t.yaml: 10001 moments are more than the 10000 that a file may have; split it"; err == nil ||
		err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// FuzzLoadTests reads any bytes as a test file: it ends, and each mistake stands at a place in it.
func FuzzLoadTests(f *testing.F) {
	for _, seed := range []string{
		wholeTests, "tests: []\n", "tests:\n- moments: |\n\n\n   2026\n",
		"tests: [{moments: \"a\\nb\", at: [x]}]\n", "tests: [{moments: >\n  a\n\n  b}]\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fsys := memory("t.yaml", string(body))
		tests, err := LoadTests("t.yaml", Options{FS: fsys})
		if err != nil {
			mistakes, ok := errors.AsType[diag.Mistakes](err)
			if !ok {
				t.Fatalf("got %v, want mistakes", err)
			}
			for _, m := range mistakes {
				checkPlace(t, fsys, m)
			}
		}
		if tests == nil {
			return
		}
		for _, test := range tests.Tests {
			if test.Name == "" || err == nil && len(test.Moments) == 0 ||
				test.Route.S == "" && test.Path.S == "" && len(test.Call) == 0 &&
					!strings.Contains(string(body), "call") {
				t.Fatalf("a test is not whole: %+v", test)
			}
		}
	})
}

// TestTestKeys compares the table of docs/testing.md with the loader's.
// UPDATE=1 rewrites the document's.
func TestTestKeys(t *testing.T) {
	t.Parallel()
	compareKeys(t, "../docs/testing.md", testKeys)
}
