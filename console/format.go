package console

import (
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/console/languages"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/routes"
)

// funcs are what pages call.
func (c *Console) funcs(l *languages.Language) template.FuncMap {
	return template.FuncMap{
		"asset":        func(name string) string { return "/static/" + name + "?" + c.assets[name].tag },
		"clock":        func(t time.Time) string { return t.Format("15:04") },
		"t":            l.Text,
		"th":           func(text string, args ...any) template.HTML { return htmlText(l, text, args) },
		"moment":       func(t, now time.Time) string { return formatMoment(l, t, now) },
		"full":         func(t time.Time) string { return l.WeekdayYear(t) + t.Format(" 15:04:05 MST") },
		"day":          l.WeekdayYear,
		"at":           func(t time.Time) string { return l.WeekdayYear(t) + t.Format(" 15:04") },
		"weekday":      l.Weekday,
		"weekdayname":  l.WeekdayName,
		"date":         l.Day,
		"longday":      l.LongDay,
		"change":       func(s preview.Span, now time.Time) change { return change{s, now} },
		"dayinwords":   func(p picture) string { return dayInWords(l, p) },
		"local":        func(t, now time.Time) time.Time { return t.In(now.Location()) },
		"iso":          func(t time.Time) string { return t.Format(time.RFC3339) },
		"distance":     func(t, now time.Time) string { return formatDistance(l, t, now) },
		"zone":         formatZone,
		"route":        func(name string) string { return "/routes/" + escapePath(name) },
		"calendar":     func(name string) string { return "/calendars/" + escapePath(name) },
		"routename":    func(name string) string { return c.label(name, (*preview.Preview).RouteLabel) },
		"calendarname": func(name string) string { return c.label(name, (*preview.Preview).CalendarLabel) },
		"tenantname":   func(full string) string { return c.label(full, (*preview.Preview).TenantLabel) },
		"editurl": func(calendar string) string {
			if p := c.options.Preview(); p != nil {
				return p.EditURL(calendar)
			}
			return ""
		},
		"branchname": func(route, branch string) string {
			return c.label(branch, func(p *preview.Preview, branch string) string { return p.BranchLabel(route, branch) })
		},
		"number":     l.Number,
		"ticks":      ticks,
		"navigation": func(here string) []entry { return c.navigation(l, here) },
		"percent":    func(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) + "%" },
		// differs says whether an event's title says more than the name of a branch.
		"differs":   func(a, b string) bool { return !strings.EqualFold(a, b) },
		"result":    func(result metrics.FetchResult) string { return resultName(l, result) },
		"state":     func(state string) string { return stateName(l, state) },
		"stateword": func(state string) string { return capitalize(stateName(l, state)) },
		"found":     func(by string) string { return foundBy(l, by) },
		"reason":    func(reason string) string { return unmatchedReason(l, reason) },
		"rendered":  func(how string) string { return howRendered(l, how) },
		"sentence":  preview.Sentence,
		"plural": func(n int, one, many string) string {
			if n == 1 {
				return one
			}
			return many
		},
	}
}

// change is a span that follows, seen from now.
type change struct {
	Span preview.Span
	Now  time.Time
}

// label is a name for people; before calls are answered the name itself.
func (c *Console) label(name string, of func(p *preview.Preview, name string) string) string {
	if p := c.options.Preview(); p != nil {
		return of(p, name)
	}
	return name
}

// entry is one of the navigation.
type entry struct {
	Label, Href string
	Here        bool
	Count       int // of what asks to be looked at; 0: none
}

func (c *Console) navigation(l *languages.Language, here string) []entry {
	found, _ := c.options.Findings()
	configured := 0
	if status := c.options.Status(); status.Failed {
		configured = max(1, len(status.Mistakes))
	}
	return []entry{
		{l.Text("Now"), "/", here == "now", 0},
		{l.Text("Try a call"), "/try", here == "try", 0},
		{l.Text("Calendars"), "/calendars", here == "calendars", 0},
		{l.Text("Findings"), "/findings", here == "findings", len(found)},
		{l.Text("Configuration"), "/config", here == "configuration", configured},
	}
}

