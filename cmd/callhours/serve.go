package main

import (
	"context"
	"errors"
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
	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/metrics"
	"github.com/callhours/callhours/server"
)

// flushing is how long the last log lines may take to be written. With server.Closing it makes 10
// s.
const flushing = time.Second

func serveCommand(env environment) *cobra.Command {
	var path string
	var flags serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "answer Pivot requests",
		Long: `serve answers Kazoo's Pivot requests on the Pivot listener (listen). The admin
listener (admin_listen) serves the console, /api/v1, /metrics, /-/healthy and
/-/ready. The log goes to standard error.

  callhours serve
  callhours serve -c /etc/callhours/callhours.yaml

At start it checks the configuration, the templates and the calendar files, and
reports all mistakes. If a tenant's files have mistakes, their last version
without mistakes is used, which state_dir keeps (the accepted copy); if other
files have mistakes, the accepted copy of the whole configuration is used.
Without an accepted copy, the tenant is left out, or the program ends with exit
code 2. With --strict, any mistake ends it.

The files are reloaded when they change, on SIGHUP, and on "callhours reload"
(POST /-/reload). If the new files have mistakes, the previous ones stay in use.

Under systemd it says when it is ready, what it answers and that it is alive
(Type=notify, WatchdogSec), and takes the sockets that are passed to it by the
names pivot and admin (FileDescriptorName).

On SIGTERM, /-/ready returns 503, answers tell Kazoo to close the connection, and
calls in progress are answered before the program ends.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd.Context(), path, flags, env) },
	}
	configFlag(cmd, &path)
	cmd.Flags().BoolVar(&flags.strict, "strict", false,
		"refuse to start if there is any mistake, even if there is an accepted copy")
	cmd.Flags().BoolVar(&flags.pprof, "pprof", false,
		"serve profiles of the process at /debug/pprof/ of the admin listener")
	return cmd
}

// serveFlags are those of serve besides the configuration.
type serveFlags struct{ strict, pprof bool }

// serve answers until ctx ends, and then takes no longer than drain and server.Closing to end.
func serve(ctx context.Context, path string, flags serveFlags, env environment) error {
	hangup := make(chan os.Signal, 1) // one that comes before calls are answered is remembered
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	// Whoever reads the log may go: calls are answered all the same, and its lines are counted as
	// dropped.
	signal.Ignore(syscall.SIGPIPE)
	defer signal.Reset(syscall.SIGPIPE)

	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m, err := metrics.New(registry, metricsOptions())
	if err != nil {
		return failure(err)
	}
	// Nothing is written to standard error directly, because it may not be read.
	lines := server.NewLog(env.stderr, m.IncLogDropped)
	service, err := serviceManager()
	if err != nil {
		return failure(err)
	}
	to := served{registry: registry, metrics: m, lines: lines, begun: time.Now(), service: service}
	closers := []*server.Log{lines}
	if isTerminal(env.stdout) {
		banner := server.NewLog(env.stdout, func() {})
		to.terminal, closers = banner, append(closers, banner)
	}
	defer func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushing)
		defer cancel()
		for _, c := range closers {
			_ = c.Close(late) // what is not read by then is lost
		}
	}()
	err = serveTo(ctx, path, flags, env.now, to, hangup)
	if err == nil {
		return nil
	}
	fmt.Fprintln(lines, err)
	code := exitFailure
	if exit, ok := errors.AsType[*exitError](err); ok {
		code = exit.code
	}
	return &exitError{code, errReported}
}

// served is what a server is seen by.
type served struct {
	registry *prometheus.Registry
	metrics  *metrics.Metrics
	lines    io.Writer // of the log; never blocks
	terminal io.Writer // gets the banner, and never blocks; nil: there is none
	begun    time.Time // when the program began to start
	service  server.Service
}

// serveTo loads and runs the server, which answers before all is loaded. What hangs when ctx has
// ended is left behind: the program ends with it.
func serveTo(ctx context.Context, path string, flags serveFlags, now func() time.Time, to served,
	hangup <-chan os.Signal,
) error {
	serving, loaded := make(chan *server.Server, 1), make(chan error, 1)
	go func() {
		var whole server.Loaded
		rest := make(chan server.Loaded, 1)
		err := contain.Do(func() (err error) {
			whole, err = loadServer(path, flags.strict, now, to, func(l server.Loaded, i *server.Installation, example string) {
				serving <- newServer(i, l, rest, flags, to, example)
			})
			return err
		})
		loaded <- err
		if err == nil {
			rest <- whole
		}
		close(rest)
	}()
	late := after(ctx, loadingEnds)
	var s *server.Server
	select {
	case s = <-serving:
	case err := <-loaded:
		if err != nil {
			return err
		}
		loaded <- nil
		s = <-serving
	case <-ctx.Done(): // nobody is being answered
		awaitLoaded(loaded, late)
		return nil
	}
	drain := s.Drain()
	ended := make(chan error, 1)
	go func() {
		reloading, stop := context.WithCancel(ctx)
		var reloads sync.WaitGroup
		reloads.Go(func() { reloadOn(reloading, hangup, s) })
		err := contain.Do(func() error { return s.Run(ctx) })
		stop()
		reloads.Wait()
		ended <- err
	}()
	select {
	case err := <-ended:
		switch {
		case errors.Is(err, server.ErrRefused):
			return <-loaded
		case ctx.Err() != nil:
			awaitLoaded(loaded, late)
		}
		return err
	case <-after(ctx, drain+server.Closing):
		return fmt.Errorf("stopping took more than %s; something was left unfinished", drain+server.Closing)
	}
}

// awaitLoaded gives loading some time to end, when the process is told to: what is being read when
// it ends is suspect at the next start.
func awaitLoaded(loaded <-chan error, late <-chan struct{}) {
	select {
	case <-loaded: //nolint:errcheck // nobody is answered any more
	case <-late:
	}
}

// loadServer reads the configuration and everything that it names. It calls serve as soon as calls
// can be answered, which is before everything is read unless strict. example says why the built-in
// example is served; "" if it is not.
func loadServer(path string, strict bool, now func() time.Time, to served,
	serve func(loaded server.Loaded, i *server.Installation, example string),
) (loaded server.Loaded, _ error) {
	main, files := findConfig(path)
	i := &server.Installation{Path: main, Files: files, Now: now, Exclusive: true, Program: userAgent(), Credentials: credentials()}
	example := ""
	if files != nil {
		example = findMissingConfig().serveWarning()
	}
	begun := false
	begin := func(l server.Loaded) {
		begun = true
		serve(l, i, example)
	}
	var notes []error
	if strict {
		loaded, notes = i.Start(true)
	} else {
		loaded, notes = i.StartServing(begin)
	}
	for _, note := range notes {
		fmt.Fprintf(to.lines, "warning: %s\n", note)
	}
	if err := loaded.Err(); err != nil {
		return loaded, usageError(err)
	}
	for _, warning := range loaded.Generation.File().Warnings {
		fmt.Fprintf(to.lines, "warning: %s\n", warning.Error())
	}
	if example != "" {
		fmt.Fprintf(to.lines, "warning: %s\n", example)
	}
	if !begun {
		begin(loaded)
	}
	return loaded, nil
}

// newServer makes the server of an installation. What is not loaded yet is received from rest.
func newServer(i *server.Installation, loaded server.Loaded, rest <-chan server.Loaded, flags serveFlags,
	to served, example string,
) *server.Server {
	setMemoryLimit(os.DirFS("/"))
	limitGarbageCollection()
	in := installation{file: loaded.Generation.File(), files: i.Files}
	log := slog.New(server.BoundedHandler(handler(in.file.Log, to.lines)))
	return server.New(server.Options{
		Installation: i, Loaded: loaded, Rest: rest,
		Generation: loaded.Generation, Registry: to.registry, Metrics: to.metrics, Now: i.Now, RealNow: time.Now,
		UserAgent: userAgent(), Version: buildVersion(), Log: log, Profiles: flags.pprof,
		Service: to.service,
		Started: func(calls, admin, metrics net.Addr) {
			if example != "" {
				log.Warn("the built-in example is served", slog.String("detail", example))
			}
			log := log
			if metrics != nil {
				log = log.With(slog.String("metrics_listen", metrics.String()))
			}
			log.Info("started", slog.String("version", buildVersion()), slog.String("configuration", in.name()),
				slog.String("listen", calls.String()), slog.String("admin_listen", admin.String()),
				slog.Int("routes", len(in.file.Routes)), slog.Int("calendars", len(in.file.Calendars)),
				slog.Duration("took", time.Since(to.begun)))
			if to.terminal != nil {
				fmt.Fprint(to.terminal, banner(in, calls, admin))
			}
		},
	})
}

// loadingEnds is how long a load may go on that is told to end: long enough for any one file.
const loadingEnds = 3 * time.Second

// reloadOn reloads the configuration for each signal until ctx ends.
func reloadOn(ctx context.Context, hangup <-chan os.Signal, s *server.Server) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			_ = s.Reload(ctx) // it says itself how that went
		}
	}
}

// after is closed some time after ctx has ended.
func after(ctx context.Context, d time.Duration) <-chan struct{} {
	done := make(chan struct{})
	context.AfterFunc(ctx, func() { time.AfterFunc(d, func() { close(done) }) })
	return done
}

func handler(l config.Log, to io.Writer) slog.Handler {
	if l.Format == "json" {
		return slog.NewJSONHandler(to, &slog.HandlerOptions{ReplaceAttr: inSeconds})
	}
	return slog.NewTextHandler(to, nil)
}

// inSeconds makes a length of time a number of seconds, as in metrics; slog's JSON has nanoseconds.
func inSeconds(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.Float64Value(a.Value.Duration().Seconds())
	}
	return a
}

// banner says where the server listens, and gives a line to try it with.
func banner(in installation, calls, admin net.Addr) string {
	var b strings.Builder
	scheme := "http"
	if in.file.TLS != nil {
		scheme = "https"
	}
	fmt.Fprintf(&b, "callhours %s serves %s\n", buildVersion(), in.name())
	fmt.Fprintf(&b, "Pivot listener %s://%s\n", scheme, reachable(calls.String()))
	fmt.Fprintf(&b, "Console        %s://%s\n", server.PeopleScheme(in.file), reachable(admin.String()))
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
	line = append(line, "--data-urlencode", "'Request="+dialed+"'", "--data-urlencode",
		"'Caller-ID-Number=+12025550147'",
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
