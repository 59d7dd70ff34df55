package recur_test

import (
	"fmt"

	"github.com/callhours/callhours/calendars/recur"
)

func ExampleRule_Starts() {
	rule, err := recur.Parse("FREQ=MONTHLY;BYDAY=-1FR") // the last Friday of each month
	if err != nil {
		fmt.Println(err)
		return
	}
	start := recur.Civil(2026, 10, 30) + 9*recur.Hour // DTSTART:20261030T090000
	steps := &recur.Budget{Left: 10_000}
	for civil := range rule.Anchor(start).Starts(start, start, recur.Civil(2027, 2, 1), steps) {
		year, month, date := recur.DateOf(civil)
		fmt.Printf("%d-%02d-%02d %02d:00\n", year, month, date, recur.SecondOfDay(civil)/recur.Hour)
	}
	// Output:
	// 2026-10-30 09:00
	// 2026-11-27 09:00
	// 2026-12-25 09:00
	// 2027-01-29 09:00
}
