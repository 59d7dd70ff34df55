package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"github.com/callhours/callhours/server"
)

// notifying is how long the service manager may take to hear something: a server goes on without
// it.
const notifying = time.Second

// serviceManager is what started the process, by its environment: sockets(7) that it passes, where
// it listens for notifications, and how often it expects a sign of life. Without those it is nobody.
func serviceManager() (server.Service, error) {
	var s server.Service
	passed, err := activation.ListenersWithNames()
	if err != nil {
		return s, fmt.Errorf("a socket that systemd passes cannot be used: %w; it must be of TCP (ListenStream=PORT)", err)
	}
	for name, listeners := range passed {
		if len(listeners) > 1 {
			return s, fmt.Errorf("systemd passes %d sockets named %q; write one ListenStream into its .socket unit",
				len(listeners), name)
		}
		tcp, ok := listeners[0].(*net.TCPListener)
		if !ok {
			return s, fmt.Errorf("systemd's socket %q is not of TCP; set ListenStream of its .socket unit to a port", name)
		}
		switch name {
		case "pivot":
			s.Pivot = tcp
		case "admin":
			s.Admin = tcp
		default:
			return s, fmt.Errorf(
				"systemd passes a socket named %q; set FileDescriptorName of its .socket unit to pivot or admin", name)
		}
	}
	if at := os.Getenv("NOTIFY_SOCKET"); at != "" {
		s.Notify = func(state string) { notify(at, state) }
	}
	if s.Watchdog, err = daemon.SdWatchdogEnabled(false); err != nil {
		return s, fmt.Errorf("WATCHDOG_USEC or WATCHDOG_PID of the environment is wrong: %w; systemd sets both", err)
	}
	return s, nil
}

// notify is sd_notify(3), which would wait for a service manager that does not listen. What it does
// not hear is lost: it is told again later, or restarts a process that seems to hang.
func notify(at, state string) {
	if strings.HasPrefix(state, "RELOADING=1") {
		var now unix.Timespec
		if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) == nil {
			state += fmt.Sprintf("\nMONOTONIC_USEC=%d", now.Nano()/int64(time.Microsecond))
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), notifying)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unixgram", at)
	if err != nil {
		return
	}
	defer conn.Close()
	if conn.SetWriteDeadline(time.Now().Add(notifying)) == nil {
		_, _ = conn.Write([]byte(state))
	}
}

// credentials is the directory of what the service manager gives by LoadCredential; "": nothing.
func credentials() string { return os.Getenv("CREDENTIALS_DIRECTORY") }
