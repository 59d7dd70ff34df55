package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// consoleClock is the moment at which the console is looked at: a Wednesday, ten o'clock in New
// York.
var consoleClock = time.Date(2026, 11, 25, 15, 0, 0, 0, time.UTC)

// needs is for tests that use another program, which "make test-system" runs. Without the program
// they are skipped, but not in CI, which has everything.
func needs(t *testing.T, program string) string {
	t.Helper()
	if os.Getenv("CALLHOURS_SYSTEM") == "" {
		t.Skipf("it needs %s; make test-system runs it", program)
	}
	path, err := exec.LookPath(program)
	if err != nil {
		missing(t, program+" is not installed: apt-get install "+program)
	}
	return path
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// looked is a console that is served from testdata/console, and a browser.
type looked struct {
	address string // of the admin listener
	pivot   string // of the Pivot listener
	config  string
	browser context.Context
}

func newLooked(t *testing.T) *looked {
	t.Helper()
	chromium := needs(t, "chromium")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/console")); err != nil {
		t.Fatal(err)
	}
	example := os.DirFS("../../examples/front-desk")
	for to, from := range map[string]string{
		"hours.ics": "office-hours.ics", "tenants/hours.ics": "office-hours.ics", "long/hours.ics": "office-hours.ics",
	} {
		f, err := example.Open(from)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(f)
		f.Close()
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, to), body, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	l := &looked{config: filepath.Join(dir, "callhours.yaml")}
	ctx, stop := context.WithCancel(context.Background())
	log, stderr := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "-c", l.config},
			environment{stdout: io.Discard, stderr: stderr, now: func() time.Time { return consoleClock }})
		stderr.Close()
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != exitOK {
			t.Errorf("serve ends with %d", code)
		}
	})
	var all strings.Builder
	lines := bufio.NewReader(log)
	if l.pivot, l.address = readStarted(lines, &all); l.address == "" {
		t.Fatalf("the server did not start: %s", &all)
	}
	go io.Copy(io.Discard, lines)
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(chromium),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-dev-shm-usage", true))
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	browser, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(browser); err != nil {
		t.Fatal(err)
	}
	l.browser = browser
	return l
}

// command runs a command of callhours on the console's configuration.
func (l *looked) command(t *testing.T, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), append(args, "-c", l.config),
		environment{stdout: &out, stderr: &errs, now: func() time.Time { return consoleClock }}); code != exitOK {
		t.Fatalf("callhours %q ends with %d: %s", args, code, errs.String())
	}
	return out.Bytes()
}

// calls makes calls: two that fail, and some that find no route.
func (l *looked) calls(t *testing.T) {
	t.Helper()
	for _, c := range []struct{ path, dialed, name string }{
		{"/pivot", "+14155550120", "BAD"},
		{"/pivot", "+14155550120", "BAD"},
		{"/pivot", "+14155550129", ""},
		{"/pivto", "+14155550100", ""},
		{"/pivto", "+14155550100", ""},
		{"/0a4cf9b16dd04f3c8a8f0d6c1f7be9d2/a-path-with-a-long-name/below-another-path-with-a-long-name", "", ""},
	} {
		got, err := http.PostForm(l.pivot+c.path, url.Values{
			"Request": {c.dialed}, "Caller-ID-Name": {c.name}, "Caller-ID-Number": {"+12025550147"},
			"Account-ID": {"7a1c0f8e2d4b4f6d9b3e5c7d8f9a0b1c"},
		})
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
	}
}

// tab opens a page in a tab of its own and gives it, and what its browser complains of when it is
// closed.
func (l *looked) tab(t *testing.T) (tab context.Context, complaints func() []string) {
	t.Helper()
	ctx, cancel := chromedp.NewContext(l.browser)
	t.Cleanup(cancel)
	var mu sync.Mutex
	var list []string
	complain := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, fmt.Sprintf(format, args...))
	}
	err := chromedp.Do(ctx)
	if err == nil {
		err = chromedp.Listen(ctx, func(event any) {
			switch e := event.(type) {
			case *runtime.EventExceptionThrown:
				complain("exception: %s", e.ExceptionDetails.Text)
			case *runtime.EventConsoleAPICalled:
				complain("console.%s", e.Type)
			case *log.EventEntryAdded:
				complain("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL)
			case *page.EventJavascriptDialogOpening:
				complain("dialog: %s", e.Message)
				go func() {
					_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog,
						page.HandleJavaScriptDialogParams{Accept: true})
				}()
			}
		})
	}
	if err == nil {
		_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return ctx, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return list
	}
}

