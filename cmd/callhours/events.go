package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/calendars"
)

// window are the flags of events.
type window struct {
	config, format     string
	from, to, timezone string
}

func eventsCommand(w world) *cobra.Command {
	var a window
	cmd := &cobra.Command{
		Use:   "events CALENDAR|FILE|-",
		Short: "occurrences of a calendar",
		Long: `events lists what a calendar holds between two moments, with recurrences expanded, and what in it could not be used. The calendar
is one of the configuration's by its name, an .ics file, a glob, or - for standard input.

  callhours events hours --from 2026-12-20 --to 2027-01-05
  callhours events holidays.ics --timezone America/New_York --format json

Dates are local midnights of --timezone, which is also the zone of all-day and floating events.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return events(args[0], a, w) },
	}
	f := cmd.Flags()
	configFlag(cmd, &a.config)
	formatFlag(cmd, &a.format)
	f.StringVar(&a.from, "from", "", "first `moment` (default: today)")
	f.StringVar(&a.to, "to", "", "`moment` after the last (default: 30 days after --from)")
	f.StringVar(&a.timezone, "timezone", "", "`zone` such as Europe/Berlin (default: the calendar's, else the configuration's)")
	return cmd
}

func events(name string, a window, w world) error {
	if err := checkFormat(a.format); err != nil {
		return err
	}
	calendar, zone, err := find(name, a, w)
	if err != nil {
		return err
	}
	if a.timezone != "" {
		if zone, err = calendars.LoadZone(a.timezone); err != nil {
			return refuse(fmt.Errorf("--timezone: %w", err))
		}
	}
	if zone == nil {
		return refuse(errors.New("in which time zone? give one, such as --timezone America/New_York; there is no silent UTC"))
	}
	now := w.now().In(zone)
	y, m, d := now.Date()
	from := time.Date(y, m, d, 0, 0, 0, 0, zone)
	if a.from != "" {
		if from, err = moment(a.from, zone); err != nil {
			return refuse(fmt.Errorf("--from %w", err))
		}
	}
	to := from.AddDate(0, 0, 30)
	if a.to != "" {
		if to, err = moment(a.to, zone); err != nil {
			return refuse(fmt.Errorf("--to %w", err))
		}
	}
	if !from.Before(to) {
		return refuse(fmt.Errorf("--to %s is not after --from %s", to.Format(time.RFC3339), from.Format(time.RFC3339)))
	}
	t := calendar.Compile(calendars.View{Zone: zone}, from, to)
	l := listing{Occurrences: []occurrence{}, Problems: []problem{}}
	for _, o := range t.All() {
		l.Occurrences = append(l.Occurrences, occurrence{
			UID: o.Event.UID, Summary: o.Event.Summary,
			Start: time.Unix(o.Start, 0).UTC(), End: time.Unix(o.End, 0).UTC(), AllDay: o.Event.AllDay,
		})
	}
	problems := slices.Concat(calendar.Problems(), t.Problems())
	for _, p := range problems {
		l.Problems = append(l.Problems, problem{p.Line, p.UID, p.Message})
	}
	if a.format == "json" {
		out := json.NewEncoder(w.stdout)
		out.SetEscapeHTML(false)
		return out.Encode(l)
	}
	return l.text(w.stdout, zone, problems)
}

// find reads the calendar that the argument means, and gives its zone if it has one.
func find(name string, a window, w world) (*calendars.Calendar, *time.Location, error) {
	if name == "-" {
		// One byte more than any limit lets through, so that Read can say which.
		body, err := io.ReadAll(io.LimitReader(w.stdin, 1<<28))
		if err != nil {
			return nil, nil, deny(err)
		}
		c, err := calendars.Read(body, calendars.Limits{})
		if err != nil {
			return nil, nil, deny(fmt.Errorf("standard input: %w", err))
		}
		return c, nil, nil
	}
	if strings.Contains(name, "://") {
		return nil, nil, refuse(errors.New("calendars are read from files by this version, and not yet from http; download it and name the file"))
	}
	in, configErr := open(a.config, w)
	if configErr == nil {
		g, err := in.build(w)
		if err != nil {
			configErr = err
		} else if use, zone, ok := g.Calendar(name); ok {
			if use.State.Unknown() {
				return nil, nil, deny(fmt.Errorf("calendar %q is unknown: %w", name, use.State.Err))
			}
			return use.State.Calendar, zone, nil
		}
	}
	if a.config != "" && configErr != nil {
		return nil, nil, configErr
	}
	c, err := calendars.Load(nil, name, calendars.Limits{})
	if errors.Is(err, fs.ErrNotExist) && configErr != nil {
		return nil, nil, configErr // it may be a calendar of a configuration that cannot be read
	}
	if err != nil {
		return nil, nil, deny(err)
	}
	return c, nil, nil
}

// listing is what events prints. Its JSON is relied on from outside.
type listing struct {
	Occurrences []occurrence `json:"occurrences"`
	Problems    []problem    `json:"problems"`
}

type occurrence struct {
	UID     string    `json:"uid"`
	Summary string    `json:"summary"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	AllDay  bool      `json:"all_day"`
}

type problem struct {
	Line    int    `json:"line"`
	UID     string `json:"uid"`
	Message string `json:"message"`
}

func (l *listing) text(w io.Writer, zone *time.Location, problems []calendars.Problem) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, o := range l.Occurrences {
		layout := "Mon 2006-01-02 15:04"
		if o.AllDay {
			layout = "Mon 2006-01-02"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", o.Start.In(zone).Format(layout), o.End.In(zone).Format(layout), o.Summary)
	}
	for _, p := range problems {
		fmt.Fprintf(t, "problem: %s\n", p)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d occurrences, %d problems, times in %s\n", len(l.Occurrences), len(problems), zone)
	return err
}
