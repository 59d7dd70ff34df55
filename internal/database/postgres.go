package database

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

const (
	// postgresConns is how many connections one process has to PostgreSQL at most.
	postgresConns = 4
	// postgresIdle is how long one is kept that nobody uses.
	postgresIdle = 5 * time.Minute
)

func openPostgres(ctx context.Context, o Options) (*handle, error) {
	place := o.where()
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		// The driver's error quotes the URL.
		return nil, fmt.Errorf("%s: expected a URL such as postgres://callhours@db.example.com/callhours?sslmode=verify-full",
			place)
	}
	if o.Password != "" {
		config.Password = o.Password
	}
	config.ConnectTimeout = o.Timeout
	config.RuntimeParams["application_name"] = cmp.Or(config.RuntimeParams["application_name"], "callhours")
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(postgresConns)
	db.SetConnMaxIdleTime(postgresIdle)
	h := &handle{
		write: db, read: db, inPlace: func() error { return nil },
		explain: func(err error) (bool, error) { return explainPostgres(place, err) },
		again:   mayRepeat,
	}
	if err := migrate(ctx, db, goose.DialectPostgres, o.Part); err != nil {
		_ = db.Close()
		_, why := h.explain(err)
		return nil, why
	}
	return h, nil
}

// mayRepeat reports whether a transaction failed because of another one: it could not be put before
// or behind it, or both inserted the same, which the next attempt sees.
func mayRepeat(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains([]string{"40001", "40P01", "23505"}, refused.Code)
}

// explainPostgres says an error of the driver on one line, without its names of steps; false: it is
// none.
func explainPostgres(place string, err error) (isDatabase bool, why error) {
	if errors.Is(err, ErrNewer) {
		return true, fmt.Errorf("%s: %w; use that version, or another database", place, err)
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch refused.Code {
		case "28P01", "28000":
			return true, fmt.Errorf("%s: the server refuses the login: %s; set database.password, and allow this host in "+
				"pg_hba.conf", place, refused.Message)
		case "3D000":
			return true, fmt.Errorf("%s: %s; create it: createdb --owner USER NAME", place, refused.Message)
		case "42501":
			return true, fmt.Errorf("%s: %s; make its user the owner of the database", place, refused.Message)
		case "25006":
			return true, fmt.Errorf("%s: the server only reads (%s); use the address of the primary", place, refused.Message)
		}
		return true, fmt.Errorf("%s: %s (SQLSTATE %s)", place, refused.Message, refused.Code)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true, fmt.Errorf("%s: no connection: %s", place, lastCause(err))
	}
	if _, ok := errors.AsType[net.Error](err); ok || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err) {
		return true, fmt.Errorf("%s: the connection was lost: %s; try again", place, lastCause(err))
	}
	return false, err
}

// lastCause is the text of what lies deepest in an error.
func lastCause(err error) string {
	for {
		switch wrapped := err.(type) { //nolint:errorlint // it walks the chain
		case interface{ Unwrap() error }:
			next := wrapped.Unwrap()
			if next == nil {
				return err.Error()
			}
			err = next
		case interface{ Unwrap() []error }:
			all := wrapped.Unwrap()
			if len(all) == 0 {
				return err.Error()
			}
			err = all[len(all)-1]
		default:
			return strings.Join(strings.Fields(err.Error()), " ")
		}
	}
}

// postgresPlace is host and name of a database, which are no secrets.
func postgresPlace(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "(its URL cannot be read)"
	}
	return cmp.Or(u.Host, u.Query().Get("host"), "(local)") + u.EscapedPath()
}
