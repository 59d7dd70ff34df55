package server

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/server/listen"
)

// The other tenant of the tests of this file: what its callers hear, its people see and operations
// count must not depend on evil's file.
const (
	evilMain = `
include: [tenants/*.yaml]
decisions: {keep: 1}
secrets: [secrets.yaml]
auth: {token: {secret: pivot}}
calendars: {holidays: {file: hours.ics}}
lists: {spam: {numbers: ["+19005550100"]}}
plans: {p: {calendars: [c], branches: [{name: open, when: {calendar: c}, callflow: '{"module":"tts","data":{"text":{{ .Data.greeting }}}}'}, {name: closed, pass: true}]}}
data: {greeting: hello}
`
	pivotToken = "4f1c9a7be2d80365814f1c9a7be2d803"
	goodFile   = `
tenant: {name: good, account: [acc0], labels: {contact: ops@good.example}, hours: {token: {secret: manager}}}
secrets: good/secrets.yaml
lists: {vip: {file: good/vip.txt}}
calendars: {hours: {file: good/hours.ics}}
data: {greeting: good morning}
routes:
  - {name: main, plan: p, match: {dialed: ["+14155550101"]}, calendars: {c: [hours, holidays]}}
  - name: direct
    branches:
      - {name: vip, state: other, when: {caller: {list: vip}}, callflow: '{"module":"tts","data":{"text":"vip"}}'}
      - {name: open, when: {calendar: hours}, callflow: '{"module":"tts","data":{"text":"{{ .Event.Summary }}"}}'}
      - {name: closed, pass: true}
`
)

func evilFiles(path, evil string) map[string]string {
	files := map[string]string{
		"secrets.yaml": "pivot: " + pivotToken + "\n", "hours.ics": hoursFile, "tenants/good.yaml": goodFile,
		"tenants/good/vip.txt":      "+14155550177\n",
		"tenants/good/secrets.yaml": "manager: manager-of-good-4f1c9a7be2d80365\n", "tenants/good/hours.ics": hoursFile,
		"tenants/evil/hours.ics": hoursFile,
	}
	if evil != "" {
		files[path] = evil
	}
	return files
}

// seenOfGood is everything that the other tenant can see of the server, in one text.
func seenOfGood(t *testing.T, w *world) string {
	t.Helper()
	var out strings.Builder
	for _, path := range []string{
		"/pivot", "/" + pivotToken + "/pivot", "/good/direct", "/good/main", "/good",
		"/" + pivotToken + "/good/direct",
	} {
		for _, number := range []string{"+14155550101", "14155550101", "+14155550199", ""} {
			r := post(path, "Account-ID", "acc0", "Request", number, "Caller-ID-Number", "+14155550177")
			r.Header.Set(listen.TokenHeader, pivotToken)
			got := w.call(r)
			if path == "/good" || path == "/good/main" { // which are nobody's: only that there is no answer counts
				fmt.Fprintf(&out, "%s %q: %d\n", path, number, got.StatusCode)
				continue
			}
			fmt.Fprintf(&out, "%s %q: %d %q %s %s\n", path, number, got.StatusCode, got.Header["X-Callhours-Reason"],
				got.Header.Get("X-Callhours-Route"), body(t, got))
		}
	}
	for _, path := range []string{
		"/api/v1/explain?route=good/main", "/api/v1/explain?path=/pivot&account=acc0&dialed=%2B14155550101",
		"/api/v1/hours?route=good/direct&days=7",
		"/routes/good/main", "/calendars/good/hours",
	} {
		_, text := w.do(http.MethodGet, path)
		if _, main, ok := strings.Cut(text, "<main"); ok { // what is before it counts everybody's mistakes
			text = main
		}
		fmt.Fprintf(&out, "%s: %s\n", path, generationName.ReplaceAllString(text, "G"))
	}
	got := w.read("/-/hours/good/direct.ics?token=manager-of-good-4f1c9a7be2d80365")
	fmt.Fprintf(&out, "hours: %d %s\n", got.StatusCode, body(t, got))
	_, page := w.do(http.MethodGet, "/metrics")
	for line := range strings.Lines(page) {
		if ofGood.MatchString(line) && !strings.Contains(line, "timestamp") {
			series, _, _ := strings.Cut(line, "} ") // how many calls there were differs
			out.WriteString(emptyLabels.ReplaceAllString(series, "") + "\n")
		}
	}
	for _, said := range w.Status().Warnings {
		if said.Tenant == "good" {
			fmt.Fprintln(&out, said.Message)
		}
	}
	fmt.Fprintf(&out, "files: %x\n", w.live.Load().file.Inputs.TenantDigests()["tenants/good.yaml"])
	return out.String()
}

