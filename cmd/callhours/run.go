package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/server"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // a check found mistakes, a test failed, a server ended by an error
	exitUsage   = 2 // wrong usage, or a configuration that is refused
)

// environment is what the program is given by the outside: everything that a test wants to hold in
// its hand.
type environment struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
}

// exitError ends the program with a code. Its text, if any, goes to standard error.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }

func usageError(err error) error { return &exitError{exitUsage, err} }

func failure(err error) error { return &exitError{exitFailure, err} }

// errReported ends the program where everything has been said already.
var errReported = errors.New("")

// run is the whole program; it gives the exit code. It silences the logger of package log:
// net/http's transport, which has no other, writes pieces of what servers send there, past
// everything that bounds, escapes and forms our lines. What matters of it comes as an error.
func run(ctx context.Context, args []string, env environment) int {
	log.SetOutput(io.Discard)
	env.stdout, env.stderr = printer(env.stdout), printer(env.stderr)
	root := rootCommand(env)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	code := exitUsage // cobra's own errors are about flags and arguments
	var exit *exitError
	if errors.As(err, &exit) {
		code = exit.code
	}
	if text := err.Error(); text != "" {
		if exit == nil && !strings.Contains(text, "; ") { // it does not say what to do
			text += fmt.Sprintf("; run %q for its usage", cmd.CommandPath()+" --help")
		}
		fmt.Fprintln(env.stderr, text)
	}
	return code
}

// rootCommand is the program's command, with all others below it.
func rootCommand(env environment) *cobra.Command {
	root := &cobra.Command{
		Use:     "callhours",
		Short:   "open hours for Kazoo, from calendars that people already share",
		Version: buildVersion(),
		Long: `callhours answers Kazoo's Pivot requests: an iCalendar feed says when the office
is open, on holiday or at lunch, a template says what the callflow looks like in
each case, and Prometheus counts which branch every call took.

Start with

  callhours serve                    serve ./callhours.yaml, or the built-in example if there is none
  callhours init DIR                 write the example as files to start from
  callhours explain front-desk       show how a call to a route is answered now, and why
  callhours hours front-desk         show its opening hours of the next two weeks
  callhours test                     run the routing tests beside the configuration

Exit codes: 0 success, 1 failure (no route, failed test, server error), 2 wrong
usage or a refused configuration.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          onlyCommands,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(env.stdin)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	root.SetVersionTemplate("callhours {{.Version}}\n")
	setUsage(root)
	root.AddCommand(serveCommand(env), initCommand(), checkCommand(env), explainCommand(env), eventsCommand(env),
		feedsCommand(env), holidaysCommand(env), hoursCommand(env), manCommand(), peopleCommand(env), reloadCommand(env),
		schemaCommand(env), supportBundleCommand(env), testCommand(env), templatesCommand(env), versionCommand())
	nameCompletion(root)
	return root
}

// printer is what commands write text through.
func printer(to io.Writer) io.Writer {
	if hasColor(to) {
		to = &colored{to: to}
	}
	return &diag.Terminal{To: to}
}

// installation is a configuration and where its files are.
type installation struct {
	file  *config.File
	files fs.FS // nil: the operating system's
}

// name is what people call the installation.
func (i installation) name() string {
	if i.files != nil {
		return "the built-in example (callhours init DIR writes it out)"
	}
	return i.file.Path
}

// open is load for commands that go on only if nothing is wrong. Warnings go to standard error.
func open(path string, env environment) (installation, error) {
	i, err := openSilently(path, env)
	if err == nil {
		i.warn(env)
	}
	return i, err
}

// openSilently is open without the warnings, for commands that may not need the configuration.
func openSilently(path string, env environment) (installation, error) {
	i, mistakes, err := load(path, env)
	if err == nil {
		err = mistakes.Err()
	}
	if err != nil {
		return i, usageError(err)
	}
	return i, nil
}

// warn says on standard error what is odd about the installation.
func (i installation) warn(env environment) {
	if i.files != nil {
		fmt.Fprintf(env.stderr, "warning: %s\n", findMissingConfig().warning())
	}
	for _, warning := range i.file.Warnings {
		fmt.Fprintf(env.stderr, "warning: %s\n", warning.Error())
	}
}

// load loads the configuration: the named one, ./callhours.yaml, or the built-in example. The error
// says why it could not be read.
func load(path string, env environment) (installation, diag.Mistakes, error) {
	var i installation
	path, i.files = findConfig(path)
	file, err := config.Load(path, config.Options{FS: i.files, CheckZone: zones.Check, Credentials: credentials()})
	i.file = file
	var mistakes diag.Mistakes
	switch {
	case errors.As(err, &mistakes) && file != nil:
		return i, append(mistakes, server.Check(file, i.files, env.now())...).Sorted(), nil
	case mistakes != nil: // the file is no YAML
		return i, mistakes, nil
	case err != nil:
		return i, nil, err
	}
	if i.files != nil {
		file.StateDir = "" // there is no directory beside it
	}
	return i, nil, nil
}

// build makes the installation's generation.
func (i installation) build(env environment) (*server.Generation, error) {
	g, err := server.Build(i.file, i.files, env.now())
	if err != nil {
		return nil, usageError(err)
	}
	return g, nil
}

// readCalendars reads the calendars of that name as a server would have them, and says on standard
// error what it could not get.
func readCalendars(ctx context.Context, g *server.Generation, names []string, env environment) {
	stop := startProgress(env, "reading calendars")
	g.FetchCalendars(ctx, userAgent(), env.now, names)
	stop()
	for _, name := range names {
		if use, _, ok := g.Calendar(name); ok && use.Snapshot.Err != nil {
			fmt.Fprintf(env.stderr, "warning: calendar %q: %s\n", name, use.Snapshot.Err)
		}
	}
}

// userAgent is what fetches call themselves. Microsoft's hosts refuse whoever is not like a
// browser.
func userAgent() string { return "callhours/" + buildVersion() + " (like Chrome/130)" }

const configUsage = "configuration `file` (default: ./callhours.yaml, or else the built-in example)"

// configFlag adds -c.
func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "config", "c", "", configUsage)
	completeConfigFlag(cmd.Flags())
}

// formatFlag adds --format.
func formatFlag(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVar(format, "format", "text", "output `format`: text or json")
	completeFlag(cmd, "format", "text", "json")
}

func checkFormat(format string) error {
	if format != "text" && format != "json" {
		return unknownFormat(format, "text", "json")
	}
	return nil
}

func unknownFormat(format string, known ...string) error {
	return usageError(fmt.Errorf("unknown --format %s%s", diag.Quote(format), diag.Suggest(format, known)))
}
