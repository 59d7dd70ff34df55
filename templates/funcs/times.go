package funcs

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/jsonsafe"
)

// timeOf reads a time, the seconds since 1970 UTC, or a value with a Start.
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
			if t, ok := reflect.TypeAssert[time.Time](start); ok {
				return t, nil
			}
		}
	}
	if !rv.IsValid() {
		return time.Time{}, errors.New("expected a time, found nothing; guard it with {{with}}")
	}
	return time.Time{}, fmt.Errorf("expected a time, found %s", jsonsafe.Describe(v))
}

// local is a time in the route's zone.
func (r *Run) local(v any) (time.Time, error) {
	t, err := timeOf(v)
	return t.In(r.env.Now.Location()), err
}

func (r *Run) now() time.Time { return r.env.Now }

func (r *Run) date(layout string, v any) (string, error) {
	t, err := r.local(v)
	if err != nil {
		return "", err
	}
	return r.format(t, layout)
}

func (r *Run) htmlDate(v any) (string, error) { return r.date(time.DateOnly, v) }

func (r *Run) dateInZone(layout string, v any, zone string) (string, error) {
	t, err := timeOf(v)
	if err != nil {
		return "", err
	}
	where := r.literals.zones[zone]
	if where == nil {
		if err := r.spend(perZone + len(zone)); err != nil {
			return "", err
		}
		if where, err = r.literals.zone.Find(zone); err != nil {
			return "", err
		}
	}
	return r.format(t.In(where), layout)
}

// Zones finds a time zone by its IANA name. Its error is not shown.
type Zones func(name string) (*time.Location, error)

// Find refuses the server's own zone too, which "Local" and "" are to time.LoadLocation.
func (z Zones) Find(name string) (*time.Location, error) {
	if name != "" && name != "Local" {
		if zone, err := z(name); err == nil {
			return zone, nil
		}
	}
	return nil, fmt.Errorf("expected a time zone such as \"Europe/Berlin\", found %s", diag.Clip(name))
}

func (r *Run) format(t time.Time, layout string) (string, error) {
	if err := r.spend(perTime + 4*len(layout)); err != nil {
		return "", err
	}
	return r.boundText(t.Format(layout))
}

// toDate reads a time as it stands on a clock of the route's zone.
func (r *Run) toDate(layout, text string) (time.Time, error) {
	if err := r.spend(perTime + 8*(len(layout)+len(text))); err != nil {
		return time.Time{}, err
	}
	t, err := time.ParseInLocation(layout, text, r.env.Now.Location())
	if err != nil {
		return time.Time{}, fmt.Errorf("expected a time like %s, found %s", diag.Clip(layout), diag.Clip(text))
	}
	return t, nil
}

// ago is how long ago a time was at the moment of the call, such as 3h0m0s.
func (r *Run) ago(v any) (string, error) {
	if err := r.spend(perTime); err != nil {
		return "", err
	}
	t, err := timeOf(v)
	return r.env.Now.Sub(t).Round(time.Second).String(), err
}

func (r *Run) next(name string) (any, error) {
	if r.env.Next == nil {
		return nil, errors.New("next is not available here")
	}
	return r.lookup(&r.nexts, name, r.env.Next)
}

// lookup calls find, which may take long, once for each name in an execution.
func (r *Run) lookup(known *map[string]any, name string, find func(string) (any, error)) (any, error) {
	if err := r.spendText(len(name)); err != nil {
		return nil, err
	}
	if v, ok := (*known)[name]; ok {
		return v, nil
	}
	if err := r.spend(1 << 10); err != nil {
		return nil, err
	}
	if err := r.checkContext(); err != nil {
		return nil, err
	}
	v, err := find(name)
	if err != nil {
		return nil, err
	}
	if *known == nil {
		*known = map[string]any{}
	}
	(*known)[name] = v
	return v, nil
}

func (r *Run) on(calendar string) (any, error) {
	if r.env.On == nil {
		return nil, errors.New("there are no calendars here")
	}
	return r.lookup(&r.occurring, calendar, r.env.On)
}