// TestConsole looks at every page in a browser, wide and narrow, light and dark: nothing is
// complained of, axe finds nothing serious, and nothing is wider than the window.
// CALLHOURS_SCREENSHOTS names a directory for pictures of them.
func TestConsole(t *testing.T) {
	t.Parallel()
	l := newLooked(t)
	l.calls(t)
	t.Run("pages", l.pages)
	t.Run("translated", l.translated)
	t.Run("timeline", l.timeline)
	t.Run("try", l.tried)
	t.Run("events", l.events)
	t.Run("hostile", l.hostile)
	t.Run("keyboard", l.keyboard)
	t.Run("plain", l.plain)
	t.Run("live", l.live)
	t.Run("refused", l.refused)
	t.Run("acts", l.acts)
}

// timeline compares the bars of the picture with what callhours hours says.
func (l *looked) timeline(t *testing.T) {
	tab, _ := l.tab(t)
	for _, c := range []struct {
		route, from, view string
		days              string
	}{
		{"front-desk", "2026-11-25", "week", "7"},
		{"front-desk", "2026-11-30", "month", "35"},
		{"support", "2026-10-23", "week", "7"}, // the clocks of Berlin go back
		{"support", "2027-03-26", "week", "7"}, // and forward
		{"support", "2026-09-28", "month", "35"},
	} {
		type bar struct{ Start, End, Branch string }
		err := chromedp.Do(tab,
			chromedp.Navigate(l.address+"/routes/"+c.route+"?"+url.Values{"from": {c.from}, "view": {c.view}}.Encode()))
		var drawn []bar
		if err == nil {
			drawn, err = evaluate[[]bar](tab, `[...document.querySelectorAll('.pic .bar:not(.event)')].map(b =>
				({Start: b.dataset.start, End: b.dataset.end, Branch: b.dataset.branch}))`)
		}
		if err != nil {
			t.Fatal(err)
		}
		drawn = slices.Compact(drawn) // a bar for each day, and for each part of one
		var said struct {
			Spans []bar `json:"spans"`
		}
		text := l.command(t, "hours", "--route", c.route, "--from", c.from, "--days", c.days, "--format", "json")
		if err := json.Unmarshal(text, &said); err != nil {
			t.Fatal(err)
		}
		if len(said.Spans) < 5 || !slices.Equal(drawn, said.Spans) {
			t.Errorf("%s from %s: the picture shows\n%v\ncallhours hours says\n%v", c.route, c.from, drawn, said.Spans)
		}
	}
}

