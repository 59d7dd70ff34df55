// Callhours tells a Kazoo telephone platform what to do with a call. Kazoo sends a Pivot request;
// callhours matches it against iCalendar feeds of open hours, renders the callflow from a template,
// and counts every branch taken.
//
// Run `callhours help` for its commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // so that config and templates know the names of zones in a bare container

	"github.com/callhours/callhours/internal/early"
)

// grace is how long a command has to end by itself that was asked to. Most of what takes long is
// not interrupted by anything, such as reading files.
const grace = 200 * time.Millisecond

func main() {
	os.Exit(run(interruptible(), os.Args[1:], environment{os.Stdin, os.Stdout, os.Stderr, time.Now}))
}

// interruptible is a context that ends with the first SIGINT or SIGTERM. A second one ends the
// process at once, also one that comes before anything has noticed the first. Only serve takes
// longer to end than grace.
func interruptible() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Reset(os.Interrupt, syscall.SIGTERM)
		select {
		case second := <-signals:
			if s, ok := second.(syscall.Signal); ok {
				_ = syscall.Kill(os.Getpid(), s) // as it would have been without us
			}
		default:
		}
		cancel()
		if !early.IsServe() {
			time.AfterFunc(grace, func() { os.Exit(exitFailure) })
		}
	}()
	return ctx
}
