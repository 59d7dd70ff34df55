// Package early takes signals as early as a Go program can: its variables are set before those of
// all packages that it does not import and that come after it by name. What they ran before main
// took up to some tenths of a second, in which a SIGHUP of whoever renewed a file, or a reader of
// standard output that left, ended a server that was starting. Before that nobody can take a signal
// but whoever starts the process.
package early

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
)

var isServe = ignoreSignals()

// ignoreSignals is called once, before main. A server that is starting has not read its files yet:
// a SIGHUP asks for nothing more.
func ignoreSignals() bool {
	if !slices.Contains(os.Args[min(1, len(os.Args)):], "serve") {
		return false
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	signal.Ignore(syscall.SIGPIPE)
	return true
}

// Serves reports whether the process is to serve, as far as its arguments say.
func Serves() bool { return isServe }
