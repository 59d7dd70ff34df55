package preview

import (
	"fmt"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/pivot"
)

// Moment reads a time as people write it: RFC 3339, or a date and perhaps a time in the zone. A
// time that the clocks skip is taken by RFC 5545 3.3.5, as events are. Moments outside of the years
// 1970 to 2199 are refused.
func Moment(text string, zone *time.Location) (time.Time, error) {
	t, err := parseMoment(text, zone)
	if y := t.Year(); err == nil && (y < firstYear || y > lastYear) {
		return t, fmt.Errorf("%q is too far away; expected the years %d to %d", text, firstYear, lastYear)
	}
	return t, err
}

func parseMoment(text string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.In(zone), nil
	}
	for _, layout := range []string{
		"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04",
		"2006-01-02T15:04:05", time.DateOnly,
	} {
		if t, err := time.Parse(layout, text); err == nil {
			return time.Unix(zones.Instant(t.Unix(), zone), 0).In(zone), nil
		}
	}
	return time.Time{},
		fmt.Errorf("%q is not a date or time; expected 2026-12-25, 2026-12-25 10:00, or RFC 3339", text)
}

// Midnight is when the local day of a moment begins, or one that many days later. Where the clocks
// skip midnight it is the moment at which they do.
func Midnight(of time.Time, later int) time.Time {
	y, m, d := of.Date()
	return time.Unix(zones.Instant(time.Date(y, m, d+later, 0, 0, 0, 0, time.UTC).Unix(), of.Location()),
		0).In(of.Location())
}

// DayNumber counts local days: that of a moment on its own clock.
func DayNumber(at time.Time) int {
	y, m, d := at.Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 3600))
}

// Call is one that people describe: by account, dialed number and number of the caller, each of
// which may be "", and by further parameters of Kazoo's request as NAME=VALUE. It is nil, the
// ordinary call, when they say nothing of one.
func Call(account, dialed, caller string, params []string) (*pivot.Call, error) {
	all := map[string]string{}
	for _, p := range params {
		name, value, found := strings.Cut(p, "=")
		if !found || name == "" {
			return nil, fmt.Errorf("%q is not a parameter; expected NAME=VALUE, such as Caller-ID-Name=JANE", p)
		}
		all[name] = value
	}
	for name, value := range map[string]string{"Account-ID": account, "Request": dialed, "Caller-ID-Number": caller} {
		if value != "" {
			all[name] = value
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	call := pivot.New(all)
	return &call, nil
}
