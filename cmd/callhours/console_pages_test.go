package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// consolePages are all pages, with what the tests look at.
var consolePages = map[string]string{
	"now":            "/",
	"now-none":       "/?q=nothing+of+that+name",
	"route":          "/routes/front-desk",
	"route-support":  "/routes/support",
	"route-dst":      "/routes/support?from=2026-10-23",
	"route-month":    "/routes/front-desk?view=month",
	"route-unknown":  "/routes/the-line-with-a-very-long-name-that-somebody-in-accounting-thought-would-be-helpful",
	"route-hostile":  "/routes/hostile",
	"route-tenant":   "/routes/acme/main",
	"route-long":     "/routes/long/main",
	"route-oncall":   "/routes/oncall-line",
	"month-dst":      "/routes/support?view=month&from=2026-10-20",
	"month-oncall":   "/routes/oncall-line?view=month",
	"try-oncall":     "/try?route=oncall-line",
	"calendar-long":  "/calendars/long/hours",
	"try-empty":      "/try",
	"try":            "/try?route=support&at=2026-11-25+18:00&caller=%2B4930123456",
	"try-wrong":      "/try?route=front-dsk",
	"calendars":      "/calendars",
	"calendar":       "/calendars/oncall",
	"calendar-never": "/calendars/broken",
	"findings":       "/findings",
	"route-failing":  "/routes/billing",
	"unmatched":      "/unmatched",
	"configuration":  "/config",
}

// The widths of a window: of a desk, and of a telephone.
const (
	wide   = 1280
	narrow = 390
)

func (l *looked) pages(t *testing.T) {
	axe, err := os.ReadFile(os.Getenv("CALLHOURS_AXE"))
	if err != nil {
		missing(t, "CALLHOURS_AXE does not name axe-core's axe.min.js, which npm install axe-core brings")
	}
	pictures := os.Getenv("CALLHOURS_SCREENSHOTS")
	tab, complaints := l.tab(t)
	for _, name := range slices.Sorted(maps.Keys(consolePages)) {
		for _, theme := range []string{"light", "dark"} {
			for _, width := range []int64{wide, narrow} {
				// Without pictures each page is looked at by day on a desk, and by night on a telephone.
				if pictures == "" && (theme == "light") != (width == wide) {
					continue
				}
				what := fmt.Sprintf("%s, %s, %d wide", name, theme, width)
				_, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
				})
				if err == nil {
					err = chromedp.Do(tab, chromedp.EmulateViewport(width, 900),
						chromedp.Navigate(l.address+consolePages[name]))
				}
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				fits(t, tab, what)
				drawn(t, tab, what)
				if name == "route" && width == narrow {
					short(t, tab, what)
				}
				if len(axe) > 0 {
					l.axe(t, tab, what, string(axe))
				}
				picture(t, tab, fmt.Sprintf("%s-%s-%d", name, theme, width))
			}
		}
	}
	for _, c := range complaints() {
		// Of a page that says what is wrong the browser says the status.
		if !strings.Contains(c, "the server responded with a status of 400") {
			t.Errorf("the browser complains: %s", c)
		}
	}
}

// fits says whether a page is no wider than its window.
func fits(t *testing.T, tab context.Context, what string) {
	t.Helper()
	overflow, err := evaluate[int](tab, `document.documentElement.scrollWidth - document.documentElement.clientWidth`)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if overflow > 0 {
		t.Errorf("%s: %d pixels wider than the window", what, overflow)
	}
}

// How many pixels high five weeks are on a desk, their page, and a week's page on a telephone.
const (
	maxWeeksHeight = 600
	maxMonthHeight = 1250
	maxPhoneHeight = 1950
)

// short says whether a week's page is not high on a telephone.
func short(t *testing.T, tab context.Context, what string) {
	t.Helper()
	height, err := evaluate[int](tab, `document.documentElement.scrollHeight`)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if height > maxPhoneHeight {
		t.Errorf("%s: %d pixels high", what, height)
	}
}

