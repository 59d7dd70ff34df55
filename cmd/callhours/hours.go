package main

import (
	"context"
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
		Use:   "hours [ROUTE]",
		Short: "show the opening hours of a route",
		Long: `hours lists the branches of a route that answer ordinary calls over the coming
days, and when each of them does. If the configuration has only one route, ROUTE
may be omitted.

  callhours hours
  callhours hours front-desk
  callhours hours front-desk --from 2026-12-20 --days 14
  callhours hours front-desk --days 90 --format ics > front-desk.ics

--format ics writes a calendar that begins a week ago, or at --from. The last
branch, which answers when no other does, is left out of it. The running server
serves the same at /api/v1/hours of its admin listener.`,
		Args:              arguments(0, 1, "ROUTE"),
		ValidArgsFunction: completeRoutes,
		PreRunE:           func(_ *cobra.Command, args []string) error { return takeRoute(&a.route, args) },
		RunE:              func(cmd *cobra.Command, _ []string) error { return hours(cmd.Context(), a, env) },
	}
	f := cmd.Flags()
	configFlag(cmd, &a.config)
	f.StringVar(&a.format, "format", "text", "output `format`: text, json or ics")
	f.StringVar(&a.route, "route", "", "`name` of the route, instead of ROUTE")
	f.StringVar(&a.from, "from", "", "first date or `time` (default: today)")
	f.IntVar(&a.days, "days", 14, "number of `days`, at most 3660")
	completeFlag(cmd, "format", "text", "json", "ics")
	completeRouteFlag(cmd)
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
		return unknownFormat(a.format, "text", "json", "ics")
	case a.days < 1 || a.days > maxHourDays:
		return usageError(fmt.Errorf("--days %d: expected 1 to %d", a.days, maxHourDays))
	}
	in, err := openSilently(a.config, env)
	if err != nil {
		return err
	}
	if a.route == "" {
		if a.route, err = in.theRoute("hours"); err != nil {
			return err
		}
	}
	in.warn(env)
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
		past = preview.PastDays
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
	stop := startProgress(env, "computing hours")
	h, err := g.Preview().Hours(ctx, preview.Period{Route: a.route, From: from, Days: days, Most: maxSpans})
	stop()
	if err != nil {
		return usageError(err)
	}
	switch a.format {
	case "json":
		return newEncoder(env.stdout, isTerminal(env.stdout)).Encode(h)
	case "ics":
		return h.ICS(exact(env.stdout), env.now())
	}
	return h.Text(env.stdout)
}
