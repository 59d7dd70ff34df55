package zones_test

import (
	"fmt"
	"time"

	"github.com/callhours/callhours/calendars/recur"
	"github.com/callhours/callhours/calendars/zones"
)

func ExampleInstant() {
	berlin, err := zones.Load("Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, civil := range []int64{
		recur.Civil(2026, 12, 24) + 9*recur.Hour,
		recur.Civil(2026, 3, 29) + 2*recur.Hour + 30*recur.Minute, // the clocks skip it: the offset before counts
	} {
		fmt.Println(time.Unix(zones.Instant(civil, berlin), 0).UTC().Format(time.DateTime))
	}
	_, err = zones.Load("Europe/Berln")
	fmt.Println(err)
	// Output:
	// 2026-12-24 08:00:00
	// 2026-03-29 01:30:00
	// time zone "Europe/Berln" is not known; did you mean "Europe/Berlin"?
}

func ExampleKnown() {
	fmt.Println(zones.Known("W. Europe Standard Time")) // of Outlook
	fmt.Println(zones.Known("/mozilla.org/20050126_1/Europe/Paris"))
	// Output:
	// Europe/Berlin
	// Europe/Paris
}