// drawn looks at the picture of a page, if it has one: each mark is explained below it, the line of
// the present moment lies behind the words, and a month is not high.
func drawn(t *testing.T, tab context.Context, what string) {
	t.Helper()
	wrong, err := evaluate[[]string](tab, `(() => {
		const pic = document.querySelector('.pic'), legend = document.querySelector('.legend'), wrong = [];
		if (!pic) return wrong;
		const week = pic.classList.contains('week');
		for (const [mark, key] of Object.entries({
			'.bar.s-open': '.s-open', '.bar.s-closed': '.s-closed', '.bar.s-other': '.s-other', '.bar.s-unknown': '.s-unknown',
			'[fill="url(#p-dots)"]': '[fill="url(#p-dots)"]', '[fill="url(#p-hatch)"]': '[fill="url(#p-hatch)"]',
			'.bar.event:not(.faint)': '.event:not(.faint)', '.bar.event.faint': '.event.faint', '.notes .s-event': '.s-event',
			'.notes .faint': '.faint', '.nowline': '.nowline', '.today': '.today', '.weekend': '.wknd', '.twice': '.twice',
		})) if (pic.querySelector(mark) && !legend.querySelector(key)) wrong.push(mark + ' is not explained');
		if (pic.querySelector('.dst') && !document.querySelector('.shift .dst')) wrong.push('.dst is not explained');
		for (const n of pic.querySelectorAll('.nowline'))
			for (const l of n.parentNode.querySelectorAll('.label'))
				if (l.compareDocumentPosition(n) & Node.DOCUMENT_POSITION_FOLLOWING) wrong.push('the line is before ' + l.textContent);
		const lanes = [...pic.querySelectorAll('.lane')];
		if (lanes.some(l => !l.nextElementSibling.querySelector('.bar'))) wrong.push('an empty lane');
		if (lanes.some(l => l.getBoundingClientRect().width < 40)) wrong.push('a name that cannot be read');
		if (!week && innerWidth >= `+strconv.Itoa(wide)+`) {
			const page = document.documentElement.scrollHeight, weeks = pic.offsetHeight;
			if (page > `+strconv.Itoa(maxMonthHeight)+` || weeks > `+strconv.Itoa(maxWeeksHeight)+`)
				wrong.push(weeks + ' pixels high, on a page of ' + page);
		}
		return wrong;
	})()`)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for _, w := range wrong {
		t.Errorf("%s: %s", what, w)
	}
}

// translated looks at every page on a telephone in the other languages, whose words are longer.
func (l *looked) translated(t *testing.T) {
	axe, _ := os.ReadFile(os.Getenv("CALLHOURS_AXE")) // pages says whether it is missing
	for _, want := range []string{"de", "es", "fr"} {
		tab, _ := l.tab(t)
		if _, err := chromedp.Call(tab, emulation.SetUserAgentOverride,
			emulation.SetUserAgentOverrideParams{UserAgent: "test", AcceptLanguage: want}); err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Sorted(maps.Keys(consolePages)) {
			err := chromedp.Do(tab, chromedp.EmulateViewport(narrow, 900),
				chromedp.Navigate(l.address+consolePages[name]))
			var language string
			if err == nil {
				language, err = evaluate[string](tab, `document.documentElement.lang`)
			}
			if err != nil || language != want {
				t.Fatalf("%s in %s: it is in %q, %v", name, want, language, err)
			}
			what := name + " in " + want
			fits(t, tab, what)
			drawn(t, tab, what)
			if name == "route" {
				short(t, tab, what)
			}
			if len(axe) > 0 {
				l.axe(t, tab, what, string(axe))
			}
			picture(t, tab, name+"-"+want)
		}
	}
}

// picture takes one of the page, if CALLHOURS_SCREENSHOTS names a directory for it.
func picture(t *testing.T, tab context.Context, name string) {
	t.Helper()
	dir := os.Getenv("CALLHOURS_SCREENSHOTS")
	if dir == "" {
		return
	}
	shot, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o600)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// evaluate gives what a script gives, also when it comes later.
func evaluate[T any](tab context.Context, script string) (T, error) {
	ctx, cancel := context.WithTimeout(tab, 2*time.Minute)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
}

// axe reports what axe finds that is serious.
func (l *looked) axe(t *testing.T, tab context.Context, what, axe string) {
	t.Helper()
	err := chromedp.Do(tab, chromedp.Evaluate[chromedp.Void](axe+";0"))
	var found []string
	if err == nil {
		found, err = evaluate[[]string](tab,
			`axe.run({resultTypes: ['violations']}).then(r => r.violations.filter(v => v.impact == 'serious' || v.impact == 'critical')
			.flatMap(v => v.nodes.slice(0, 3).map(n => v.id + ': ' + n.html.slice(0, 200) + ': ' + n.failureSummary)))`)
	}
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for _, f := range found {
		t.Errorf("%s: axe: %s", what, f)
	}
}