var (
	generationName = regexp.MustCompile(`\b[0-9a-f]{12}\b`)
	ofGood         = regexp.MustCompile(`[{,](route|tenant|calendar)="good["/]`)
	emptyLabels    = regexp.MustCompile(`\w+="",?`)
)

// pieces are what evil files are made of, by place; one of each place is taken.
var pieces = [][]string{
	{
		"name: evil", "name: evil", "name: evil", "name: good", "name: Good", "name: good/main", "name: pivot",
		"name: ''",
		"nam: evil", "name: [good]", "name: evil, name: good",
	},
	{
		", account: [acc9]", ", account: [acc9]", ", account: [acc9]", "", ", account: [acc0]", ", account: ACC0",
		", account: [acc9, acc0]", ", account: ['acc0 ']",
		", account: ['*']", ", account: ['']", ", account: {}", ", account: [acc9, acc9]",
	},
	{
		"", "", "", ", labels: {a: b, contact: x, b: c}", ", labels: {route: x, tenant: good, __name__: y}",
		", hours: {token: {secret: pivot}}", ", hours: {token: {secret: manager}}",
		", hours: {token: manager-of-good-4f1c9a7be2d80365}", ", timezone: Nowhere/At_All",
		", language: xx-" + strings.Repeat("y", 100), ", database: x", ", phone_region: US",
	},
	{
		"", "", "", "", "secrets: [good/secrets.yaml]\n", "secrets: ../secrets.yaml\n", "secrets: /etc/passwd\n",
		"secrets: ['../*', '*/*']\n", "auth: {token: x}\n", "path: /good\n",
		"include: [good.yaml]\n", "tenants: {evil: {account: acc0}}\n", "templates: .\n",
		"hours: {token: " + pivotToken + "}\n", "database: {}\n", "kazoo: {}\n",
	},
	{
		"", "", "", "lists: {spam: {numbers: ['*']}}\n", "lists: {vip: {file: good/vip.txt}}\n",
		"lists: {spam: {file: ../secrets.yaml}}\n", "lists: {spam: {numbers: ['+14155550101']}}\n",
		"data: {greeting: evil}\n", "data: &x {greeting: [*x]}\n", "data: {greeting: {a: {b: c}}}\n",
	},
	{
		"", "", "calendars: {hours: {file: good/hours.ics}}\n", "calendars: {hours: {file: evil/hours.ics}}\n",
		"calendars: {holidays: {file: evil/hours.ics}}\n",
		"calendars: {hours: {file: '*/*.ics'}}\n", "calendars: {hours: {file: ../secrets.yaml}}\n",
		"calendars: {good/hours: {file: evil/hours.ics}}\n",
		"calendars: {hours: {file: evil/hours.ics, limits: {events: 1}}}\n",
	},
	{
		"", "",
		"plans: {p: {branches: [{name: closed, callflow: '{\"module\":\"tts\",\"data\":{\"text\":\"evil\"}}'}]}}\n",
		"plans: {office: {branches: []}}\n", "plans: {p: {}}\n",
	},
	{
		"routes:\n  - name: main\n", "routes:\n  - name: main\n", "routes:\n  - name: main\n",
		"routes:\n  - name: good\n", "routes:\n  - name: direct\n", "routes:\n  - name: ../good/main\n",
		"", "\troutes:\n", "routes: [", "routes:\n  - name: main\n  - name: main\n", "---\nroutes:\n  - name: main\n",
		"!!x\nroutes:\n  - name: main\n",
	},
	{
		"", "", "    path: /pivot\n", "    path: /good/direct\n", "    path: /good/main\n", "    path: /good\n",
		"    path: /" + pivotToken + "/pivot\n", "    path: /" + pivotToken + "\n",
		"    path: /\n", "    path: /-/healthy\n", "    path: /evil/main\n", "    path: //good//direct/\n",
		"    path: /good/../good/direct\n", "    path: /GOOD/direct\n",
	},
	{
		"", "    match: {dialed: ['+14155550101']}\n", "    match: {dialed: ['+14155550101']}\n",
		"    match: {dialed: ['*']}\n", "    match: {dialed: ['+1*', '14155550101']}\n",
		"    match: {account: acc0}\n", "    match: {account: [acc9, acc0], dialed: '1*'}\n",
		"    match: {account: acc9}\n", "    match: {}\n", "    match: {account: ''}\n",
	},
	{
		"", "", "    auth: {token: good}\n", "    auth: {token: pivot}\n", "    auth: {token: {secret: pivot}}\n",
		"    auth: {token: " + pivotToken + "}\n", "    auth: {networks: 0.0.0.0/0}\n",
		"    auth: {basic: {username: x, password: {secret: manager}}}\n",
		"    hours: {token: manager-of-good-4f1c9a7be2d80365}\n",
		"    auth: {token: good-direct-4f1c9a7be2d80365814}\n",
	},
	{
		"    branches: [{name: closed, callflow: '{\"module\":\"tts\",\"data\":{\"text\":\"evil\"}}'}]\n",
		"    branches: [{name: closed, callflow: '{\"module\":\"tts\",\"data\":{\"text\":\"evil\"}}'}]\n",
		"    branches: [{name: open, when: {calendar: hours}, pass: true}, {name: closed, pass: true}]\n",
		"    plan: p\n    calendars: {c: hours}\n", "    plan: p\n    calendars: {c: good/hours}\n",
		"    branches: [{name: closed, template: ../secrets.yaml}]\n",
		"    branches: [{name: closed, callflow: '{{ range on `good/hours` }}{{ .Summary }}{{ end }}'}]\n",
		"    branches: [{name: closed, callflow: '{{ template \"x\" }}'}]\n",
		"    branches: [{name: open, when: {caller: {list: good/vip}}, pass: true}, {name: closed, pass: true}]\n",
		"    branches: []\n",
		"    branches: [{name: closed, callflow: '{\"module\":\"tts\",\"data\":{\"text\":{{ .Data.greeting }}}}'}]\n",
	},
}

