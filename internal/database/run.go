package database

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"
)

const (
	// checkEvery is how often an open database is asked whether it answers.
	checkEvery = 10 * time.Second
	// firstRetry and lastRetry bound the pause before another attempt to open one.
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
	// remindEvery is how often a failure is logged while it lasts.
	remindEvery = time.Hour
)

// Run opens the database, once it is there, and keeps it open until ctx ends: it attempts again what fails, checks
// every few seconds whether it answers, and says in the log and in callhours_database_up how that
// is.
func (d *DB) Run(ctx context.Context) {
	log := stateLog{log: d.options.Log, place: d.options.where()}
	pause := firstRetry
	for {
		err := d.Open(ctx)
		if err == nil {
			err = d.check(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		wait, isAbsent := checkEvery, errors.Is(err, ErrAbsent)
		if !isAbsent {
			d.options.Metrics.SetDatabaseUp(err == nil)
			log.report(ctx, err, d.options.Now())
		}
		if err == nil || isAbsent {
			pause = firstRetry
		} else {
			wait = pause
			pause = min(2*pause, lastRetry)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// check asks an open database for something that it always has.
func (d *DB) check(ctx context.Context) error {
	_, err := Read(ctx, d, func(ctx context.Context, tx *sql.Tx) (n int64, err error) {
		return n, tx.QueryRowContext(ctx, "SELECT count(*) FROM callhours_schema_"+d.options.Part.String()).Scan(&n)
	})
	if err == nil {
		return d.Err()
	}
	return err
}

// stateLog logs when something begins to fail, for another reason, still, and not any more.
type stateLog struct {
	log   *slog.Logger
	place string

	reason        string    // "": it works
	since, logged time.Time // when it began to fail; when that was logged last
}

func (l *stateLog) report(ctx context.Context, err error, now time.Time) {
	if l.log == nil {
		return
	}
	switch {
	case err == nil && l.reason == "":
	case err == nil:
		l.log.InfoContext(ctx, "the database can be used again", slog.String("database", l.place),
			slog.Duration("after", now.Sub(l.since)))
		l.reason = ""
	case err.Error() != l.reason || now.Sub(l.logged) >= remindEvery:
		if l.reason == "" {
			l.since = now
		}
		l.reason, l.logged = err.Error(), now
		l.log.ErrorContext(ctx, "the database cannot be used; calls are answered, changes by people are refused",
			slog.String("database", l.place), slog.String("error", l.reason))
	}
}
