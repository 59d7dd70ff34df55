package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/examples"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/server"
)

// checkFlags are the flags of check.
type checkFlags struct {
	config, schemas, format string
	days                    int
	offline, strict         bool
}

func checkCommand(env environment) *cobra.Command {
	var a checkFlags
	cmd := &cobra.Command{
		Use:   "check",
		Short: "find mistakes in a configuration and its calendars",
		Long: `check loads a configuration as serve does, renders every branch of every route
for sample calls, reads the calendars, and looks for problems in the coming days:
calls that would not be answered, titles that are probably misspelled, shifts
without a name. Each finding says where it is, what is wrong and what to do;
docs/checking.md lists the kinds of findings, which are shown in brackets.

  callhours check
  callhours check -c office/callhours.yaml --strict
  callhours check --format json

check uses the copies of feeds in state_dir, and fetches the feeds that have
none; it writes nothing. With --offline it fetches nothing.

With --schemas it also validates each callflow against a cluster's own schemas:
a directory with a file NAME.json for each schema, as GET /v2/schemas/NAME
returns it, or the URL of that API, such as
https://api.example.com:8443/v2/schemas.

The exit code is 1 if there are errors; with --strict, also if there are
warnings.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return check(cmd.Context(), a, env) },
	}
	f := cmd.Flags()
	configFlag(cmd, &a.config)
	f.StringVar(&a.format, "format", "text", "output `format`: text, json, or github (annotations of GitHub's workflows)")
	f.StringVar(&a.schemas, "schemas", "", "`directory` or URL of a cluster's own schemas")
	f.IntVar(&a.days, "days", 400, "number of `days` to look ahead, at most 3660")
	f.BoolVar(&a.offline, "offline", false, "fetch no feeds; use only the copies in state_dir")
	f.BoolVar(&a.strict, "strict", false, "exit with code 1 on warnings too")
	completeFlag(cmd, "format", "text", "json", "github")
	return cmd
}

// maxDays bounds how far check looks ahead.
const maxDays = 3660

func check(ctx context.Context, a checkFlags, env environment) error {
	switch {
	case a.format != "text" && a.format != "json" && a.format != "github":
		return unknownFormat(a.format, "text", "json", "github")
	case a.days < 1 || a.days > maxDays:
		return usageError(fmt.Errorf("--days %d: expected 1 to %d", a.days, maxDays))
	}
	var cluster *pivot.Schemas
	if a.schemas != "" {
		var err error
		stop := startProgress(env, "reading schemas")
		cluster, err = loadSchemas(ctx, a.schemas)
		stop()
		if err != nil {
			return usageError(fmt.Errorf("--schemas %s: %w", a.schemas, err))
		}
	}
	in, mistakes, err := load(a.config, env)
	if err != nil {
		return usageError(err)
	}
	if in.files != nil {
		if err := acceptExample(env); err != nil {
			return err
		}
	}
	var found []preview.Finding
	if len(mistakes) == 0 {
		g, err := server.Build(in.file, in.files, env.now())
		switch {
		case err == nil:
			readFeeds(ctx, g, a.offline, env)
			stop := startProgress(env, "checking routes and calendars")
			found = g.Find(ctx, server.FindOptions{Now: env.now(), Days: a.days, Schemas: cluster, Offline: a.offline})
			stop()
		case !errors.As(err, &mistakes):
			return usageError(err)
		}
	}
	if len(mistakes) > 0 { // nothing can be built of it
		if in.file != nil {
			found = server.Warnings(in.file)
		}
		found = preview.SortFindings(append(found, server.Mistakes(mistakes)...))
	}
	name := cmp.Or(a.config, examples.Config)
	if in.file != nil {
		name = in.name()
	}
	err = reportFindings(found, name, a, env)
	if err == nil && a.strict && in.files != nil {
		return failure(errReported) // the warning that it is the built-in example
	}
	return err
}

// readFeeds reads the feeds, or what is kept of them, and says of which it knows nothing for want
// of a network.
func readFeeds(ctx context.Context, g *server.Generation, offline bool, env environment) {
	if !offline {
		defer startProgress(env, "reading calendars")()
		g.FetchCalendars(ctx, userAgent(), env.now, g.Calendars())
		return
	}
	g.LoadCopies(env.now())
	for _, name := range g.Calendars() {
		if use, _, _ := g.Calendar(name); use.Snapshot.Unknown() {
			fmt.Fprintf(env.stderr,
				"calendar %q: no copy of its feed; its events and the routes that use it are not checked\n", name)
		}
	}
}

// reportFindings writes the findings and says how the check ended.
func reportFindings(found []preview.Finding, name string, a checkFlags, env environment) error {
	failed, warned := 0, 0
	for _, f := range found {
		if f.Severity == preview.Error {
			failed++
		} else {
			warned++
		}
	}
	var err error
	switch a.format {
	case "json":
		err = newEncoder(env.stdout, true).Encode(map[string]any{"findings": append([]preview.Finding{}, found...)})
	case "github":
		for _, f := range found {
			writeGitHub(env.stdout, f)
		}
	default:
		for _, f := range found {
			fmt.Fprintln(env.stdout, f)
		}
		fmt.Fprintf(env.stdout, "%s: %s\n", name, summary(failed, warned))
	}
	if err != nil {
		return failure(err)
	}
	if failed > 0 || a.strict && warned > 0 {
		return failure(errReported)
	}
	return nil
}

// summary says how many findings there are.
func summary(failed, warned int) string {
	switch {
	case failed+warned == 0:
		return "nothing is wrong"
	case failed == 0:
		return count(warned, "warning")
	case warned == 0:
		return count(failed, "error")
	}
	return count(failed, "error") + ", " + count(warned, "warning")
}

// count is a number of things, in words.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// writeGitHub writes a finding as a workflow command, which GitHub shows at the line of a change.
func writeGitHub(w io.Writer, f preview.Finding) {
	var properties []string
	add := func(name, value string) { properties = append(properties, name+"="+escapeCommand(value, true)) }
	if f.Pos.File != "" {
		add("file", f.Pos.File)
	}
	if f.Pos.Line > 0 {
		add("line", strconv.Itoa(f.Pos.Line))
	}
	if f.Pos.Col > 0 {
		add("col", strconv.Itoa(f.Pos.Col))
	}
	add("title", "callhours: "+f.Kind)
	text := diag.Mistake{Pos: f.Pos, Message: f.Message}.Error() // the log shows the text alone
	fmt.Fprintf(w, "::%s %s::%s\n", f.Severity, strings.Join(properties, ","), escapeCommand(text, false))
}

// escapeCommand is a text inside a workflow command; a property ends at a colon or comma too.
func escapeCommand(text string, property bool) string {
	text = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
	if property {
		text = strings.NewReplacer(":", "%3A", ",", "%2C").Replace(text)
	}
	return text
}
