// Package early handles signals as early as a Go program can: its variables are set before those of
// all packages that it does not import and that follow it by name. Initializing those took some
// tenths of a second, in which a SIGHUP after a certificate renewal, or a closed standard output,
// ended a server that was starting. Earlier than that only the parent process can handle signals.
package early

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
)

var isServe = ignoreSignals()

// ignoreSignals runs once, before main. A starting server has read no files yet, so that a SIGHUP
// has nothing to reload.
func ignoreSignals() bool {
	if !slices.Contains(os.Args[min(1, len(os.Args)):], "serve") {
		return false
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	signal.Ignore(syscall.SIGPIPE)
	return true
}

// IsServe reports whether the arguments of the process are those of a server.
func IsServe() bool { return isServe }
