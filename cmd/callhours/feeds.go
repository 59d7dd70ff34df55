package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/server"
)

// feedFlags are the flags of feeds.
type feedFlags struct{ config, admin, format string }

func feedsCommand(env environment) *cobra.Command {
	var a feedFlags
	cmd := &cobra.Command{
		Use:   "feeds",
		Short: "the feeds of the running server, and how fresh they are",
		Long: `feeds asks the running server at its admin_listen how its calendars are: fresh, stale (the last attempt failed, and the last good copy
is used), or unknown (there is no copy).

  callhours feeds
  callhours feeds refresh hours

refresh fetches a calendar's feed now, and says how that went. It exits with 1 when the attempt failed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return listFeeds(cmd.Context(), a, env) },
	}
	f := cmd.PersistentFlags()
	f.StringVarP(&a.config, "config", "c", "",
		"configuration `file` (default: ./callhours.yaml, else the built-in example)")
	f.StringVar(&a.admin, "admin", "",
		"`address` of the server's admin side, such as http://127.0.0.1:9480 (default: the configuration's)")
	f.StringVar(&a.format, "format", "text", "`text` or json")
	cmd.AddCommand(&cobra.Command{
		Use:   "refresh CALENDAR",
		Short: "fetch a calendar's feed now",
		Args:  cobra.ExactArgs(1),
		RunE:  func(cmd *cobra.Command, args []string) error { return refreshFeed(cmd.Context(), args[0], a, env) },
	})
	return cmd
}

// feedView is what the server says of a feed, as far as it is shown here.
type feedView struct {
	Calendars []string   `json:"calendars"`
	Source    string     `json:"source"`
	State     string     `json:"state"`
	Read      *time.Time `json:"read"`
	Age       float64    `json:"age_seconds"`
	Doubt     string     `json:"age_doubt"`
	Result    string     `json:"result"`
	Error     string     `json:"error"`
	Next      *time.Time `json:"next"`
	Events    int        `json:"events"`
	Horizon   *time.Time `json:"horizon"`
	Problems  int        `json:"problems"`
}

func listFeeds(ctx context.Context, a feedFlags, env environment) error {
	var list struct {
		Feeds []feedView `json:"feeds"`
	}
	if err := a.ask(ctx, http.MethodGet, "/api/v1/feeds", env, &list); err != nil || a.format == "json" {
		return err
	}
	return showFeeds(env, list.Feeds)
}

func refreshFeed(ctx context.Context, calendar string, a feedFlags, env environment) error {
	var feed feedView
	if err := a.ask(ctx, http.MethodPost, "/api/v1/feeds/"+(&url.URL{Path: calendar}).EscapedPath()+"/refresh", env,
		&feed); err != nil {
		return err
	}
	if a.format != "json" {
		if err := showFeeds(env, []feedView{feed}); err != nil {
			return err
		}
	}
	if feed.Error != "" {
		return failure(errReported)
	}
	return nil
}

// ask asks the server's admin side. What it answers is decoded, and with --format json also written
// as it is.
func (a *feedFlags) ask(ctx context.Context, method, path string, env environment, answer any) error {
	if err := checkFormat(a.format); err != nil {
		return err
	}
	at := a.admin
	if at == "" {
		in, err := open(a.config, env)
		if err != nil {
			return err
		}
		at = server.PeopleScheme(in.file) + "://" + reachable(in.file.AdminListen.S)
	}
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(at, "/")+path, nil)
	if err != nil {
		return usageError(fmt.Errorf("--admin: want an address such as http://127.0.0.1:9480, found %q", a.admin))
	}
	if u, err := url.Parse(at); err == nil {
		at = u.Redacted() // for messages
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if of, ok := errors.AsType[*url.Error](err); ok {
			err = of.Err
		}
		return failure(fmt.Errorf("%s: %w; does the server run, and is this its admin_listen?", at, err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<20))
	switch {
	case err != nil:
		return failure(fmt.Errorf("%s: %w", at, err))
	case response.StatusCode != http.StatusOK:
		return failure(errors.New(strings.TrimSpace(string(body))))
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return failure(fmt.Errorf("%s: the answer is not that of callhours' admin side", at))
	}
	if a.format == "json" {
		_, err = env.stdout.Write(body)
	}
	return err
}

// showFeeds writes a line for each feed, and what is wrong with it below.
func showFeeds(env environment, list []feedView) error {
	t := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CALENDARS\tSTATE\tREAD\tLAST RESULT\tNEXT\tEVENTS\tREACH\tPROBLEMS\tSOURCE")
	now := env.now()
	for _, f := range list {
		read, next, reach := "never", "", ""
		if f.Read != nil {
			read = since(time.Duration(f.Age*float64(time.Second))) + " ago"
		}
		if f.Read == nil && f.Doubt != "" {
			read = "unknown"
		}
		if f.Next != nil {
			next = "in " + since(max(0, f.Next.Sub(now)))
		}
		if f.Horizon != nil {
			reach = f.Horizon.Format(time.DateOnly)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%d\t%s\n", strings.Join(f.Calendars, ","), f.State, read, f.Result,
			next, f.Events, reach, f.Problems, f.Source)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, f := range list {
		if f.Doubt != "" {
			fmt.Fprintf(env.stdout, "%s: the age of its copy: %s\n", strings.Join(f.Calendars, ","), f.Doubt)
		}
		if f.Error != "" {
			fmt.Fprintf(env.stdout, "%s: %s\n", strings.Join(f.Calendars, ","), f.Error)
		}
	}
	return nil
}

// since is a length of time for people: 40s, 12m, 3h, 5d.
func since(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}
