package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/preview"
)

// explainFlags are the flags of explain.
type explainFlags struct {
	config, format                       string
	route, path, account, dialed, caller string
	params                               []string
	at                                   string
	watch                                bool
}

func explainCommand(env environment) *cobra.Command {
	var a explainFlags
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "what happens to a call at a moment, and why",
		Long: `explain takes a call through the same code as a live one and says which route answers and why, which branch it takes and why, the
callflow that Kazoo would get, and when that changes.

Name the route, or let the call find it as Kazoo's would:

  callhours explain --route front-desk
  callhours explain --route front-desk --at "2026-12-25 10:00"
  callhours explain --path /pivot --account 7a1c… --dialed +14155550100 --caller +12025550147
  callhours explain --route front-desk --param "Custom-Application-Vars[step]=2"
  callhours explain --route front-desk --watch

--at is RFC 3339 or a date and time in the route's zone. It exits with 1 when nothing would answer.

--watch says what happens now, and again whenever that changes, until it is interrupted. It fetches feeds and reads calendar files as a server
does, and goes by the configuration as it was when it began. With --format json it writes an object on each line.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return explain(cmd.Context(), a, env) },
	}
	f := cmd.Flags()
	configFlag(cmd, &a.config)
	formatFlag(cmd, &a.format)
	f.StringVar(&a.route, "route", "", "`name` of the route that answers")
	f.StringVar(&a.path, "path", "", "`path` that Kazoo asks for (default: the configuration's path)")
	f.StringVar(&a.account, "account", "", "Account-ID of the call")
	f.StringVar(&a.dialed, "dialed", "", "dialed `number`, Kazoo's Request")
	f.StringVar(&a.caller, "caller", "", "`number` of the caller")
	f.StringArrayVar(&a.params, "param", nil, "any other parameter of the request as `NAME=VALUE`; may be repeated")
	f.StringVar(&a.at, "at", "", "`moment` to explain (default: now)")
	f.BoolVar(&a.watch, "watch", false, "go on, and explain again whenever the decision changes")
	return cmd
}

func explain(ctx context.Context, a explainFlags, env environment) error {
	if err := checkFormat(a.format); err != nil {
		return err
	}
	if a.watch && a.at != "" {
		return usageError(errors.New("--watch follows the clock; leave out --at"))
	}
	q := preview.Question{Route: a.route, Path: a.path}
	var err error
	if q.Call, err = preview.Call(a.account, a.dialed, a.caller, a.params); err != nil {
		return usageError(fmt.Errorf("--param %w", err))
	}
	if q.Route == "" && q.Path == "" && q.Call == nil {
		return usageError(
			fmt.Errorf("which call? name a --route, or a --path, --account or --dialed number that finds one"))
	}
	in, err := open(a.config, env)
	if err != nil {
		return err
	}
	g, err := in.build(env)
	if err != nil {
		return err
	}
	p := g.Preview()
	q.At = env.now()
	if a.at != "" {
		zone, err := p.Zone(q)
		if err != nil {
			return usageError(err)
		}
		if q.At, err = preview.Moment(a.at, zone); err != nil {
			return usageError(fmt.Errorf("--at %w", err))
		}
	}
	names, err := p.Calendars(q)
	if err != nil {
		return usageError(err)
	}
	if a.watch {
		return watch(ctx, g, q, names, a.format, env)
	}
	readCalendars(ctx, g, names, env)
	e, err := g.Preview().Explain(ctx, q)
	if err != nil {
		return usageError(err)
	}
	if a.format == "json" {
		out := json.NewEncoder(env.stdout)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		err = out.Encode(e)
	} else {
		err = e.Text(env.stdout)
	}
	if err != nil {
		return failure(err)
	}
	if !e.Answered() {
		return failure(errReported)
	}
	return nil
}
