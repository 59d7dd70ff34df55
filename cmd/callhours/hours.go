package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/preview"
)

// hoursAsked are the flags of hours.
type hoursAsked struct {
	config, format, route, from string
	days                        int
}

func hoursCommand(w world) *cobra.Command {
	var a hoursAsked
	cmd := &cobra.Command{
		Use:   "hours",
		Short: "what the telephones will do",
		Long: `hours lists which branch of a route answers when, for an ordinary call, over the coming days.

  callhours hours --route front-desk
  callhours hours --route front-desk --from 2026-12-20 --days 14
  callhours hours --route front-desk --days 90 --format ics > front-desk.ics

--format ics makes a calendar of it, from a week ago on unless --from says otherwise. The last branch, which holds when nothing
else does, is no event there. The running server gives the same at /api/v1/hours on its admin side.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return hours(cmd.Context(), a, w) },
	}
	f := cmd.Flags()
	configFlag(cmd, &a.config)
	f.StringVar(&a.format, "format", "text", "`text`, json or ics")
	f.StringVar(&a.route, "route", "", "`name` of the route")
	f.StringVar(&a.from, "from", "", "first `moment` (default: today)")
	f.IntVar(&a.days, "days", 14, "how many `days`, 3660 at most")
	return cmd
}

// Bounds of hours.
const (
	mostHourDays = 3660
	mostSpans    = 1_000_000
)

func hours(ctx context.Context, a hoursAsked, w world) error {
	switch {
	case a.format != "text" && a.format != "json" && a.format != "ics":
		return refuse(fmt.Errorf("--format %q is not known: want text, json or ics", a.format))
	case a.route == "":
		return refuse(errors.New("of which route? name a --route"))
	case a.days < 1 || a.days > mostHourDays:
		return refuse(fmt.Errorf("--days %d: want 1 to %d", a.days, mostHourDays))
	}
	in, err := open(a.config, w)
	if err != nil {
		return err
	}
	g, err := in.build(w)
	if err != nil {
		return err
	}
	q := preview.Question{Route: a.route}
	zone, err := g.Preview().Zone(q)
	if err != nil {
		return refuse(err)
	}
	past := 0
	if a.format == "ics" {
		past = preview.Past
	}
	y, m, d := w.now().In(zone).Date()
	from := time.Date(y, m, d-past, 0, 0, 0, 0, zone)
	days := a.days + past
	if a.from != "" {
		if from, err = preview.Moment(a.from, zone); err != nil {
			return refuse(fmt.Errorf("--from %w", err))
		}
		days = a.days
	}
	names, err := g.Preview().Calendars(q)
	if err != nil {
		return refuse(err)
	}
	look(ctx, g, names, w)
	h, err := g.Preview().Hours(ctx, preview.Period{Route: a.route, From: from, Days: days, Most: mostSpans})
	if err != nil {
		return refuse(err)
	}
	switch a.format {
	case "json":
		out := json.NewEncoder(w.stdout)
		out.SetEscapeHTML(false)
		return out.Encode(h)
	case "ics":
		return h.ICS(exact(w.stdout), w.now())
	}
	return h.Text(w.stdout)
}
