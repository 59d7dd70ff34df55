// Callhours tells a Kazoo telephone platform what to do with a call. Kazoo sends a Pivot request; callhours matches it against
// iCalendar feeds of open hours, renders the callflow from a template, and counts every branch taken.
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], world{os.Stdin, os.Stdout, os.Stderr, time.Now}))
}
