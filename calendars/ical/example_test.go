package ical_test

import (
	"fmt"
	"time"

	"github.com/callhours/callhours/calendars/ical"
)

func ExampleRead() {
	body := "BEGIN:VCALENDAR\nX-WR-CALNAME:Office\n" +
		"BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Berlin:20261224T090000\nSUMMARY:Open\\, until noon\nEND:VEVENT\n" +
		"BEGIN:VEVENT\nUID:2\nDTSTART:tomorrow\nSUMMARY:Closed\nEND:VEVENT\n" +
		"END:VCALENDAR\n"
	calendar, err := ical.Read(ical.File{Body: []byte(body)}, ical.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(calendar.Name)
	for _, e := range calendar.Events {
		fmt.Println(e.Summary, time.Unix(e.Start.Civil, 0).UTC().Format("2006-01-02 15:04"), e.Start.Zone)
	}
	for _, p := range calendar.Problems {
		fmt.Println(p)
	}
	// Output:
	// Office
	// Open, until noon 2026-12-24 09:00 Europe/Berlin
	// line 10: DTSTART: expected a time such as 20261224 or 20261224T090000Z, found "tomorrow"; event "Closed" (2) is ignored
}
