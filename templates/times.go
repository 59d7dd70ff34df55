package templates

import (
	"fmt"
	"reflect"
	"time"
)

// timeOf takes a time, the seconds since 1970 UTC, or something with a Start.
func timeOf(v any) (time.Time, error) {
	switch v := v.(type) {
	case time.Time:
		return v, nil
	case *time.Time:
		if v != nil {
			return *v, nil
		}
	case int:
		return time.Unix(int64(v), 0), nil
	case int64:
		return time.Unix(v, 0), nil
	case interface{ Start() time.Time }:
		return v.Start(), nil
	}
	rv := reflect.Indirect(reflect.ValueOf(v))
	if rv.Kind() == reflect.Struct {
		if start := rv.FieldByName("Start"); start.IsValid() && start.CanInterface() {
			if t, ok := start.Interface().(time.Time); ok {
				return t, nil
			}
		}
	}
	if !rv.IsValid() {
		return time.Time{}, wantf("want a time, found nothing; guard it with {{with}}")
	}
	return time.Time{}, wantf("want a time, found %s", describe(v))
}

// local takes a time to the route's zone.
func (r *run) local(v any) (time.Time, error) {
	t, err := timeOf(v)
	return t.In(r.env.Now.Location()), err
}

func (r *run) now() time.Time { return r.env.Now }

func (r *run) date(layout string, v any) (string, error) {
	t, err := r.local(v)
	if err != nil {
		return "", err
	}
	return r.format(t, layout)
}

func (r *run) htmlDate(v any) (string, error) { return r.date(time.DateOnly, v) }

func (r *run) dateInZone(layout string, v any, zone string) (string, error) {
	t, err := timeOf(v)
	if err != nil {
		return "", err
	}
	where := r.t.zones[zone]
	if where == nil {
		if where, err = loadZone(zone); err != nil {
			return "", err
		}
	}
	return r.format(t.In(where), layout)
}

// loadZone finds a time zone by its IANA name. "Local" would be the server's.
func loadZone(name string) (*time.Location, error) {
	if name != "" && name != "Local" {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone, nil
		}
	}
	return nil, wantf("want a time zone such as \"Europe/Berlin\", found %s", clip(name))
}

func (r *run) format(t time.Time, layout string) (string, error) {
	if err := r.room(len(layout)); err != nil {
		return "", err
	}
	return r.text(t.Format(layout))
}

// toDate reads a time as it stands on a clock of the route's zone.
func (r *run) toDate(layout, text string) (time.Time, error) {
	t, err := time.ParseInLocation(layout, text, r.env.Now.Location())
	if err != nil {
		return time.Time{}, wantf("want a time like %s, found %s", clip(layout), clip(text))
	}
	return t, nil
}

// ago is how long before the moment of the call a time was, such as 3h0m0s.
func (r *run) ago(v any) (string, error) {
	t, err := timeOf(v)
	return r.env.Now.Sub(t).Round(time.Second).String(), err
}

func (r *run) next(name string) (any, error) {
	if r.env.Next == nil {
		return nil, wantf("there is nothing to look ahead in here")
	}
	return r.env.Next(name)
}

func (r *run) on(calendar string) (any, error) {
	if r.env.On == nil {
		return nil, wantf("there are no calendars here")
	}
	return r.env.On(calendar)
}

// spoken says a time as people do, seen from the moment of the call. The language may stand before it.
func (r *run) spoken(args ...any) (string, error) {
	language := r.env.Language
	if len(args) == 2 {
		given, ok := args[0].(string)
		if !ok {
			return "", wantf("want a language such as \"en\" before the time, found %s", describe(args[0]))
		}
		language = given
	}
	if len(args) < 1 || len(args) > 2 {
		return "", wantf("want a time, found %d arguments", len(args))
	}
	t, err := r.local(args[len(args)-1])
	if err != nil {
		return "", err
	}
	return speak(language, t, r.env.Now), nil
}

// speak knows English; every other language falls back to it.
func speak(_ string, t, now time.Time) string { return speakEnglish(t, now) }

func speakEnglish(t, now time.Time) string {
	hour := t.Format("3:04 PM")
	switch {
	case t.Hour() == 0 && t.Minute() == 0:
		hour = "midnight"
	case t.Hour() == 12 && t.Minute() == 0:
		hour = "noon"
	case t.Minute() == 0:
		hour = t.Format("3 PM")
	}
	var day string
	switch days := daysBetween(now, t); {
	case days == 0:
		day = "today"
	case days == 1:
		day = "tomorrow"
	case days > 1 && days < 7:
		day = t.Format("Monday")
	case t.Year() == now.Year():
		day = t.Format("Monday, January 2")
	default:
		day = t.Format("Monday, January 2, 2006")
	}
	return fmt.Sprintf("%s at %s", day, hour)
}

// daysBetween counts midnights on the calendar, whatever the length of the days.
func daysBetween(from, to time.Time) int {
	noon := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC) }
	return int(noon(to).Sub(noon(from)) / (24 * time.Hour))
}
