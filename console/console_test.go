package console

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/console/languages"
	"github.com/callhours/callhours/preview"
)

func TestMoment(t *testing.T) {
	t.Parallel()
	z := zone(t, "America/New_York")
	l := languages.New().Match("")
	now := time.Date(2026, 11, 1, 0, 30, 0, 0, z) // the day has 25 hours
	for _, c := range []struct{ at, moment, distance string }{
		{"2026-11-01 23:59", "today 23:59", "in 24 h"},
		{"2026-11-02 00:00", "tomorrow 00:00", "in 25 h"},
		{"2026-10-31 09:00", "yesterday 09:00", "15 h 30 min ago"},
		{"2026-11-03 09:00", "Tue 3 Nov 2026 09:00", "in 58 h"},
		{"2028-02-29 09:00", "Tue 29 Feb 2028 09:00", "in 485 days"},
		{"2026-11-01 00:45", "today 00:45", "in 15 min"},
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", c.at, z)
		if err != nil {
			t.Fatal(err)
		}
		if got := formatMoment(l, at, now.UTC()); got != c.moment {
			t.Errorf("%s: got %q, want %q", c.at, got, c.moment)
		}
		if got := formatDistance(l, at, now); got != c.distance {
			t.Errorf("%s: got %q, want %q", c.at, got, c.distance)
		}
	}
	german := languages.New().Match("de-AT,en;q=0.8")
	if got := formatMoment(german, now.AddDate(0, 0, 9), now); got != "Di 10. Nov. 2026 00:30" {
		t.Errorf("in German: %q", got)
	}
	if got := formatDistance(german, now.Add(-100*time.Hour), now); got != "vor 4 Tagen" {
		t.Errorf("in German: %q", got)
	}
	if got := formatZone(now); got != "America/New_York, EDT, UTC\u221204:00" {
		t.Errorf("got %q", got)
	}
	if got := formatZone(time.Date(2026, 1, 1, 0, 0, 0, 0,
		zone(t, "Asia/Kathmandu"))); got != "Asia/Kathmandu, UTC+05:45" {
		t.Errorf("got %q", got)
	}
	for span, want := range map[time.Duration]string{
		30 * time.Second: "30 s", 12 * time.Minute: "12 min", 2 * time.Hour: "2 h", 125 * time.Minute: "2 h 5 min",
		40 * time.Hour: "40 h", 40*time.Hour + 40*time.Minute: "41 h", 71 * time.Hour: "71 h", 72 * time.Hour: "3 days",
		107 * time.Hour: "4 days",
	} {
		if got := formatSpan(l, span); got != want {
			t.Errorf("%s: got %q, want %q", span, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := l.Number(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

// FuzzQuoted: a shell makes of a quoted word the word.
func FuzzQuoted(f *testing.F) {
	for _, s := range []string{
		"", "plain", "two words", "it's", `"$HOME" $(id) ` + "`id`", "a\nb", "-x", "~", "\\",
		"=x", "ü",
	} {
		f.Add(s)
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		f.Skip("there is no sh")
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(s, "\x00") {
			t.Skip("no word of a command line has it")
		}
		out, err := exec.Command(sh, "-c", "printf '%s.' "+quoted(s)).Output()
		if err != nil || string(out) != s+"." {
			t.Errorf("%q is quoted as %s, which is %q, %v", s, quoted(s), out, err)
		}
	})
}

func TestLines(t *testing.T) {
	t.Parallel()
	asked := url.Values{"route": {"front desk"}, "caller": {"+1'x"}, "param": {"A=1", "B=$(id)"}, "at": {""}}
	if got, want := explainLine(asked),
		`callhours explain --route 'front desk' --caller '+1'\''x' --param A=1 --param 'B=$(id)'`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	r := httptest.NewRequest(http.MethodGet, "/try", nil)
	r.Host = "evil.example"
	r.SetBasicAuth("ops", "hunter2")
	want := `curl -sSG -u ops --data-urlencode 'route=front desk' --data-urlencode 'caller=+1'\''x' --data-urlencode param=A=1 --data-urlencode 'param=B=$(id)' http://localhost:9480/api/v1/explain`
	if got := curlLine(r, "http://localhost:9480", asked); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// FuzzTree: whatever a callflow holds, the tree is bounded and has no more nodes than the text has
// modules.
func FuzzTree(f *testing.F) {
	f.Add(
		`{"module":"menu","data":{"id":"x","n":5,"o":{"a":[1]}},"children":{"_":{"module":"voicemail"},"1":{"module":"device"}}}`)
	f.Add(strings.Repeat(`{"children":{"_":`, 100) + "{}" + strings.Repeat("}}", 100))
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, text string) {
		var count func(n *node) int
		count = func(n *node) int {
			total := 1
			for _, k := range n.Kids {
				total += count(k)
			}
			if len(n.Facts) > maxFacts+1 {
				t.Errorf("%d facts", len(n.Facts))
			}
			return total
		}
		if n := tree([]byte(text)); n != nil && count(n) > len(text) {
			t.Errorf("%d nodes of %d bytes", count(n), len(text))
		}
	})
}

func TestTree(t *testing.T) {
	t.Parallel()
	long, err := json.Marshal(strings.Repeat("\u00e4", 300))
	if err != nil {
		t.Fatal(err)
	}
	n := tree([]byte(`{"module":"menu","data":{"text":` + string(long) +
		`,"n":5,"o":{"a": [1]}},"children":{"_":{"module":"voicemail"},"2":{"module":"x"},"1":{"module":"device"}}}`))
	var keys []string
	for _, k := range n.Kids {
		keys = append(keys, k.Key+" "+k.Module+" "+k.Kind)
	}
	if got := strings.Join(keys, ", "); got != "1 device phone, 2 x plain, _ voicemail tape" {
		t.Errorf("the children are %s", got)
	}
	if n.Facts[0] != (fact{"n", "5"}) || n.Facts[1] != (fact{"o", `{"a":[1]}`}) ||
		n.Facts[2].Value != strings.Repeat("\u00e4", longest)+"…" {
		t.Errorf("the facts are %v", n.Facts)
	}
	if tree([]byte("[]")) != nil {
		t.Error("a list is no callflow")
	}
}

func TestPointed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		said preview.FileMessage
		want string
	}{
		{
			preview.FileMessage{Line: 12, Column: 5, Text: "    calender: hours"},
			"  12 │     calender: hours\n     │     ^",
		},
		{preview.FileMessage{Line: 1, Column: 3, Text: "\tä: x"}, "   1 │ \tä: x\n     │ \t ^"},
		{preview.FileMessage{Line: 1, Text: "x"}, "   1 │ x"},
		{preview.FileMessage{Line: 1, Column: 9, Text: "x"}, "   1 │ x"},
		{
			preview.FileMessage{Line: 1, Column: 101, Text: strings.Repeat("a", 100) + "x" + strings.Repeat("b", 100)},
			"   1 │ …" + strings.Repeat("a", 31) + "x" + strings.Repeat("b", 62) + "…\n     │ " +
				strings.Repeat(" ", 32) + "^",
		},
		{
			preview.FileMessage{Line: 1, Column: 201, Text: strings.Repeat("ä", 200)},
			"   1 │ …" + strings.Repeat("ä", 31) + "\n     │ " + strings.Repeat(" ", 32) + "^",
		},
	} {
		if got := caretLine(c.said); got != c.want {
			t.Errorf("%+v: got\n%s\nwant\n%s", c.said, got, c.want)
		}
	}
}

// TestHowRendered: all that render says about how often a callflow is rendered is said in the reader's
// language, and in English as it is.
func TestHowRendered(t *testing.T) {
	t.Parallel()
	all := languages.New().All()
	for _, how := range []string{
		"asked for each call",
		"rendered once for this span",
		"rendered once for this span and day",
		"rendered for each call: it reads .Call.From, now",
		"rendered for each call: it reads next, and a condition of the route depends on the call",
		"rendered for each call: branch b failed",
		"rendered for each call: too many conditions ask about the call",
		"rendered for each call: there is no room to keep it",
	} {
		for _, l := range all {
			if got := howRendered(l, how); (got == how) != (l.Tag == "en") {
				t.Errorf("%s: %s gives %q", l.Tag, how, got)
			}
		}
	}
}
