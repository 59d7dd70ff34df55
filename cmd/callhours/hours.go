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

// hoursFlags are the flags of hours.
type hoursFlags struct {
	config, format, route, from string
	days                        int
}

func hoursCommand(env environment) *cobra.Command {
	var a hoursFlags
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
		RunE: func(cmd *cobra.Command, _ []string) error { return hours(cmd.Context(), a, env) },
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
	maxHourDays = 3660
	maxSpans    = 1_000_000
)

func hours(ctx context.Context, a hoursFlags, env environment) error {
	switch {
	case a.format != "text" && a.format != "json" && a.format != "ics":
		return usageError(fmt.Errorf("--format %q is not known: want text, json or ics", a.format))
	case a.route == "":
		return usageError(errors.New("of which route? name a --route"))
	case a.days < 1 || a.days > maxHourDays:
		return usageError(fmt.Errorf("--days %d: want 1 to %d", a.days, maxHourDays))
	}
	in, err := open(a.config, env)
	if err != nil {
		return err
	}
	g, err := in.build(env)
	if err != nil {
		return err
	}
	q := preview.Question{Route: a.route}
	zone, err := g.Preview().Zone(q)
	if err != nil {
		return usageError(err)
	}
	past := 0
	if a.format == "ics" {
		past = preview.Past
	}
	y, m, d := env.now().In(zone).Date()
	from := time.Date(y, m, d-past, 0, 0, 0, 0, zone)
	days := a.days + past
	if a.from != "" {
		if from, err = preview.Moment(a.from, zone); err != nil {
			return usageError(fmt.Errorf("--from %w", err))
		}
		days = a.days
	}
	names, err := g.Preview().Calendars(q)
	if err != nil {
		return usageError(err)
	}
	readCalendars(ctx, g, names, env)
	h, err := g.Preview().Hours(ctx, preview.Period{Route: a.route, From: from, Days: days, Most: maxSpans})
	if err != nil {
		return usageError(err)
	}
	switch a.format {
	case "json":
		out := json.NewEncoder(env.stdout)
		out.SetEscapeHTML(false)
		return out.Encode(h)
	case "ics":
		return h.ICS(exact(env.stdout), env.now())
	}
	return h.Text(env.stdout)
}
