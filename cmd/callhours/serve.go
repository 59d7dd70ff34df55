package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/server"
)

// flushing is how long the last log lines may take to be written.
const flushing = 2 * time.Second

// exampleServed is said where no configuration is named and none is found.
const exampleServed = "there is no ./callhours.yaml here, and -c names no other: this is the built-in example, " +
	"on loopback only, and none of your routes are answered; start in the right directory, or with -c FILE"

func serveCommand(w world) *cobra.Command {
	var path string
	var flags serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "answer Pivot requests",
		Long: `serve answers Kazoo's Pivot requests on listen, and people on admin_listen: the console, /api/v1, /metrics, /-/healthy, /-/ready.

It checks the configuration, its templates and its calendar files, and says all that is wrong at once. What is wrong in the files of one
tenant keeps that tenant's last accepted files in use; anything else the whole accepted copy in state_dir. Without such a copy, and with
--strict, it refuses to start with exit code 2.

The files are read again when they change, on SIGHUP, and on POST /-/reload; what is wrong then keeps the former files in use in the same way.
SIGTERM drains: readiness turns 503, answers ask for their connection to be closed, calls in flight are answered.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd.Context(), path, flags, w) },
	}
	configFlag(cmd, &path)
	cmd.Flags().BoolVar(&flags.strict, "strict", false, "refuse to start if anything is wrong, also with an accepted copy at hand")
	cmd.Flags().BoolVar(&flags.pprof, "pprof", false, "show profiles of the process at /debug/pprof/ of admin_listen")
	return cmd
}

// serveFlags are those of serve besides the configuration.
type serveFlags struct{ strict, pprof bool }

func serve(ctx context.Context, path string, flags serveFlags, w world) error {
	main, files := installed(path)
	i := &server.Installation{Path: main, Files: files, Now: w.now, Exclusive: true}
	loaded, notes := i.Start(flags.strict)
	for _, note := range notes {
		fmt.Fprintf(w.stderr, "warning: %s\n", note)
	}
	if err := loaded.Err(); err != nil {
		return refuse(err)
	}
	g := loaded.Generation
	in := installation{file: g.File(), files: files}
	for _, warning := range in.file.Warnings {
		fmt.Fprintf(w.stderr, "warning: %s\n", warning.Error())
	}
	if files != nil {
		fmt.Fprintf(w.stderr, "warning: %s\n", exampleServed)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m, err := metrics.New(registry, metricsOptions())
	if err != nil {
		return deny(err)
	}
	withinLimit(os.DirFS("/"))
	collectLess()
	lines := server.NewLog(w.stderr, m.LogLineDropped)
	log := slog.New(server.BoundedHandler(handler(in.file.Log, lines)))
	s := server.New(server.Options{
		Installation: i, Loaded: loaded,
		Generation: g, Registry: registry, Metrics: m, Now: w.now, UserAgent: userAgent(), Version: buildVersion(),
		Log: log, Profiles: flags.pprof,
		Started: func(calls, admin net.Addr) {
			if files != nil {
				log.Warn("the built-in example is served", slog.String("detail", exampleServed))
			}
			fmt.Fprint(w.stdout, banner(in, calls, admin))
		},
	})
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	reloading, stop := context.WithCancel(ctx)
	var reloads sync.WaitGroup
	reloads.Go(func() {
		for {
			select {
			case <-reloading.Done():
				return
			case <-hangup:
				_ = s.Reload(reloading) // it says itself how that went
			}
		}
	})
	err = s.Run(ctx)
	signal.Stop(hangup)
	stop()
	reloads.Wait()
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushing)
	defer cancel()
	// Who does not read the log by then will not.
	_ = lines.Close(late)
	if err != nil {
		return deny(err)
	}
	return nil
}

func handler(l config.Log, to io.Writer) slog.Handler {
	if l.Format == "json" {
		return slog.NewJSONHandler(to, nil)
	}
	return slog.NewTextHandler(to, nil)
}

// banner says where the server listens, and gives a line to try it with.
func banner(in installation, calls, admin net.Addr) string {
	var b strings.Builder
	scheme := "http"
	if in.file.TLS != nil {
		scheme = "https"
	}
	fmt.Fprintf(&b, "callhours %s serves %s\n", buildVersion(), in.name())
	fmt.Fprintf(&b, "Kazoo asks at  %s://%s\n", scheme, reachable(calls.String()))
	fmt.Fprintf(&b, "people look at %s://%s\n", server.PeopleScheme(in.file), reachable(admin.String()))
	if len(in.file.Routes) == 0 {
		return b.String()
	}
	r := in.file.Routes[0]
	line := []string{"curl", "-i"}
	if a := in.file.Auth; a != nil && a.Basic != nil {
		line = append(line, "-u", "'"+a.Basic.Username+":…'")
	} else if a != nil && a.Token.Reveal() != "" {
		line = append(line, "-H", "'X-Callhours-Token: …'")
	}
	if len(r.Match.Accounts) > 0 {
		line = append(line, "--data-urlencode", "'Account-ID="+r.Match.Accounts[0].S+"'")
	}
	dialed := "+14155550100"
	if len(r.Match.Dialed) > 0 {
		dialed = strings.TrimSuffix(r.Match.Dialed[0].S, "*")
	}
	line = append(line, "--data-urlencode", "'Request="+dialed+"'", "--data-urlencode", "'Caller-ID-Number=+12025550147'",
		scheme+"://"+reachable(calls.String())+r.Path.S)
	fmt.Fprintf(&b, "\nA call, as Kazoo makes it:\n  %s\n", strings.Join(line, " "))
	return b.String()
}

// reachable is an address that can be put into a URL on this machine.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}
