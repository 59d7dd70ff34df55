package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commandsPage describes every command. What is between the marks is made of the program's own
// help; the rest is written by hand.
const (
	commandsPage = "../../docs/commands.md"
	pageBegin    = "<!-- written by: UPDATE=1 go test ./cmd/callhours -run TestCommandsPage -->\n"
	pageEnd      = "<!-- until here -->\n"
)

// pageColumns are those of the page's table. Each has what a script has a line of that shows it for
// a command.
var pageColumns = []struct{ title, evidence string }{
	{"help", `(?m)^exec callhours (help )?COMMAND( --help| -h)?$`},
	{"errors", `(?m)^status [12] callhours COMMAND( |$)`},
	{"positional", `(?m)^(exec|status [01]) callhours COMMAND [^-\s]`},
	{"JSON schema", `(?m)^validate COMMAND$`},
	{"progress", `(?m)^exec sh -c 'callhours COMMAND .*2>/dev/tty'\nttyout '.* 1 s'$`},
	{"completion", `(?m)^exec callhours __complete COMMAND `},
}

// TestCommandsPage: the page's table lists every command, and each of its cells names a script that
// shows what the cell promises; the rest of the page is the program's help. UPDATE=1 writes that.
func TestCommandsPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(commandsPage)
	if err != nil {
		t.Fatal(err)
	}
	intro, rest, begins := strings.Cut(string(page), pageBegin)
	made, table, ends := strings.Cut(rest, pageEnd)
	if !begins || !ends {
		t.Fatalf("%s has no lines %q and %q", commandsPage, pageBegin, pageEnd)
	}
	commands := allCommands(environment{})
	listed := map[string]bool{}
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| `callhours ") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		name := strings.Trim(strings.TrimPrefix(cells[0], "`callhours "), "`")
		if listed[name] = true; commands[name] == nil || len(cells) != len(pageColumns)+1 {
			t.Errorf("a row of the table is %q", cells)
			continue
		}
		for i, c := range pageColumns {
			if strings.HasPrefix(cells[i+1], "–") {
				continue
			}
			script := strings.Trim(cells[i+1], "[]")
			if link := fmt.Sprintf("\n[%s]: ../cmd/callhours/testdata/script/%[1]s.txtar\n", script); !strings.Contains(table, link) {
				t.Errorf("callhours %s, %s: the page has no link%s", name, c.title, link)
			}
			text, err := os.ReadFile(filepath.Join("testdata/script", script+".txtar"))
			if err != nil {
				t.Errorf("callhours %s, %s: %v", name, c.title, err)
				continue
			}
			commands, _, _ := strings.Cut(string(text), "\n-- ")
			evidence := strings.Replace(c.evidence, "COMMAND", regexp.QuoteMeta(name), 1)
			if !regexp.MustCompile(evidence).MatchString(commands) {
				t.Errorf("callhours %s, %s: %s.txtar has no line like %s", name, c.title, script, evidence)
			}
		}
	}
	for name := range commands {
		if !listed[name] {
			t.Errorf("the table does not list callhours %s", name)
		}
	}
	want := "\n" + describeCommands(commands) + "\n"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(commandsPage, []byte(intro+pageBegin+want+pageEnd+table), 0o644); err != nil {
			t.Fatal(err)
		}
		made = want
	}
	if diff := cmp.Diff(made, want); diff != "" {
		t.Errorf("%s (-page +program); UPDATE=1 writes it:\n%s", commandsPage, diff)
	}
}

// describeCommands is the part of the page that is made of the commands' help.
func describeCommands(commands map[string]*cobra.Command) string {
	var b strings.Builder
	for i, name := range slices.Sorted(maps.Keys(commands)) {
		cmd := commands[name]
		if cmd.Parent().Name() == "completion" {
			continue // their parent's help says it
		}
		if i > 0 {
			b.WriteString("\n")
		}
		use := strings.TrimSuffix(cmd.UseLine(), " [flags]")
		if cmd.HasAvailableLocalFlags() || cmd.HasAvailableInheritedFlags() {
			use += " [flags]"
		}
		fmt.Fprintf(&b, "## callhours %s\n\n```text\n%s\n```\n", name, use)
		for paragraph := range strings.SplitSeq(cmd.Long, "\n\n") {
			if strings.HasPrefix(paragraph, "  ") {
				fmt.Fprintf(&b, "\n```text\n%s\n```\n", strings.ReplaceAll("\n"+paragraph, "\n  ", "\n")[1:])
				continue
			}
			fmt.Fprintf(&b, "\n%s\n", markdown(paragraph))
		}
		writeFlags(&b, cmd)
	}
	return b.String()
}

// writeFlags writes the table of a command's flags, if it has any besides --help.
func writeFlags(b *strings.Builder, cmd *cobra.Command) {
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	all.AddFlagSet(cmd.NonInheritedFlags())
	all.AddFlagSet(cmd.InheritedFlags())
	head := "\n| flag | meaning |\n| --- | --- |\n"
	all.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		flag := "--" + f.Name
		if f.Shorthand != "" {
			flag = "-" + f.Shorthand + ", " + flag
		}
		value, usage := pflag.UnquoteUsage(f)
		if value != "" {
			flag += " " + strings.ToUpper(value)
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
			usage += " (default: " + f.DefValue + ")"
		}
		fmt.Fprintf(b, "%s| `%s` | %s |\n", head, flag, markdown(usage))
		head = ""
	})
}

// markdown escapes what has a meaning in Markdown.
func markdown(text string) string {
	return strings.NewReplacer("*", `\*`, "_", `\_`, "<", `\<`, "[", `\[`, "|", `\|`).Replace(text)
}
