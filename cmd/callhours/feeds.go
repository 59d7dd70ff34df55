package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// feedFlags are the flags of feeds.
type feedFlags struct {
	adminFlags

	format string
}

func feedsCommand(env environment) *cobra.Command {
	var a feedFlags
	cmd := &cobra.Command{
		Use:   "feeds",
		Short: "list the feeds of the running server, and their state",
		Long: `feeds lists the calendars of the running server and their state: fresh, stale
(the last attempt failed, and the last good copy is used), or unknown (there is
no copy). It gets them from the server's admin listener.

  callhours feeds
  callhours feeds --admin http://127.0.0.1:9480 --format json
  callhours feeds refresh hours`,
		Args: onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return listFeeds(cmd.Context(), a, env) },
	}
	f := cmd.PersistentFlags()
	a.add(f)
	f.StringVar(&a.format, "format", "text", "output `format`: text or json")
	completeFlag(cmd, "format", "text", "json")
	cmd.AddCommand(&cobra.Command{
		Use:   "refresh CALENDAR",
		Short: "fetch a calendar's feed now",
		Long: `refresh makes the running server fetch a calendar's feed now, and shows the
result. The exit code is 1 if fetching fails.

  callhours feeds refresh hours`,
		Args:              arguments(1, 1, "CALENDAR"),
		ValidArgsFunction: completeCalendars,
		RunE:              func(cmd *cobra.Command, args []string) error { return refreshFeed(cmd.Context(), args[0], a, env) },
	})
	return cmd
}

// feedView is what the server says of a feed, as far as it is shown here.
type feedView struct {
	Calendars []string   `json:"calendars"`
	Source    string     `json:"source"`
	Watched   bool       `json:"watched"`
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
	if err := a.get(ctx, http.MethodGet, "/api/v1/feeds", env, &list); err != nil || a.format == "json" {
		return err
	}
	return showFeeds(env, list.Feeds)
}

func refreshFeed(ctx context.Context, calendar string, a feedFlags, env environment) error {
	var feed feedView
	if err := a.get(ctx, http.MethodPost, "/api/v1/feeds/"+(&url.URL{Path: calendar}).EscapedPath()+"/refresh", env,
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

// get sends a request to the server and decodes its answer, which with --format json is also
// written as it is; indented where somebody reads it.
func (a *feedFlags) get(ctx context.Context, method, path string, env environment, answer any) error {
	if err := checkFormat(a.format); err != nil {
		return err
	}
	body, err := a.request(ctx, method, path, env)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return failure(fmt.Errorf("%s: the answer is not one of callhours' admin listener", path))
	}
	if a.format != "json" {
		return nil
	}
	if isTerminal(env.stdout) {
		return newEncoder(env.stdout, true).Encode(json.RawMessage(body))
	}
	_, err = env.stdout.Write(body)
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
		if f.Watched {
			next = "watched"
		} else if f.Next != nil {
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
