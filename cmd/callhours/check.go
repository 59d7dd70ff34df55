package main

import (
	"cmp"
	"context"
	"encoding/json"
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

// checking are the flags of check.
type checking struct {
	config, schemas, format string
	days                    int
	offline, strict         bool
}

func checkCommand(w world) *cobra.Command {
	var a checking
	cmd := &cobra.Command{
		Use:   "check",
		Short: "what is wrong with a configuration and its calendars, before a call shows it",
		Long: `check loads a configuration as serve does, with its templates, renders every branch of every route for sample calls, reads the
calendars, and looks through the coming time: what will not be answered, and what is most likely meant otherwise. Each finding says where, what and
what to do; docs/checking.md lists them by the word in brackets.

Feeds are read from the copies that a server keeps in state_dir, and those without a copy are fetched, once; nothing is written. With
--offline they are not fetched.

With --schemas it also holds every callflow that a sample call gets against a cluster's own schemas: a directory with NAME.json for each
schema, as GET /v2/schemas/NAME answers, or the address of that API, such as https://api.example.com:8443/v2/schemas.

It exits with 1 when there are errors; with --strict, also when there are warnings.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return check(cmd.Context(), a, w) },
	}
	f := cmd.Flags()
	configFlag(cmd, &a.config)
	f.StringVar(&a.format, "format", "text", "`text`, json, or github: commands for GitHub's workflows")
	f.StringVar(&a.schemas, "schemas", "", "`directory` or address of a cluster's own schemas")
	f.IntVar(&a.days, "days", 400, "how many `days` ahead to look")
	f.BoolVar(&a.offline, "offline", false, "fetch no feeds: use the copies in state_dir")
	f.BoolVar(&a.strict, "strict", false, "exit with 1 on warnings too")
	return cmd
}

// mostDays bounds how far check looks ahead.
const mostDays = 3660

func check(ctx context.Context, a checking, w world) error {
	switch {
	case a.format != "text" && a.format != "json" && a.format != "github":
		return refuse(fmt.Errorf("--format %q is not known: want text, json or github", a.format))
	case a.days < 1 || a.days > mostDays:
		return refuse(fmt.Errorf("--days %d: want 1 to %d", a.days, mostDays))
	}
	var cluster *pivot.Schemas
	if a.schemas != "" {
		var err error
		if cluster, err = loadSchemas(ctx, a.schemas); err != nil {
			return refuse(fmt.Errorf("--schemas %s: %w", a.schemas, err))
		}
	}
	in, mistakes, err := load(a.config, w)
	if err != nil {
		return refuse(err)
	}
	if in.files != nil {
		if err := exampleWanted(w); err != nil {
			return err
		}
	}
	var found []preview.Finding
	if len(mistakes) == 0 {
		g, err := server.Build(in.file, in.files, w.now())
		switch {
		case err == nil:
			read(ctx, g, a.offline, w)
			found = g.Find(ctx, server.FindOptions{Now: w.now(), Days: a.days, Schemas: cluster, Offline: a.offline})
		case !errors.As(err, &mistakes):
			return refuse(err)
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
	err = tell(found, name, a, w)
	if err == nil && a.strict && in.files != nil {
		return deny(errSaid) // the warning that it is the built-in example
	}
	return err
}

// read reads the feeds, or what is kept of them, and says of which it knows nothing for want of a network.
func read(ctx context.Context, g *server.Generation, offline bool, w world) {
	if !offline {
		g.Look(ctx, userAgent(), w.now, g.Calendars())
		return
	}
	g.Recall(w.now())
	for _, name := range g.Calendars() {
		if use, _, _ := g.Calendar(name); use.State.Unknown() {
			fmt.Fprintf(w.stderr,
				"calendar %q: there is no copy of its feed, so that its events and the routes that ask it are not looked at\n", name)
		}
	}
}

// tell writes the findings and says how the check ended.
func tell(found []preview.Finding, name string, a checking, w world) error {
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
		out := json.NewEncoder(w.stdout)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		err = out.Encode(map[string]any{"findings": append([]preview.Finding{}, found...)})
	case "github":
		for _, f := range found {
			github(w.stdout, f)
		}
	default:
		for _, f := range found {
			fmt.Fprintln(w.stdout, f)
		}
		fmt.Fprintf(w.stdout, "%s: %s\n", name, summary(failed, warned))
	}
	if err != nil {
		return deny(err)
	}
	if failed > 0 || a.strict && warned > 0 {
		return deny(errSaid)
	}
	return nil
}

// summary says how many findings there are.
func summary(failed, warned int) string {
	count := func(n int, what string) string {
		if n == 1 {
			return "1 " + what
		}
		return fmt.Sprintf("%d %ss", n, what)
	}
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

// github writes a finding as a workflow command, which GitHub shows at the line of a change.
func github(w io.Writer, f preview.Finding) {
	var properties []string
	add := func(name, value string) { properties = append(properties, name+"="+escaped(value, true)) }
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
	fmt.Fprintf(w, "::%s %s::%s\n", f.Severity, strings.Join(properties, ","), escaped(text, false))
}

// escaped is a text inside a workflow command; a property ends at a colon or comma too.
func escaped(text string, property bool) string {
	text = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
	if property {
		text = strings.NewReplacer(":", "%3A", ",", "%2C").Replace(text)
	}
	return text
}
