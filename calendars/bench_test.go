package calendars

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/calendars/recur"
)

var benchFrom = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// BenchmarkWeekly shows that the age of a rule costs nothing: opening hours from Monday to Friday
// over the default horizon, begun long ago and lately.
func BenchmarkWeekly(b *testing.B) {
	for _, began := range []string{"19950102", "20261116"} {
		b.Run(began, func(b *testing.B) {
			calendar := mustRead(b, wrap(vevent("UID:hours", "DTSTART;TZID=America/New_York:"+began+"T090000",
				"DTEND;TZID=America/New_York:"+began+"T170000", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")))
			b.ReportAllocs()
			for b.Loop() {
				calendar.Compile(View{}, benchFrom, benchFrom.AddDate(0, 0, 400))
			}
		})
	}
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

func BenchmarkTypical(b *testing.B) {
	body := typical(10_000)
	b.Run("Read", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			mustRead(b, body)
		}
	})
	calendar := mustRead(b, body)
	b.Run("Unpack", func(b *testing.B) {
		key := EncodingKey("test", [32]byte{}, ical.Limits{})
		file := calendar.Encode(key)
		b.ReportMetric(float64(len(file))/float64(len(body)), "of-the-body")
		b.ReportAllocs()
		for b.Loop() {
			c, err := Decode(file, key, ical.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			c.Events()
		}
	})
	b.Run("Compile", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			calendar.Compile(View{}, benchFrom, benchFrom.AddDate(0, 0, 400))
		}
	})
}

// lane is n occurrences of an hour, one after the other, every two hours.
func lane(n int) []Occurrence {
	e := &Event{Event: ical.Event{UID: "short"}}
	occurrences := make([]Occurrence, n, n+1)
	for i := range occurrences {
		occurrences[i] = Occurrence{Start: int64(i) * 2 * recur.Hour, End: int64(i)*2*recur.Hour + recur.Hour, Event: e}
	}
	return occurrences
}

// BenchmarkAt asks 100,000 occurrences at moments all over the window. One event that lasts as long
// as the window is the worst case: every search has to go back to it.
func BenchmarkAt(b *testing.B) {
	const n = 100_000
	const end = n * 2 * recur.Hour
	for _, c := range []struct {
		name string
		with []Occurrence
	}{
		{"one-after-the-other", nil},
		{
			"a-fortnight-over-them",
			[]Occurrence{{Start: end / 2, End: end/2 + 14*recur.Day, Event: &Event{Event: ical.Event{UID: "long"}}}},
		},
		{"one-over-them-all", []Occurrence{{Start: 0, End: end, Event: &Event{Event: ical.Event{UID: "long"}}}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			timeline := timelineOf(0, end, append(lane(n), c.with...))
			dst := make([]Occurrence, 0, 8)
			at := int64(0)
			b.ReportAllocs()
			for b.Loop() {
				at = (at + 7919*recur.Minute) % end
				dst = timeline.At(dst[:0], at)
			}
		})
	}
}
