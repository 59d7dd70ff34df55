package main

import (
	"cmp"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates"
)

func templatesCommand(env environment) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "templates [NAME]",
		Short: "list the built-in templates, or print one",
		Long: `templates lists the built-in templates and the data that each takes; data with a
default may be omitted. With a NAME it prints that template, to read or to
change:

  callhours templates on-call > templates/on-call.json.tmpl

A file in the configuration's templates directory replaces the built-in template
of the same name.`,
		Args:              arguments(0, 1, "NAME"),
		ValidArgsFunction: completeTemplates,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			l, mistakes := templates.Load(templates.Options{})
			if err := diag.Mistakes(mistakes).Err(); err != nil {
				return failure(err)
			}
			if len(args) == 0 {
				return listTemplates(l, format, env.stdout)
			}
			text, ok := l.Source(args[0])
			if !ok {
				return usageError(fmt.Errorf("unknown template %q%s", args[0],
					cmp.Or(diag.Suggest(args[0], l.Names()), `; run "callhours templates" for a list`)))
			}
			if _, err := io.WriteString(exact(env.stdout), text); err != nil {
				return failure(err)
			}
			return nil
		},
	}
	formatFlag(cmd, &format)
	return cmd
}

// listedTemplate is a template in the JSON of the list.
type listedTemplate struct {
	Name    string         `json:"name"`
	About   string         `json:"about"`
	Data    []string       `json:"data"` // declarations, such as "timeout int = 20"
	Example map[string]any `json:"example"`
}

func listTemplates(l *templates.Library, format string, to io.Writer) error {
	var list []listedTemplate
	for _, name := range l.Names() {
		t := l.Template(name)
		listed := listedTemplate{Name: name, About: t.About(), Example: t.Example()}
		for _, f := range t.Fields() {
			listed.Data = append(listed.Data, f.String())
		}
		list = append(list, listed)
	}
	if format == "json" {
		if err := newEncoder(to, true).Encode(map[string]any{"templates": list}); err != nil {
			return failure(err)
		}
		return nil
	}
	for i, t := range list {
		if i > 0 {
			fmt.Fprintln(to)
		}
		fmt.Fprintf(to, "%s\n  %s\n", t.Name, t.About)
		for _, declaration := range t.Data {
			fmt.Fprintf(to, "    %s\n", declaration)
		}
	}
	return nil
}