// escapePath is a name as a path; a tenant's slash stays one.
func escapePath(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// formatMoment writes a time as on a clock of its zone, with the day: "today 15:04", "Wed 25 Nov
// 2026 15:04".
func formatMoment(l *languages.Language, t, now time.Time) string {
	now = now.In(t.Location())
	clock := t.Format("15:04")
	switch preview.DayNumber(t) - preview.DayNumber(now) {
	case 0:
		return l.Text("today %s", clock)
	case 1:
		return l.Text("tomorrow %s", clock)
	case -1:
		return l.Text("yesterday %s", clock)
	}
	return l.WeekdayYear(t) + " " + clock
}

// formatDistance is how far a time is from now: "in 2 h 5 min", "3 days ago".
func formatDistance(l *languages.Language, t, now time.Time) string {
	d := t.Sub(now)
	switch {
	case d > -5*time.Second && d <= 0:
		return l.Text("just now")
	case d < 0:
		return l.Text("%s ago", formatSpan(l, -d))
	case d < 5*time.Second:
		return l.Text("now")
	}
	return l.Text("in %s", formatSpan(l, d))
}

// formatSpan writes a duration: to the minute below a day, to the hour below three, then in days.
func formatSpan(l *languages.Language, d time.Duration) string {
	switch minutes := int(d.Round(time.Minute) / time.Minute); {
	case d < time.Minute:
		return l.Text("%d s", int(d/time.Second))
	case minutes < 60:
		return l.Text("%d min", minutes)
	case minutes < 24*60 && minutes%60 == 0:
		return l.Text("%d h", minutes/60)
	case minutes < 24*60:
		return l.Text("%d h %d min", minutes/60, minutes%60)
	case minutes < 72*60:
		return l.Text("%d h", (minutes+30)/60)
	default:
		return l.Text("%d days", (minutes+12*60)/(24*60))
	}
}

// formatZone writes a time's zone and its offset from UTC: "America/New_York, EST, UTC-05:00".
func formatZone(t time.Time) string {
	name, offset := t.Location().String(), t.Format("-07:00")
	if short := t.Format("MST"); short != "" && short[0] != '-' && short[0] != '+' && short != name {
		name += ", " + short
	}
	return name + ", UTC" + strings.Replace(offset, "-", "\u2212", 1)
}

// capitalize makes a word's first letter a capital.
func capitalize(word string) string {
	first, size := utf8.DecodeRuneInString(word)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + word[size:]
}

// stateName is a state of a branch, route or calendar, or the severity of a finding, in words.
func stateName(l *languages.Language, state string) string {
	switch state {
	case "open":
		return l.Text("open")
	case "closed":
		return l.Text("closed")
	case "other":
		return l.Text("other")
	case "unknown":
		return l.Text("unknown")
	case "fresh":
		return l.Text("fresh")
	case "stale":
		return l.Text("stale")
	case "error":
		return l.Text("error")
	case "warning":
		return l.Text("warning")
	}
	return state
}

// resultName is how an attempt to read a calendar ended, in words.
func resultName(l *languages.Language, result metrics.FetchResult) string {
	switch result {
	case metrics.OK:
		return l.Text("successful")
	case metrics.Unchanged:
		return l.Text("unchanged")
	case metrics.NotFound:
		return l.Text("not found")
	case metrics.Forbidden:
		return l.Text("access denied")
	case metrics.RateLimited:
		return l.Text("too many requests")
	case metrics.ServerError:
		return l.Text("no usable answer")
	case metrics.Timeout:
		return l.Text("timed out")
	case metrics.NotCalendar:
		return l.Text("not a calendar")
	case metrics.Truncated:
		return l.Text("incomplete")
	case metrics.Shrunk:
		return l.Text("far fewer events than before")
	case metrics.TooBig:
		return l.Text("too large")
	}
	return string(result)
}

// howRendered is how often a callflow is rendered, as [render.State.Rendered] says it, in the reader's
// language.
func howRendered(l *languages.Language, how string) string {
	const each = "rendered for each call: "
	switch how {
	case "asked for each call":
		return l.Text("asked for each call")
	case "rendered once for this span":
		return l.Text("rendered once for this span")
	case "rendered once for this span and day":
		return l.Text("rendered once for this span and day")
	case each + "too many conditions ask about the call":
		return l.Text("rendered for each call: too many conditions ask about the call")
	case each + "there is no room to keep it":
		return l.Text("rendered for each call: there is no room to keep it")
	}
	if names, ok := strings.CutPrefix(how, each+"it reads "); ok {
		if ahead, ok := strings.CutSuffix(names, ", and a condition of the route depends on the call"); ok {
			return l.Text(
				"rendered for each call: it reads %s, and a condition of the route depends on the call", ahead)
		}
		return l.Text("rendered for each call: it reads %s", names)
	}
	if branch, ok := strings.CutPrefix(how, each+"branch "); ok {
		return l.Text("rendered for each call: branch %s failed", strings.TrimSuffix(branch, " failed"))
	}
	return how
}

// foundBy is by what a call found its route, in words.
func foundBy(l *languages.Language, by string) string {
	switch routes.MissReason(by) {
	case "name":
		return l.Text("found by its name")
	case routes.ByAccountAndNumber:
		return l.Text("found by account and number")
	case routes.ByNumber:
		return l.Text("found by the number")
	case routes.ByAccountAndPrefix:
		return l.Text("found by account and prefix")
	case routes.ByPrefix:
		return l.Text("found by a prefix")
	case routes.ByAccount:
		return l.Text("found by the account")
	case routes.ByPath:
		return l.Text("found by the path")
	}
	return by
}

// unmatchedReason is why a call found no route, in words.
func unmatchedReason(l *languages.Language, reason string) string {
	switch reason {
	case "no_path":
		return l.Text("unknown path")
	case "other_account":
		return l.Text("another account")
	case "no_number":
		return l.Text("no dialed number")
	case "number_not_listed":
		return l.Text("number not listed")
	}
	return reason
}

// htmlText is a text of the pages with tags in it, and arguments without.
func htmlText(l *languages.Language, text string, args []any) template.HTML {
	escaped := make([]any, len(args))
	for i, a := range args {
		if s, ok := a.(string); ok {
			a = template.HTMLEscapeString(s)
		}
		escaped[i] = a
	}
	// The text is the page's own, and the arguments are escaped.
	return template.HTML(l.Text(text, escaped...)) //nolint:gosec // see above
}
