package listen

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"
)

// Limits of time of the Pivot listener. Kazoo gives up after 5 s and keeps idle connections for 120
// s.
const (
	headerTimeout = 3 * time.Second
	readTimeout   = 4 * time.Second
	writeTimeout  = 8 * time.Second
	idleTimeout   = 150 * time.Second
)

// Limits of bytes of a request's line and headers.
const (
	MaxPivotHeader = 80 << 10 // a GET carries in its request line what a POST has in its body
	MaxAdminHeader = 32 << 10
)

// Open listens on an address. The error says why it cannot, in the words of the system.
func Open(ctx context.Context, address string) (*net.TCPListener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err == nil {
		return l.(*net.TCPListener), nil
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		err = call.Err
	}
	return nil,
		fmt.Errorf("listen %s: %w; is another process using the port, or is the address not on this machine?", address, err)
}

// NewPivotServer is the server of the Pivot listener. What net/http reports of connections goes to
// log, limited by now.
func NewPivotServer(handler http.Handler, log *slog.Logger, now func() time.Time) *http.Server {
	return &http.Server{
		Handler: handler, MaxHeaderBytes: MaxPivotHeader, ConnContext: withConn,
		DisableGeneralOptionsHandler: true, ErrorLog: newHTTPLog(log, now, "listen"),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout,
	}
}

// NewAdminServer is the server of a listener for people and for what watches: admin_listen or
// metrics_listen. How long an answer may take is set by each
// handler: a fetch that was asked for may take half a minute.
func NewAdminServer(listener string, log *slog.Logger, now func() time.Time) *http.Server {
	return &http.Server{
		DisableGeneralOptionsHandler: true, MaxHeaderBytes: MaxAdminHeader,
		ErrorLog:          newHTTPLog(log, now, listener),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
	}
}
