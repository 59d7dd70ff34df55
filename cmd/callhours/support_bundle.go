package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/calendars/zones"
)

func supportBundleCommand(env environment) *cobra.Command {
	var a adminFlags
	cmd := &cobra.Command{
		Use:   "support-bundle [FILE]",
		Short: "collect what a question or a bug report needs",
		Long: `support-bundle writes what others need to answer a question about this
installation into FILE (callhours-support.tar.gz by default), with a list of what
is in it, CONTENTS.txt, which it also prints. Read the files before you send them.

  callhours support-bundle -c /etc/callhours/callhours.yaml
  callhours support-bundle --admin http://127.0.0.1:9480 /tmp/bundle.tar.gz

It has no configuration, secrets or callers' numbers, and of feeds' addresses the
host alone. It has the names of routes, branches, calendars and tenants, and, where
a finding quotes them, titles of events. Nothing is sent anywhere.

What a server that does not answer would have told is left out; CONTENTS.txt says
why.`,
		Args: arguments(0, 1, "FILE, the file to write"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "callhours-support.tar.gz"
			if len(args) > 0 {
				name = args[0]
			}
			return supportBundle(cmd.Context(), a, name, env)
		},
	}
	a.add(cmd.Flags())
	return cmd
}

// bundled is a file of the bundle.
type bundled struct {
	name, what string
	content    func() ([]byte, error)
}

// supportBundle writes the bundle.
func supportBundle(ctx context.Context, a adminFlags, name string, env environment) error {
	ask := func(path string) func() ([]byte, error) {
		return func() ([]byte, error) { return a.request(ctx, http.MethodGet, path, env) }
	}
	list := []bundled{
		{"version.txt", "versions of callhours, Go and the time zone data", versions},
		{"machine.txt", "processors, and what limits Go's memory for this command", machine},
		{"check.txt", "what callhours check finds in the configuration, without fetching feeds", func() ([]byte, error) {
			var out bytes.Buffer
			err := check(ctx, checkFlags{config: a.config, format: "text", days: 400, offline: true},
				environment{stdin: strings.NewReader(""), stdout: &out, stderr: &out, now: env.now})
			if err != nil {
				fmt.Fprintln(&out, err)
			}
			return out.Bytes(), nil // that something is wrong is what it shows
		}},
		{"status.json", "what answers, and how the last reload went", ask("/api/v1/status")},
		{"findings.json", "what is wrong now, as the console shows it", ask("/api/v1/findings")},
		{"feeds.json", "how the feeds are; of their addresses the host alone", ask("/api/v1/feeds")},
		{"metrics.txt", "all metrics", ask("/metrics")},
	}
	now := env.now()
	var files []bundled
	contents := &strings.Builder{}
	fmt.Fprintf(contents, "callhours support bundle, %s\n\n", now.UTC().Format(time.RFC3339))
	for _, f := range list {
		content, err := f.content()
		if err != nil {
			fmt.Fprintf(contents, "%-14s left out: %s\n", f.name, err)
			continue
		}
		f.content = func() ([]byte, error) { return content, nil }
		files = append(files, f)
		fmt.Fprintf(contents, "%-14s %s\n", f.name, f.what)
	}
	fmt.Fprint(contents, `
No configuration, secrets or callers' numbers are in it, and of feeds' addresses
the host alone. Names of routes, branches, calendars and tenants are, and titles of
events that a finding quotes. Read it before you send it.
`)
	first := bundled{"CONTENTS.txt", "", func() ([]byte, error) { return []byte(contents.String()), nil }}
	packed, err := pack(append([]bundled{first}, files...), now)
	if err == nil {
		err = os.WriteFile(name, packed, 0o600)
	}
	if err != nil {
		return failure(writeError(err))
	}
	fmt.Fprintf(env.stdout, "wrote %s\n\n%s", name, contents)
	return nil
}

// pack makes a tar.gz of files.
func pack(list []bundled, now time.Time) ([]byte, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	t := tar.NewWriter(z)
	for _, f := range list {
		content, err := f.content()
		if err != nil {
			return nil, err
		}
		h := &tar.Header{
			Name: "callhours-support/" + f.name, Mode: 0o600, Size: int64(len(content)), ModTime: now, Typeflag: tar.TypeReg,
		}
		if err := t.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := t.Write(content); err != nil {
			return nil, err
		}
	}
	err := errors.Join(t.Close(), z.Close())
	return packed.Bytes(), err
}

func versions() ([]byte, error) {
	data, source := zones.DataVersion()
	return fmt.Appendf(nil, "callhours %s\n%s %s/%s\ntime zones %s (%s)\n", buildVersion(), runtime.Version(),
		runtime.GOOS, runtime.GOARCH, data, source), nil
}

func machine() ([]byte, error) {
	return fmt.Appendf(nil, "processors %d, used %d\nGOMEMLIMIT %q\nGOGC %q\n", runtime.NumCPU(), runtime.GOMAXPROCS(0),
		os.Getenv("GOMEMLIMIT"), os.Getenv("GOGC")), nil
}
