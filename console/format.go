package console

import (
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/callhours/callhours/preview"
)

// funcs are what pages call.
func (c *Console) funcs() template.FuncMap {
	return template.FuncMap{
		"asset":        func(name string) string { return "/static/" + name + "?" + c.assets[name].tag },
		"clock":        func(t time.Time) string { return t.Format("15:04") },
		"moment":       formatMoment,
		"full":         func(t time.Time) string { return t.Format(dateFormat + " 15:04:05 MST") },
		"day":          func(t time.Time) string { return t.Format(dateFormat) },
		"at":           func(t time.Time) string { return t.Format(dateFormat + " 15:04") },
		"local":        func(t, now time.Time) time.Time { return t.In(now.Location()) },
		"iso":          func(t time.Time) string { return t.Format(time.RFC3339) },
		"distance":     formatDistance,
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
		"number":     formatNumber,
		"ticks":      ticks,
		"navigation": c.navigation,
		"percent":    func(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) + "%" },
		// differs says whether an event's title says more than the name of a branch.
		"differs": func(a, b string) bool { return !strings.EqualFold(a, b) },
		"stateword": func(state string) string {
			if state == "" {
				return ""
			}
			return strings.ToUpper(state[:1]) + state[1:]
		},
		"reason": func(reason string) string {
			if words, ok := unmatchedReasons[reason]; ok {
				return words
			}
			return reason
		},
		"sentence": preview.Sentence,
		"plural": func(n int, one, many string) string {
			if n == 1 {
				return one
			}
			return many
		},
	}
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

func (c *Console) navigation(here string) []entry {
	found, _ := c.options.Findings()
	configured := 0
	if status := c.options.Status(); status.Failed {
		configured = max(1, len(status.Mistakes))
	}
	return []entry{
		{"Now", "/", here == "now", 0},
		{"Try a call", "/try", here == "try", 0},
		{"Calendars", "/calendars", here == "calendars", 0},
		{"Findings", "/findings", here == "findings", len(found)},
		{"Configuration", "/config", here == "configuration", configured},
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

// dateFormat is how pages write a day.
const dateFormat = "Mon 2 Jan 2006"

// formatMoment writes a time as on a clock of its zone, with the day: "today 15:04", "Wed 25 Nov
// 2026 15:04".
func formatMoment(t, now time.Time) string {
	now = now.In(t.Location())
	clock := t.Format("15:04")
	switch preview.DayNumber(t) - preview.DayNumber(now) {
	case 0:
		return "today " + clock
	case 1:
		return "tomorrow " + clock
	case -1:
		return "yesterday " + clock
	}
	return t.Format(dateFormat+" ") + clock
}

// formatDistance is how far a time is from now: "in 2 h 5 min", "3 days ago".
func formatDistance(t, now time.Time) string {
	d := t.Sub(now)
	switch {
	case d > -5*time.Second && d <= 0:
		return "just now"
	case d < 0:
		return formatSpan(-d) + " ago"
	case d < 5*time.Second:
		return "now"
	}
	return "in " + formatSpan(d)
}

// formatSpan writes a duration: to the minute below a day, to the hour below three, then in days.
func formatSpan(d time.Duration) string {
	switch minutes := int(d.Round(time.Minute) / time.Minute); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d/time.Second))
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	case minutes < 24*60 && minutes%60 == 0:
		return fmt.Sprintf("%d h", minutes/60)
	case minutes < 24*60:
		return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
	case minutes < 72*60:
		return fmt.Sprintf("%d h", (minutes+30)/60)
	default:
		return fmt.Sprintf("%d days", (minutes+12*60)/(24*60))
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

// formatNumber groups digits by three.
func formatNumber(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
