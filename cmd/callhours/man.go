package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manCommand writes the manual pages. It is for those who make packages, and not listed.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "write the manual pages",
		Long: `man writes a manual page for each command into DIR: callhours.1,
callhours-check.1 and so on.

  callhours man man1`,
		Hidden: true,
		Args:   arguments(1, 1, "DIR, the directory to write to"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return failure(writeError(err))
			}
			return writePages(cmd.Root(), args[0])
		},
	}
}

// writePages writes the pages of a command and of those below it.
func writePages(cmd *cobra.Command, dir string) error {
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(manPage(cmd)), 0o644); err != nil {
		return failure(writeError(err))
	}
	var errs error
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" {
			errs = errors.Join(errs, writePages(sub, dir))
		}
	}
	return errs
}

// manPage is the page of a command, in the macros of man(7).
func manPage(cmd *cobra.Command) string {
	var b strings.Builder
	title := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
	fmt.Fprintf(&b, ".TH %q 1 \"\" %q \"callhours manual\"\n", strings.ToUpper(title), "callhours "+buildVersion())
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(title), roff(cmd.Short))
	use := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		use = cmd.CommandPath() + " [COMMAND] [flags]"
	}
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.nf\n%s\n.fi\n.SH DESCRIPTION\n", roff(use))
	writeParagraphs(&b, cmd.Long)
	if cmd.HasAvailableSubCommands() {
		b.WriteString(".SH COMMANDS\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() && sub.Name() != "help" {
				fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(sub.Name()), roff(sub.Short))
			}
		}
	}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.AddFlagSet(cmd.NonInheritedFlags())
	flags.AddFlagSet(cmd.InheritedFlags())
	if flags.HasAvailableFlags() {
		b.WriteString(".SH OPTIONS\n")
		flags.VisitAll(func(f *pflag.Flag) { writeOption(&b, f) })
	}
	if cmd.HasParent() {
		b.WriteString(".SH SEE ALSO\n.BR callhours (1)\n")
	}
	return b.String()
}

// writeParagraphs writes a help text. Its indented lines, which are examples, stay as they are.
func writeParagraphs(b *strings.Builder, text string) {
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if strings.HasPrefix(paragraph, "  ") {
			fmt.Fprintf(b, ".PP\n.RS\n.nf\n%s\n.fi\n.RE\n", roff(strings.ReplaceAll("\n"+paragraph, "\n  ", "\n")[1:]))
			continue
		}
		fmt.Fprintf(b, ".PP\n%s\n", roff(paragraph))
	}
}

func writeOption(b *strings.Builder, f *pflag.Flag) {
	if f.Hidden {
		return
	}
	value, usage := pflag.UnquoteUsage(f)
	if f.Shorthand != "" {
		fmt.Fprintf(b, ".TP\n.BR \\-%s \", \" \\-\\-%s", f.Shorthand, roff(f.Name))
	} else {
		fmt.Fprintf(b, ".TP\n.B \\-\\-%s", roff(f.Name))
	}
	if value != "" && f.Shorthand != "" {
		fmt.Fprintf(b, " \" \" \\fI%s\\fR", roff(value))
	} else if value != "" {
		fmt.Fprintf(b, " \\fI%s\\fR", roff(value))
	}
	if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
		usage += fmt.Sprintf(" (default %s)", f.DefValue)
	}
	fmt.Fprintf(b, "\n%s\n", roff(usage))
}

// roff escapes text: backslashes, dashes, which are hyphens otherwise, and what begins a line as a
// request does.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