// tried tries a call in the form and compares the answer with that of callhours explain; the
// lines to copy give the same.
func (l *looked) tried(t *testing.T) {
	tab, complaints := l.tab(t)
	err := chromedp.Do(tab,
		chromedp.Navigate(l.address+"/try"),
		chromedp.SetValue(chromedp.CSS("#route"), "support"),
		chromedp.SetValue(chromedp.CSS("#caller"), "+4930 '123' \"456\""),
		chromedp.SetValue(chromedp.CSS("#at"), "2026-11-25T18:30"),
		chromedp.Submit(chromedp.CSS("form.ask")),
		chromedp.WaitReady(chromedp.CSS("#flow")),
	)
	type answer struct {
		Flow, Explain, Curl, Decision string
		Steps                         []string
	}
	var says answer
	if err == nil {
		says, err = evaluate[answer](tab,
			`(text => ({Flow: text('#flow'), Explain: text('#explain'), Curl: text('#curl'), Decision: text('#decision'),
			Steps: [...document.querySelectorAll('.steps li > div > .when')].map(e => e.textContent)}))(s => document.querySelector(s).textContent)`)
	}
	if err != nil {
		t.Fatal(err)
	}
	flow, explain, curl, decision, steps := says.Flow, says.Explain, says.Curl, says.Decision, says.Steps
	text := l.command(t, "explain", "--route", "support", "--caller", "+4930 '123' \"456\"", "--at", "2026-11-25 18:30",
		"--format", "json")
	var want struct {
		Branch string
		Answer struct{ Callflow json.RawMessage }
		Steps  []struct {
			InWords string `json:"in_words"`
		}
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, want.Answer.Callflow, "", "  "); err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for _, s := range want.Steps {
		// A page has a calendar's name for people, the command line the configured one.
		reasons = append(reasons, strings.ReplaceAll(s.InWords, " in hours", " in Hours"))
	}
	if flow != indented.String() || !strings.Contains(strings.ToLower(decision), want.Branch) || !slices.Equal(steps, reasons) ||
		want.Branch != "emergency" {
		t.Errorf("the page says\n%s\n%s\n%q\ncallhours explain says\n%s", decision, flow, steps, text)
	}
	words := shellWords(t, explain)
	if got := l.command(t, append(words[1:], "--format", "json")...); !bytes.Equal(got, text) {
		t.Errorf("%s gives\n%s\nwant\n%s", explain, got, text)
	}
	asked := url.Values{}
	words = shellWords(t, curl)
	for i, w := range words {
		if w == "--data-urlencode" {
			key, value, _ := strings.Cut(words[i+1], "=")
			asked.Add(key, value)
		}
	}
	response, err := http.Get(words[len(words)-1] + "?" + asked.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got, wanted any
	if json.Unmarshal(body, &got) != nil || json.Unmarshal(text, &wanted) != nil ||
		fmt.Sprint(got) != fmt.Sprint(wanted) {
		t.Errorf("%s gives\n%s\nwant\n%s", curl, body, text)
	}
	if list := complaints(); len(list) > 0 {
		t.Errorf("the browser complains: %q", list)
	}
}

// shellWords are the words that a shell makes of a line.
func shellWords(t *testing.T, line string) []string {
	t.Helper()
	out, err := exec.Command("sh", "-c", `for w in `+line+`; do printf '%s\0' "$w"; done`).Output()
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// events follows the bars of the lanes: each leads to its event as it is written, opened.
func (l *looked) events(t *testing.T) {
	tab, _ := l.tab(t)
	type link struct{ Href, Tip string }
	err := chromedp.Do(tab, chromedp.Navigate(l.address+"/routes/support"))
	var links []link
	if err == nil {
		links, err = evaluate[[]link](tab,
			`[...document.querySelectorAll('.pic .bar.event')].map(b => ({Href: b.getAttribute('href'), Tip: b.dataset.tip}))`)
	}
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, k := range links {
		if seen[k.Href] {
			continue // an event of several days has a bar in each
		}
		seen[k.Href] = true
		answer, err := http.Get(l.address + k.Href)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		_, id, _ := strings.Cut(k.Href, "#")
		if _, opened, found := strings.Cut(string(body), `<details id="`+id+`" open>`); !found ||
			!strings.Contains(opened, "BEGIN:VEVENT") {
			t.Errorf("%s: %s does not lead to its event", k.Tip, k.Href)
		}
	}
	if len(seen) < 8 {
		t.Errorf("the picture has %d events", len(seen))
	}
}

// hostile looks for titles of events that want to be more than text.
func (l *looked) hostile(t *testing.T) {
	tab, complaints := l.tab(t)
	for _, at := range []string{
		"/", "/routes/hostile", "/try?route=hostile", "/calendars/oncall?zone=Europe/Berlin",
		"/?q=%22%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E", "/try?route=%3Cscript%3Ealert(1)%3C/script%3E",
	} {
		err := chromedp.Do(tab, chromedp.Navigate(l.address+at))
		var made int
		if err == nil {
			made, err = evaluate[int](tab,
				`document.querySelectorAll('main img, main script, [onerror], main [style]').length`)
		}
		var text string
		if err == nil {
			text, err = evaluate[string](tab, `document.documentElement.outerHTML`)
		}
		if err != nil {
			t.Fatal(err)
		}
		if made > 0 {
			t.Errorf("%s: %d elements were made of text", at, made)
		}
		if !strings.Contains(text, "onerror=alert(1)&gt;") && !strings.Contains(text, "onerror=alert(1)>") &&
			!strings.Contains(text, "&lt;script&gt;") {
			t.Errorf("%s: the title is not there", at)
		}
	}
	for _, c := range complaints() {
		if !strings.Contains(c, "the server responded with a status of 400") {
			t.Errorf("the browser complains: %s", c)
		}
	}
}

// keyboard walks through the picture with the keys, and to the search.
func (l *looked) keyboard(t *testing.T) {
	tab, complaints := l.tab(t)
	focused := func(step string, keys string) string {
		t.Helper()
		err := chromedp.Do(tab, chromedp.KeyEvent(keys))
		var what string
		if err == nil {
			what, err = evaluate[string](tab,
				`(e => e.dataset.branch || e.id || e.getAttribute('href') || e.tagName)(document.activeElement)`)
		}
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		return what
	}
	if err := chromedp.Do(tab, chromedp.Navigate(l.address+"/routes/front-desk"),
		chromedp.Focus(chromedp.CSS(".goto button"))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ step, keys, want string }{
		{"into the picture", kb.Tab, "closed"},
		{"to the next", kb.ArrowRight, "open"},
		{"to the next", kb.ArrowDown, "lunch"},
		{"and back", kb.ArrowLeft, "open"},
		{"out of it in one step", kb.Tab, "/calendars/hours"},
	} {
		if got := focused(c.step, c.keys); got != c.want {
			t.Errorf("%s: the focus is on %q, want %q", c.step, got, c.want)
		}
		if c.keys == kb.ArrowRight {
			picture(t, tab, "route-tip")
		}
		tip, err := evaluate[string](tab,
			`document.getElementById('tip').hidden ? '' : document.getElementById('tip').textContent`)
		if err != nil {
			t.Fatal(err)
		}
		if inside := c.keys != kb.Tab || c.want == "closed"; inside != strings.HasPrefix(strings.ToLower(tip), c.want) && tip != "" ||
			inside && tip == "" {
			t.Errorf("%s: the tip says %q", c.step, tip)
		}
	}
	if err := chromedp.Do(tab, chromedp.Navigate(l.address+"/")); err != nil {
		t.Fatal(err)
	}
	if got := focused("the search", "/"); got != "q" {
		t.Errorf("/ leads to %q, want the search", got)
	}
	// What is typed chooses at once.
	err := chromedp.Do(tab, chromedp.KeyEvent("support"))
	if err == nil {
		_, err = evaluate[bool](tab,
			`new Promise(done => { const look = () => document.querySelectorAll('.card').length == 1 ? done(true) : requestAnimationFrame(look); look() })`)
	}
	if err != nil {
		t.Errorf("typing chooses nothing: %v", err)
	}
	if list := complaints(); len(list) > 0 {
		t.Errorf("the browser complains: %q", list)
	}
}

// plain looks at pages without JavaScript: everything is there.
func (l *looked) plain(t *testing.T) {
	tab, _ := l.tab(t)
	if _, err := chromedp.Call(tab, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"/":                  {"Front desk", "then Lunch", "today 12:00"},
		"/routes/front-desk": {"Thanksgiving Day", "Next changes", "in every other case"},
		"/try?route=support": {"Step by step", `"module": "menu"`, "callhours explain --route support"},
		"/calendars/oncall?zone=Europe%2FBerlin&from=2026-11-25": {"BEGIN:VEVENT", "Europe/Berln"},
	} {
		err := chromedp.Do(tab, chromedp.Navigate(l.address+path))
		var text string
		if err == nil {
			text, err = chromedp.Run(tab, chromedp.TextContent(chromedp.CSS("main")))
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s without JavaScript lacks %q", path, w)
			}
		}
	}
}

// live changes a calendar and waits for the open page to show it.
func (l *looked) live(t *testing.T) {
	tab, complaints := l.tab(t)
	shows := func(what string) {
		t.Helper()
		if _, err := evaluate[bool](tab,
			`new Promise(done => { const look = () => document.querySelector('main').textContent.includes(`+
				strconv.Quote(what)+`) ? done(true) : requestAnimationFrame(look); look() })`); err != nil {
			t.Fatalf("the page does not come to show %q: %v", what, err)
		}
	}
	if err := chromedp.Do(tab, chromedp.Navigate(l.address+"/routes/front-desk")); err != nil {
		t.Fatal(err)
	}
	if _, err := evaluate[bool](tab,
		`new Promise(done => { const look = () => document.getElementById('live').textContent == 'live' ? done(true) : requestAnimationFrame(look); look() })`); err != nil {
		t.Fatalf("the page does not listen: %v", err)
	}
	file := filepath.Join(filepath.Dir(l.config), "holidays.ics")
	was, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.ReplaceAll(was, []byte("Thanksgiving Day"), []byte("Turkey & Pie Day")),
		0o600); err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(l.address+"/api/v1/feeds/holidays/refresh", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	shows("Turkey & Pie Day")
	if list := complaints(); len(list) > 0 {
		t.Errorf("the browser complains: %q", list)
	}
}

// refused sees that a page whose listening is refused tries again, after pauses that grow.
func (l *looked) refused(t *testing.T) {
	tab, complaints := l.tab(t)
	if err := chromedp.Do(tab, chromedp.Navigate(l.address+"/routes/front-desk")); err != nil {
		t.Fatal(err)
	}
	got, err := evaluate[string](tab, `new Promise(done => {
		const later = window.setTimeout, live = document.getElementById('live'), waited = [], said = [];
		window.setTimeout = (f, ms, ...more) => {
			if (f !== listen) return later(f, ms, ...more);
			waited.push(ms);
			said.push(live.textContent);
			return later(f, 0);
		};
		window.EventSource = class extends EventTarget {
			static CLOSED = 2;
			readyState = 2;
			constructor() {
				super();
				later(() => {
					if (waited.length < 8) return this.onerror();
					this.onopen();
					const grew = waited.every((ms, i) => {
						const want = Math.min(10000 * 2 ** i, 300000);
						return ms >= want * 0.75 && ms <= want * 1.25;
					});
					done([grew ? 'grew' : waited.join(), ...new Set(said), live.textContent, live.title].join('|'));
				}, 0);
			}
			close() {}
		};
		listen();
	})`)
	if err != nil || got != "grew|not connected|live|" {
		t.Errorf("got %q, %v", got, err)
	}
	if list := complaints(); len(list) > 0 {
		t.Errorf("the browser complains: %q", list)
	}
}

// acts presses what can be pressed: a calendar is fetched, the configuration read again, and
// what is wrong with it drawn.
func (l *looked) acts(t *testing.T) {
	tab, complaints := l.tab(t)
	press := func(path, button, want string) {
		t.Helper()
		err := chromedp.Do(tab, chromedp.Navigate(l.address+path), chromedp.Submit(chromedp.CSS(button)),
			chromedp.WaitReady(chromedp.CSS("footer")))
		if err == nil {
			_, err = evaluate[bool](tab,
				`new Promise(done => { const look = () => document.querySelector('main').textContent.includes(`+
					strconv.Quote(want)+`) ? done(true) : requestAnimationFrame(look); look() })`)
		}
		if err != nil {
			t.Errorf("%s does not come to show %q: %v", path, want, err)
		}
	}
	press("/calendars/hours", "form.actions", "It was fetched just now.")
	press("/calendars/acme/hours", "form.actions", "It was fetched just now.")
	press("/config", "form.actions", "Reloaded")
	was, err := os.ReadFile(l.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(l.config, append(slices.Clone(was), "    timezome: Europe/Berlin\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	press("/config", "form.actions", `unknown key "timezome"`)
	press("/config", "form.actions", "Calls are answered from the previous configuration")
	if err := chromedp.Do(tab, chromedp.EmulateViewport(narrow, 900), chromedp.Navigate(l.address+"/config")); err != nil {
		t.Fatal(err)
	}
	fits(t, tab, "mistakes, narrow")
	if badges, err := evaluate[int](tab, `document.querySelectorAll('.top .badge').length`); err != nil || badges != 2 {
		t.Errorf("the navigation has %d badges: %v", badges, err)
	}
	if err := chromedp.Do(tab, chromedp.EmulateViewport(wide, 900)); err != nil {
		t.Fatal(err)
	}
	picture(t, tab, "configuration-mistakes")
	if err := os.WriteFile(l.config, was, 0o600); err != nil {
		t.Fatal(err)
	}
	press("/config", "form.actions", "Calls are answered from the current files")
	if list := complaints(); len(list) > 0 {
		t.Errorf("the browser complains: %q", list)
	}
}