// evilFile puts one piece of each place together.
func evilFile(choice func(place int) int) string {
	var parts []string
	for i := range pieces {
		parts = append(parts, pieces[i][choice(i)])
	}
	return "tenant: {" + parts[0] + parts[1] + parts[2] + "}\n" + strings.Join(parts[3:], "")
}

// TestEvil: for files of another tenant that were made up to harm, all that the good one sees is
// the same as without that tenant. It tries each piece by itself, and each pair of the first pieces
// with it, and some hundred at random: 10,000 with CALLHOURS_SOAK.
func TestEvil(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(16, 3))
	var files []string
	for place := range pieces {
		for i := range pieces[place] {
			files = append(files, evilFile(func(p int) int {
				if p == place {
					return i
				}
				return 0
			}))
		}
	}
	files = append(
		files,
		goodFile, strings.Replace(goodFile, "acc0", "acc9", 1),
		strings.Replace(goodFile, "name: good", "name: evil", 1), "", "\n", "tenant: good\n", "[]\n",
		strings.SplitN(goodFile, "\n", 3)[2], "tenant: {name: evil}\n"+strings.SplitN(goodFile, "\n", 3)[2],
		strings.Repeat("a: [", 200), "\x00", "\xff\xfe",
	)
	crafted := len(files)
	n := 150
	if growth.UnderRace {
		n = 20
	}
	if os.Getenv("CALLHOURS_SOAK") != "" {
		n = 10_000
	}
	for range n {
		files = append(files, evilFile(func(p int) int {
			if random.IntN(3) > 0 {
				return 0
			}
			return random.IntN(len(pieces[p]))
		}))
	}
	w, f := reloadable(t, evilMain, evilFiles("", ""))
	w.Start()
	seenOfGood(t, w) // pages show the last calls, of which there are some then
	want := seenOfGood(t, w)
	if !strings.Contains(want, `/pivot "+14155550101": 200`) || !strings.Contains(want, "hours: 200") ||
		strings.Count(want, "\n") < 60 {
		t.Fatalf("the good tenant sees %s", want)
	}
	refused := 0
	for i, evil := range files {
		path := []string{"tenants/evil.yaml", "tenants/a.yaml", "tenants/z.yaml"}[i%3]
		f.set(evilMain, evilFiles(path, evil))
		err := w.Reload(t.Context())
		if err != nil {
			refused++
			for line := range strings.Lines(err.Error()) {
				if strings.HasPrefix(line, "tenants/good") || strings.Contains(line, "former configuration") {
					t.Fatalf("crafted %v: the good tenant is blamed for\n%s\n%v", i < crafted, evil, err)
				}
			}
		}
		if slices.Contains(w.Status().Rejected, "good") {
			t.Fatalf("the good tenant is refused for\n%s\n%v", evil, err)
		}
		if diff := cmp.Diff(want, seenOfGood(t, w)); diff != "" {
			t.Fatalf("crafted %v: what the good tenant sees (-without +with) of\n%s\n%v\n%s", i < crafted, evil, err,
				diff)
		}
	}
	if accepted := len(files) - refused; accepted < len(files)/20 || refused < len(files)/5 {
		t.Errorf("of %d files %d are refused: the test asks too little", len(files), refused)
	}
	t.Logf("%d crafted and %d random files, of which %d are refused", crafted, n, refused)
}
