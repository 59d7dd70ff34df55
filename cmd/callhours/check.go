package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/server"
)

func checkCommand(w world) *cobra.Command {
	var path, schemas, format string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "what is wrong with a configuration, before a call shows it",
		Long: `check loads a configuration as serve does, with its templates and calendar files, renders every branch of every route for sample
calls, and says everything that is wrong or odd. It fetches no feeds.

With --schemas it also holds every callflow that a sample call gets against a cluster's own schemas: a directory with NAME.json for each
schema, as GET /v2/schemas/NAME answers, or the address of that API, such as https://api.example.com:8443/v2/schemas.

It exits with 1 when something is wrong; what is only odd is a warning.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return check(cmd.Context(), path, schemas, format, w) },
	}
	configFlag(cmd, &path)
	formatFlag(cmd, &format)
	cmd.Flags().StringVar(&schemas, "schemas", "", "`directory` or address of a cluster's own schemas")
	return cmd
}

// checked is what a check found.
type checked struct {
	Mistakes []saidAt `json:"mistakes"`
	Warnings []saidAt `json:"warnings"`
}

// saidAt is a message and its place; line and column are 0 where they are not known.
type saidAt struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

func listed(ms diag.Mistakes) []saidAt {
	list := []saidAt{}
	for _, m := range ms {
		list = append(list, saidAt{m.File, m.Line, m.Col, m.Message})
	}
	return list
}

func check(ctx context.Context, path, schemas, format string, w world) error {
	if err := checkFormat(format); err != nil {
		return err
	}
	var cluster *pivot.Schemas
	if schemas != "" {
		var err error
		if cluster, err = loadSchemas(ctx, schemas); err != nil {
			return refuse(fmt.Errorf("--schemas %s: %w", schemas, err))
		}
	}
	in, mistakes, err := load(path, w)
	if err != nil {
		return refuse(err)
	}
	var warnings diag.Mistakes
	if in.file != nil {
		warnings = in.file.Warnings
	}
	if len(mistakes) == 0 {
		g, err := server.Build(in.file, in.files, w.now())
		switch {
		case err == nil && cluster != nil:
			warnings = append(warnings, g.Warnings()...)
			mistakes = g.Against(ctx, cluster, w.now())
		case err == nil:
			warnings = append(warnings, g.Warnings()...)
		case !errors.As(err, &mistakes):
			return refuse(err)
		}
	}
	if format == "json" {
		out := json.NewEncoder(w.stdout)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		if err := out.Encode(checked{listed(mistakes), listed(warnings)}); err != nil {
			return deny(err)
		}
	} else {
		for _, m := range mistakes {
			fmt.Fprintln(w.stdout, m.Error())
		}
		for _, m := range warnings {
			fmt.Fprintf(w.stdout, "warning: %s\n", m.Error())
		}
		if len(mistakes) == 0 {
			fmt.Fprintf(w.stdout, "%s: nothing is wrong\n", in.name())
		}
	}
	if len(mistakes) > 0 {
		return deny(errSaid)
	}
	return nil
}
