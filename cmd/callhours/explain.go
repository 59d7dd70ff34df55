package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/preview"
)

// explainFlags are the flags of explain.
type explainFlags struct {
	config, format                       string
	route, path, account, dialed, caller string
	params                               []string
	at                                   string
	watch, verbose, ask                  bool
}

// text writes an explanation for people.
func (a explainFlags) text(e *preview.Explanation, to io.Writer) error {
	if a.verbose {
		return e.VerboseText(to)
	}
	return e.Text(to)
}

func explainCommand(env environment) *cobra.Command {
	var a explainFlags
	cmd := &cobra.Command{
		Use:   "explain [ROUTE]",
		Short: "show how a call is answered, and why",
		Long: `explain runs a call through the same code as a live one. It shows which route
and branch answer and why, the callflow that Kazoo would get, and when that
changes.

Name the route, or let the call find its route as one from Kazoo does. Without
either, it is the configuration's only route:

  callhours explain
  callhours explain front-desk
  callhours explain front-desk --at "2026-12-25 10:00"
  callhours explain --path /pivot --account 7a1c… --dialed +14155550100 --caller +12025550147
  callhours explain front-desk --param "Custom-Application-Vars[step]=2"
  callhours explain front-desk --ask
  callhours explain front-desk --watch

Each branch has one short line; --verbose shows all patterns and numbers that
were compared.

Where another Pivot server answers the branch (upstream), what would be sent to
it is shown, as Kazoo sends it with method post; --ask sends it, and shows what
a caller would get.

--at takes RFC 3339, or a date and time in the route's time zone. The exit code
is 1 if no route matches.

--watch shows what happens now, and again whenever that changes, until it is
interrupted. It fetches feeds and rereads calendar files as a server does, but
not the configuration. With --format json it writes one object per line.`,
		Args:              arguments(0, 1, "ROUTE"),
		ValidArgsFunction: completeRoutes,
		PreRunE:           func(_ *cobra.Command, args []string) error { return takeRoute(&a.route, args) },
		RunE:              func(cmd *cobra.Command, _ []string) error { return explain(cmd.Context(), a, env) },
	}
	f := cmd.Flags()
	configFlag(cmd, &a.config)
	formatFlag(cmd, &a.format)
	f.StringVar(&a.route, "route", "", "`name` of the route, instead of ROUTE")
	f.StringVar(&a.path, "path", "", "URL `path` of the request (default: the configuration's path)")
	f.StringVar(&a.account, "account", "", "Account-ID of the call")
	f.StringVar(&a.dialed, "dialed", "", "dialed `number` (Kazoo's Request)")
	f.StringVar(&a.caller, "caller", "", "caller's `number`")
	f.StringArrayVar(&a.params, "param", nil, "any other parameter of the request, as `NAME=VALUE`; may be repeated")
	f.StringVar(&a.at, "at", "", "date or `time` of the call (default: now)")
	f.BoolVar(&a.verbose, "verbose", false, "show all that the conditions compare")
	f.BoolVar(&a.ask, "ask", false, "ask the Pivot server of a branch that has an upstream")
	f.BoolVar(&a.watch, "watch", false, "keep running, and explain again whenever the decision changes")
	completeRouteFlag(cmd)
	return cmd
}

func explain(ctx context.Context, a explainFlags, env environment) error {
	if err := checkFormat(a.format); err != nil {
		return err
	}
	if a.watch && a.at != "" {
		return usageError(errors.New("--watch and --at exclude each other; leave one out"))
	}
	if a.watch && a.ask {
		return usageError(errors.New("--watch and --ask exclude each other; leave one out"))
	}
	q := preview.Question{Route: a.route, Path: a.path, Ask: a.ask}
	var err error
	if q.Call, err = preview.Call(a.account, a.dialed, a.caller, a.params); err != nil {
		return usageError(fmt.Errorf("--param %w", err))
	}
	in, err := openSilently(a.config, env)
	if err != nil {
		return err
	}
	if q.Route == "" && q.Path == "" && q.Call == nil {
		if q.Route, err = in.theRoute("explain"); err != nil {
			return err
		}
	}
	in.warn(env)
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
		return watch(ctx, g, q, names, a, env)
	}
	readCalendars(ctx, g, names, env)
	if p = g.Preview(); a.ask {
		p = g.AskingPreview(env.now)
	}
	e, err := p.Explain(ctx, q)
	if err != nil {
		return usageError(err)
	}
	if a.format == "json" {
		err = newEncoder(env.stdout, true).Encode(e)
	} else {
		err = a.text(e, env.stdout)
	}
	if err != nil {
		return failure(err)
	}
	if !e.Answered() {
		return failure(errReported)
	}
	return nil
}
