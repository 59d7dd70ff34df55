// Benchhttp measures callhours beside other servers on the same machine, by the same calls: a bare
// net/http handler that writes the same bytes after ParseForm, nginx with these bytes as a static
// file, and php-fpm behind nginx with a script that goes by the time of day. It alternates them, so
// that the noise of the machine is the same for all, and prints medians and ratios. Run it by `make
// bench-http`.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

// options are what flags say.
type options struct {
	callhours   string
	connections []int
	rounds      int
	each        time.Duration
	only        []string
	format      string
	bare        string
	overload    float64
	callers     int
	shared      bool
	keep        bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.bare != "" {
		return serveBare(ctx, o.bare)
	}
	dir, err := os.MkdirTemp("", "benchhttp-")
	if err != nil {
		return err
	}
	if o.keep {
		fmt.Fprintln(os.Stderr, "files are kept in", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	field := &field{dir: dir}
	if o.overload > 0 && !o.shared {
		if field.pins, err = pin(); err != nil {
			return fmt.Errorf("giving the servers a CPU of their own: %w; -shared does without", err)
		}
	}
	defer field.stop()
	if err := field.start(ctx, o); err != nil {
		return err
	}
	if o.overload > 0 {
		return overloaded(ctx, o, field)
	}
	results, err := measure(ctx, o, field.servers)
	if err != nil {
		return err
	}
	return report{machine(), o.rounds, o.each.Seconds(), field.missing, results}.print(os.Stdout, o.format)
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("benchhttp", flag.ContinueOnError)
	flags.StringVar(&o.callhours, "callhours", "./callhours", "the program to measure")
	connections := flags.String("connections", "1,16,64", "how many connections ask at a time")
	flags.IntVar(&o.rounds, "rounds", 20, "how many times each server is measured")
	flags.DurationVar(&o.each, "each", 0,
		"how long each is asked in a round (400ms; many short rounds even out what else the machine does), or with -overload (10s)")
	only := flags.String("only", "", "servers to measure, such as \"bare,callhours\"; all that there are by default")
	flags.StringVar(&o.format, "format", "text", "text, markdown or json")
	flags.Float64Var(&o.overload, "overload", 0,
		"instead, offer each server so many times the calls that it can answer, such as 3")
	flags.IntVar(&o.callers, "callers", 2000,
		"with -overload, how many calls may wait at a time; those beyond are late, and their time counts from when they were due")
	flags.BoolVar(&o.shared, "shared", false,
		"with -overload, let servers and generator share the CPUs instead of giving the servers one and the generator the others")
	flags.BoolVar(&o.keep, "keep", false, "keep configurations and logs")
	flags.StringVar(&o.bare, "serve-bare", "", "be the bare handler: answer by the bytes of this file")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.each == 0 && o.overload > 0 {
		o.each = 10 * time.Second
	}
	o.each = cmp.Or(o.each, 400*time.Millisecond)
	for text := range strings.SplitSeq(*connections, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return o, fmt.Errorf("-connections: expected numbers such as 1,16,64, found %q", *connections)
		}
		o.connections = append(o.connections, n)
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("expected no arguments, found %q", flags.Arg(0))
	case o.rounds < 1 || o.each <= 0 || o.callers < 1:
		return o, errors.New("want at least one round of some time, and one caller")
	case o.format != "text" && o.format != "markdown" && o.format != "json":
		return o, fmt.Errorf("-format: expected text, markdown or json, found %q", o.format)
	}
	return o, nil
}

// sample is what one round of one server gave.
type sample struct {
	Rate float64 `json:"requests_per_second"`
	P50  float64 `json:"p50_seconds"`
	P99  float64 `json:"p99_seconds"`
	CPU  float64 `json:"cpu_seconds_per_request"` // of all processes of the server; 0 where the system does not tell
	Own  float64 `json:"generator_cpu_seconds_per_request"`
}

// result is all rounds of one server with a number of connections.
type result struct {
	Server      string   `json:"server"`
	Connections int      `json:"connections"`
	Rounds      []sample `json:"rounds"`
}

// warmUp is how long a server is asked before it is measured.
const warmUp = 100 * time.Millisecond

// measure asks the servers in turn. Which one is first is another one in each round.
func measure(ctx context.Context, o options, servers []*server) ([]result, error) {
	var results []result
	for _, n := range o.connections {
		for _, s := range servers {
			results = append(results, result{Server: s.name, Connections: n})
		}
	}
	for round := range o.rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, o.rounds)
		for i, n := range o.connections {
			for j := range servers {
				which := (j + round) % len(servers)
				s := servers[which]
				if _, err := s.ask(ctx, n, warmUp); err != nil {
					return nil, err
				}
				got, err := s.ask(ctx, n, o.each)
				if err != nil {
					return nil, err
				}
				r := &results[i*len(servers)+which]
				r.Rounds = append(r.Rounds, got)
			}
		}
	}
	return results, nil
}

// ask asks a server over n connections for a time.
func (s *server) ask(ctx context.Context, n int, long time.Duration) (sample, error) {
	cpu, own := s.cpu(), ownCPU()
	took, asked, err := load(ctx, s, n, long)
	if err != nil {
		return sample{}, fmt.Errorf("%s, %d connections: %w", s.name, n, err)
	}
	count := float64(len(took))
	return sample{
		Rate: count / asked.Seconds(),
		P50:  quantile(took, .5).Seconds(),
		P99:  quantile(took, .99).Seconds(),
		CPU:  (s.cpu() - cpu).Seconds() / cmp.Or(count, 1),
		Own:  (ownCPU() - own).Seconds() / cmp.Or(count, 1),
	}, nil
}
