package main

import (
	"encoding/json"
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
		Short: "the built-in templates, or the text of one",
		Long: `templates lists the built-in templates and the data that each takes; what has a default may be left out. With a NAME it prints
the template, to read or to change:

  callhours templates on-call > templates/on-call.json.tmpl

A file in the directory that the configuration names hides the built-in template of its name.`,
		Args: cobra.MaximumNArgs(1),
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
				return usageError(fmt.Errorf("there is no built-in template %q%s", args[0],
					diag.Suggest(args[0], l.Names())))
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
		out := json.NewEncoder(to)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		if err := out.Encode(list); err != nil {
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
