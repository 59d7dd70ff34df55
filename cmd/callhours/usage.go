package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/callhours/callhours/internal/diag"
)

// setUsage makes a command and those below it report wrong usage in the program's own words, with
// what was probably meant: the libraries' texts name functions of Go.
func setUsage(root *cobra.Command) {
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(&cobra.Command{
		Use:   "help [COMMAND]",
		Short: "show the help of a command",
		Long: `help shows the help of a command.

  callhours help serve
  callhours help feeds refresh`,
		RunE: func(cmd *cobra.Command, args []string) error {
			described, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				parent, name := described, strings.Join(rest, " ")
				if err != nil {
					parent, name = cmd.Root(), args[0]
				}
				return unknownCommand(parent, name)
			}
			return described.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			described, _, err := cmd.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return commandNames(described), cobra.ShellCompDirectiveNoFileComp
		},
	})
}

// onlyCommands are the arguments of a command that only has others below it.
func onlyCommands(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return unknownCommand(cmd, args[0])
}

// unknownCommand is the error for a name that no command below parent has.
func unknownCommand(parent *cobra.Command, name string) error {
	if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
		return fmt.Errorf("unknown command %q; to use that configuration: %s serve -c %s", name, parent.Root().Name(), name)
	}
	return fmt.Errorf("unknown command %q%s", name, cmp.Or(diag.DidYouMean(name, commandNames(parent)),
		fmt.Sprintf("; run %q for a list", parent.CommandPath()+" --help")))
}

func commandNames(parent *cobra.Command) []string {
	var names []string
	for _, cmd := range parent.Commands() {
		if cmd.IsAvailableCommand() {
			names = append(names, cmd.Name())
		}
	}
	return names
}

// arguments is how many arguments a command takes, and what its usage calls them.
func arguments(least, most int, names string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("%s needs %s", cmd.CommandPath(), names)
		case len(args) > most && most == 0:
			return fmt.Errorf("%s takes no arguments, found %q", cmd.CommandPath(), args[0])
		case len(args) > most:
			name, _, _ := strings.Cut(names, ", the ")
			return fmt.Errorf("%s takes one %s, found %d: %q", cmd.CommandPath(), name, len(args), args)
		}
		return nil
	}
}

// noArguments are the arguments of a command that takes flags alone.
var noArguments = arguments(0, 0, "")

// flagError says what is wrong with a flag of cmd.
func flagError(cmd *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return unknownFlag(cmd, unknown)
	}
	if missing, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		flag := missing.GetFlag()
		return fmt.Errorf("--%s needs a value: --%s %s", flag.Name, flag.Name, placeholder(flag))
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return invalidValue(invalid)
	}
	if wrong, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		return fmt.Errorf("%q is not a flag; expected --NAME or --NAME=VALUE", wrong.GetSpecifiedFlag())
	}
	return err
}

func unknownFlag(cmd *cobra.Command, unknown *pflag.NotExistError) error {
	name, dashes := unknown.GetSpecifiedName(), "--"
	if letters := unknown.GetSpecifiedShortnames(); letters != "" {
		name, dashes = letters, "-" // -days is read as -d -a -y -s
	}
	var names []string
	if len(name) > 1 { // any letter is near to another
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	}
	word, _, _ := strings.Cut(name, "=")
	if meant := diag.Nearest(word, names); meant != "" {
		return fmt.Errorf("unknown flag %s%s; did you mean --%s?", dashes, name, meant)
	}
	return fmt.Errorf("unknown flag %s%s", dashes, name)
}

func invalidValue(invalid *pflag.InvalidValueError) error {
	flag := invalid.GetFlag()
	switch flag.Value.Type() {
	case "int":
		if errors.Is(invalid, strconv.ErrRange) {
			return fmt.Errorf("--%s %s is too large", flag.Name, diag.Brief(invalid.GetValue()))
		}
		return fmt.Errorf("--%s %s: expected a whole number, such as %s", flag.Name, diag.Quote(invalid.GetValue()),
			flag.DefValue)
	case "bool":
		return fmt.Errorf("--%s=%s: expected true or false", flag.Name, diag.Brief(invalid.GetValue()))
	}
	return fmt.Errorf("--%s %s: %w", flag.Name, diag.Quote(invalid.GetValue()), invalid.Unwrap())
}

// placeholder is what the help calls the value of a flag.
func placeholder(flag *pflag.Flag) string {
	name, _ := pflag.UnquoteUsage(flag)
	return strings.ToUpper(name)
}
