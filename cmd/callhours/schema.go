package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
)

func schemaCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema [config|tenant|test]",
		Short: "print a JSON Schema of the configuration, or of a command's output",
		Long: `schema prints the JSON Schema that an editor needs to complete and check YAML
files: of the main file (config, the default), of an included file (tenant), or
of a file of routing tests (test).

  callhours schema > callhours.schema.json

Then begin callhours.yaml with this line:

  # yaml-language-server: $schema=callhours.schema.json

"callhours check" finds more than an editor can. "callhours schema output hours"
prints the schema of what "callhours hours --format json" writes.`,
		Args:      arguments(0, 1, "schema"),
		ValidArgs: config.Schemas,
		RunE: func(_ *cobra.Command, args []string) error {
			kind := strings.Join(append(args, config.Schemas[0])[:1], "")
			text := config.Schema(kind)
			if text == nil {
				return usageError(fmt.Errorf("unknown schema %q%s", kind, diag.Suggest(kind, slices.Concat(config.Schemas, []string{"output"}))))
			}
			_, err := exact(env.stdout).Write(text)
			return err
		},
	}
	cmd.AddCommand(outputSchemaCommand(env))
	return cmd
}

func outputSchemaCommand(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "output COMMAND",
		Short: "print the JSON Schema of a command's output",
		Long: `output prints the JSON Schema of what a command writes with --format json. It
lists every field, and future versions may add more.

  callhours schema output hours
  callhours schema output feeds refresh`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var words []string
			for _, name := range loadOutputs().commands() {
				path := strings.Fields(name)
				if len(path) > len(args) && slices.Equal(path[:len(args)], args) && !slices.Contains(words, path[len(args)]) {
					words = append(words, path[len(args)])
				}
			}
			return words, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			o := loadOutputs()
			command := strings.Join(args, " ")
			text := o.schema(command)
			switch {
			case text != nil:
				_, err := exact(env.stdout).Write(text)
				return err
			case len(args) == 0:
				return fmt.Errorf("callhours schema output needs a COMMAND: %s", strings.Join(o.commands(), ", "))
			}
			return usageError(fmt.Errorf("no command %q writes JSON%s", command, cmp.Or(diag.DidYouMean(command, o.commands()),
				"; known: "+strings.Join(o.commands(), ", "))))
		},
	}
}
