package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

func reloadCommand(env environment) *cobra.Command {
	var a adminFlags
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "reload the running server's configuration",
		Long: `reload makes the running server reload its configuration, templates and calendar
files, and waits for the result. It sends a request to the server's admin
listener.

  callhours reload
  callhours reload --admin http://127.0.0.1:9480

If the files have mistakes, it shows them, the server keeps its previous
configuration, and the exit code is 1.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return reload(cmd.Context(), a, env) },
	}
	a.add(cmd.Flags())
	return cmd
}

func reload(ctx context.Context, a adminFlags, env environment) error {
	body, err := a.request(ctx, http.MethodPost, "/-/reload", env)
	if err != nil {
		return err
	}
	_, err = env.stdout.Write(body)
	return err
}
