package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
)

func schemaCommand(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "schema [config|tenant|test]",
		Short: "print the JSON Schema of the configuration",
		Long: `schema prints the JSON Schema by which an editor completes and checks YAML
files: of the main file (config), of an included file (tenant), or of a file of
routing tests (test).

  callhours schema > callhours.schema.json

Then begin callhours.yaml with this line:

  # yaml-language-server: $schema=callhours.schema.json

"callhours check" finds more than an editor can.`,
		Args:      arguments(0, 1, "schema"),
		ValidArgs: config.Schemas,
		RunE: func(_ *cobra.Command, args []string) error {
			kind := strings.Join(append(args, config.Schemas[0])[:1], "")
			text := config.Schema(kind)
			if text == nil {
				return usageError(fmt.Errorf("unknown schema %q%s", kind, diag.Suggest(kind, config.Schemas)))
			}
			_, err := exact(env.stdout).Write(text)
			return err
		},
	}
}
