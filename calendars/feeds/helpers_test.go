package feeds

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
)

// wrap makes a calendar of components.
func wrap(components ...string) []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + strings.Join(components, "") + "END:VCALENDAR\r\n")
}

// vevent makes an event of its lines.
func vevent(lines ...string) string {
	return "BEGIN:VEVENT\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\n"
}

func mustRead(t testing.TB, body []byte) *calendars.Calendar {
	t.Helper()
	c, err := calendars.Read(body, ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func texts(problems []ical.Problem) (list []string) {
	for _, p := range problems {
		list = append(list, p.String())
	}
	return list
}

// typical is a calendar of events as people have them: weekly and monthly series, one-off meetings,
// days off and moved occurrences, in eight zones.
func typical(events int) []byte {
	zones := strings.Fields(
		`America/New_York America/Los_Angeles America/Sao_Paulo Europe/Berlin Europe/London Asia/Tokyo
		Australia/Sydney Pacific/Auckland`)
	random := rand.New(rand.NewPCG(1, 2))
	var components []string
	for i := range events {
		uid := fmt.Sprintf("UID:%d@example.com", i)
		zone := zones[i%len(zones)]
		date := time.Date(2020+random.IntN(8), 1, 1+random.IntN(365), 8+random.IntN(10), 15*random.IntN(4), 0, 0,
			time.UTC)
		start := "DTSTART;TZID=" + zone + ":" + date.Format("20060102T150405")
		summary := fmt.Sprintf("SUMMARY:Event %d", i)
		switch i % 10 {
		case 0, 1:
			components = append(components,
				vevent(uid, start, "DURATION:PT1H", summary, "RRULE:FREQ=WEEKLY;BYDAY=MO,WE"))
		case 2:
			components = append(components,
				vevent(uid, start, "DURATION:PT8H", summary, "RRULE:FREQ=MONTHLY;BYDAY=-1FR"))
		case 3:
			components = append(components, vevent(uid, start, "DURATION:PT1H", summary, "RRULE:FREQ=WEEKLY"),
				vevent(uid,
					"RECURRENCE-ID;TZID="+zone+":"+date.AddDate(0, 0, 7).Format("20060102T150405"),
					"DTSTART;TZID="+zone+":"+date.AddDate(0, 0, 8).Format("20060102T150405"), "DURATION:PT2H", summary))
		case 4:
			components = append(components,
				vevent(uid, "DTSTART;VALUE=DATE:"+date.Format("20060102"), summary, "RRULE:FREQ=YEARLY"))
		default:
			components = append(components, vevent(uid, start, "DURATION:PT1H30M", summary))
		}
	}
	return wrap(components...)
}
