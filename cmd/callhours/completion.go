package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/templates"
)

// completeFlag completes a flag by some values.
func completeFlag(cmd *cobra.Command, flag string, values ...string) {
	must(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
}

// completeConfigFlag completes -c, which is among flags, by files of YAML.
func completeConfigFlag(flags *pflag.FlagSet) {
	must(cobra.MarkFlagFilename(flags, "config", "yaml", "yml"))
}

// completeRouteFlag completes --route.
func completeRouteFlag(cmd *cobra.Command) {
	must(cmd.RegisterFlagCompletionFunc("route", completeRoutes))
}

// must is for flags that the caller has just added.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// completeRoutes completes the first argument by the routes of the configuration.
func completeRoutes(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return withPrefix(routeNames(configured(cmd)), prefix), cobra.ShellCompDirectiveNoFileComp
}

// completeCalendars completes the first argument by the calendars of the configuration; files are
// completed too.
func completeCalendars(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, c := range configured(cmd).Calendars {
		names = append(names, c.Name)
	}
	return withPrefix(names, prefix), cobra.ShellCompDirectiveDefault
}

// completeTemplates completes the first argument by the built-in templates.
func completeTemplates(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	library, _ := templates.Load(templates.Options{})
	if len(args) > 0 || library == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return withPrefix(library.Names(), prefix), cobra.ShellCompDirectiveNoFileComp
}

func withPrefix(names []string, prefix string) []string {
	return slices.DeleteFunc(slices.Sorted(slices.Values(names)), func(name string) bool {
		return !strings.HasPrefix(name, prefix)
	})
}

// configured is the configuration that cmd would use, as far as it can be understood; completion
// reports no mistakes.
func configured(cmd *cobra.Command) *config.File {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return &config.File{}
	}
	path, files := findConfig(path)
	file, _ := config.Load(path, config.Options{FS: files, CheckZone: zones.Check})
	if file == nil {
		return &config.File{}
	}
	return file
}

func routeNames(file *config.File) []string {
	var names []string
	for _, r := range file.Routes {
		names = append(names, r.Name)
	}
	return names
}

// takeRoute sets the value of --route to the argument, if there is one.
func takeRoute(route *string, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case *route != "" && *route != args[0]:
		return usageError(fmt.Errorf("two routes: %q and --route %q; leave one out", args[0], *route))
	}
	*route = args[0]
	return nil
}

// theRoute is the name of the only route, for a command line that names none. If there are several,
// it is an error that lists them.
func (i installation) theRoute(command string) (string, error) {
	names := routeNames(i.file)
	if len(names) == 1 {
		return names[0], nil
	}
	return "", usageError(fmt.Errorf("which route? use callhours %s ROUTE%s", command, knownNames(names)))
}

// knownNames lists names at the end of a message.
func knownNames(names []string) string {
	const most = 8 // on one line
	text := ""
	if len(names) > 0 {
		text = "; known: " + strings.Join(names[:min(most, len(names))], ", ")
	}
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return text
}

// nameCompletion adds cobra's command that writes the scripts of shells, with a help of our own.
func nameCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	cmd, _, err := root.Find([]string{"completion"})
	must(err)
	cmd.Use = "completion SHELL"
	cmd.Short = "write the completion script of a shell"
	cmd.Long = `completion writes a script that makes a shell complete commands, flags, and the
names of routes and calendars.

  callhours completion bash > /etc/bash_completion.d/callhours
  callhours completion zsh > "${fpath[1]}/_callhours"
  callhours completion fish > ~/.config/fish/completions/callhours.fish

The names come from the configuration: that of -c, or ./callhours.yaml.`
	cmd.Args = onlyCommands
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	for _, shell := range cmd.Commands() {
		shell.Short = "write the completion script of " + shell.Name()
		shell.Long = fmt.Sprintf(`%s writes the completion script of that shell to standard output.

  callhours completion %[1]s`, shell.Name())
		shell.Args = noArguments
		must(shell.Flags().MarkHidden("no-descriptions"))
	}
}
