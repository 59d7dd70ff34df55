// Package database opens the installation's database, brings its tables up to date, and runs
// transactions in it: SQLite in the state directory, or PostgreSQL. No other package knows which of
// them it is.
//
// There are two parts. [Overrides] is what people have decided, and who they are: it is written
// with fsync, and a damaged file is never replaced. [History] is what has happened: a damaged file
// is set aside, and begun anew. In SQLite each part is a file; in PostgreSQL both are tables of one
// database.
//
// SQL is written for both: parameters are $1, $2, …; texts are TEXT; numbers, and times in
// microseconds since 1970, are BIGINT; bytes are hexadecimal TEXT. A migration has a statement that
// fails when it is repeated, such as CREATE TABLE: two processes may attempt it at once.
//
// Nothing here waits much longer than [Options.Timeout], also where a disk or a server does not
// answer, and nothing of it is called while a call is answered.
package database

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/metrics"
)

// Part is one of the two parts of the database. The zero Part is Overrides.
type Part int

// The parts.
const (
	Overrides Part = iota // overrides, people and their keys, and who changed them
	History               // calls and changes
)

// String is the name of the part: of its file, without ".db", and in messages.
func (p Part) String() string {
	if p == History {
		return "history"
	}
	return "overrides"
}

// Options say where the database is.
type Options struct {
	Part Part
	// Dir is the state directory, in which SQLite's file lies. It must exist.
	Dir string
	// URL is PostgreSQL's, such as postgres://callhours@db/callhours, without a password; "": SQLite
	// in Dir.
	URL      string
	Password string        // of PostgreSQL's user; "": what libpq's environment has, if anything
	Timeout  time.Duration // of each transaction, and of opening; 0: DefaultTimeout
	// Existing leaves it at ErrAbsent where there is no file of SQLite yet, instead of making one.
	Existing bool
	Now      func() time.Time
	// Usable returns why the database must not be used at present; ErrAbsent where that is another
	// process's to do. nil: it always may.
	Usable  func() error
	Log     *slog.Logger     // of [DB.Run]; nil: nothing is logged
	Metrics *metrics.Metrics // nil: nothing is counted
	Guard   *contain.Guard   // counts and logs panics; nil contains them
}

// DefaultTimeout bounds a transaction unless Options set another one.
const DefaultTimeout = 5 * time.Second

var (
	// ErrNotOpen is the error of a database that has not been opened yet, or is closed.
	ErrNotOpen = errors.New("the database is not open")
	// ErrAbsent means that there is no database yet. That is no failure and not reported.
	ErrAbsent = errors.New("there is no database yet")
	// ErrDamaged is the error of a file that is no database, or not a whole one.
	ErrDamaged = errors.New("is damaged")
	// ErrForeign is the error of a database of another program, or of the other part.
	ErrForeign = errors.New("is another database")
	// ErrNewer is the error of tables that a later version of callhours has changed.
	ErrNewer = errors.New("was written by a later version of callhours")
	// ErrReplaced is the error of a file that was moved, removed or replaced while it was open.
	ErrReplaced = errors.New("was moved, removed or replaced while it was in use")
	// ErrTimeout is the error of a disk or server that does not answer in time. A change that was
	// being made may have been made.
	ErrTimeout = errors.New("the database does not answer")
)

// DB is one part of the database. It is safe for concurrent use.
type DB struct {
	options Options

	opening chan struct{} // holds a token while nobody opens it
	mu      sync.Mutex    // guards the following
	handle  *handle       // nil: it is not open
	err     error         // why it is not open, or what is wrong with what is; nil: nothing
	closed  bool
}

// handle is an open database.
type handle struct {
	write, read *sql.DB // one and the same for PostgreSQL
	// inPlace returns why the file that is open is not the one of that name any more.
	inPlace func() error
	// explain says an error of the driver in our words; false: it is none, but of what was run.
	explain func(error) (isDatabase bool, why error)
	again   func(error) bool // a transaction with this error may succeed when it is repeated
}

func (h *handle) close() error {
	err := h.read.Close()
	if h.write != h.read {
		err = errors.Join(err, h.write.Close())
	}
	return err
}

// New makes a database that is not open.
func New(o Options) *DB {
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	d := &DB{options: o, opening: make(chan struct{}, 1), err: ErrNotOpen}
	d.opening <- struct{}{}
	return d
}

// Open makes a database and opens it.
func Open(ctx context.Context, o Options) (*DB, error) {
	d := New(o)
	if err := d.Open(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

// Open opens the database unless it is open, and creates or changes its tables where need be. The
// error says where it is, what is wrong and what to do.
func (d *DB) Open(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, d.options.Timeout)
	defer cancel()
	select {
	case <-d.opening:
	case <-ctx.Done():
		return d.place(ErrTimeout)
	}
	if d.current() != nil {
		d.opening <- struct{}{}
		return nil
	}
	h, err := within(ctx, d, func() (*handle, error) {
		defer func() { d.opening <- struct{}{} }()
		if d.options.Usable != nil {
			if err := d.options.Usable(); err != nil {
				return nil, err
			}
		}
		if d.options.URL != "" {
			return openPostgres(ctx, d.options)
		}
		return sqliteFile{d.options, errors.Is(d.Err(), ErrDamaged)}.open(ctx)
	}, func(h *handle) { _ = h.close() })
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil && d.closed {
		err = errors.Join(ErrNotOpen, h.close())
	}
	if err != nil {
		d.err = err
		return err
	}
	d.handle, d.err = h, nil
	return nil
}

// Close closes the database. Transactions that run end first, or fail.
func (d *DB) Close() error {
	d.mu.Lock()
	h := d.handle
	d.handle, d.err, d.closed = nil, ErrNotOpen, true
	d.mu.Unlock()
	if h == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), d.options.Timeout)
	defer cancel()
	_, err := within(ctx, d, func() (struct{}, error) { return struct{}{}, h.close() }, nil)
	return err
}

// Err is why the database cannot be used, or what is wrong with it; nil if nothing is.
func (d *DB) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

func (d *DB) current() *handle {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.handle
}

// failed notes what an error of a transaction says about the database itself: a file that is not
// there any more is opened again, and so is a damaged one that may be begun anew.
func (d *DB) failed(h *handle, err error) {
	isDamaged := errors.Is(err, ErrDamaged)
	if !isDamaged && !errors.Is(err, ErrReplaced) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.handle != h {
		return
	}
	d.err = err
	if isDamaged && d.options.Part == Overrides {
		return // what can still be read may be read: who is revoked, for one
	}
	d.handle = nil
	guard := d.options.Guard
	go guard.Run(metrics.PanicState, "database", func() { _ = h.close() })
}

// place puts the place of the database before an error.
func (d *DB) place(err error) error {
	return fmt.Errorf("%s: %w", d.options.where(), err)
}

// where is what messages call the database.
func (o Options) where() string {
	if o.URL != "" {
		return "database " + postgresPlace(o.URL)
	}
	return sqliteFile{options: o}.path()
}

// Read runs a transaction that changes nothing. do may run on after it, when the database does not
// answer: it hands out what it has read by its result alone. It may be repeated.
func Read[T any](ctx context.Context, d *DB, do func(context.Context, *sql.Tx) (T, error)) (T, error) {
	return run(ctx, d, &sql.TxOptions{ReadOnly: true}, do)
}

// Write runs a transaction. When it returns without an error, the changes are on the disk; with
// one, nothing is changed, except where it is ErrTimeout. As for Read, do may be repeated.
func Write[T any](ctx context.Context, d *DB, do func(context.Context, *sql.Tx) (T, error)) (T, error) {
	return run(ctx, d, &sql.TxOptions{}, do)
}

// attempts is how often a transaction is attempted that another one has kept from ending.
const attempts = 3

func run[T any](ctx context.Context, d *DB, o *sql.TxOptions, do func(context.Context, *sql.Tx) (T, error)) (T, error) {
	h, err := d.current(), error(nil)
	var none T
	if h == nil {
		if err = d.Err(); errors.Is(err, ErrNotOpen) {
			err = d.place(err)
		}
		d.count(err)
		return none, err
	}
	ctx, cancel := context.WithTimeout(ctx, d.options.Timeout)
	defer cancel()
	type result struct {
		value T
		err   error // of do, which has nothing to do with the database
	}
	r, err := within(ctx, d, func() (result, error) {
		for attempt := 1; ; attempt++ {
			v, err := transact(ctx, h, o, do)
			if err == nil {
				return result{value: v}, nil
			}
			if attempt < attempts && h.again(err) {
				continue
			}
			isDatabase, why := h.explain(err)
			if isDatabase || errors.Is(err, ErrReplaced) || contain.Is(err) || ctx.Err() != nil {
				return result{}, why
			}
			return result{err: err}, nil
		}
	}, nil)
	d.count(err)
	d.failed(h, err)
	if err == nil && r.err != nil {
		return none, r.err
	}
	return r.value, err
}

func transact[T any](ctx context.Context, h *handle, o *sql.TxOptions,
	do func(context.Context, *sql.Tx) (T, error),
) (none T, _ error) {
	pool := h.write
	if o.ReadOnly {
		pool = h.read
	}
	tx, err := pool.BeginTx(ctx, o)
	if err != nil {
		return none, err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to roll back
	if err := h.inPlace(); err != nil {
		return none, err
	}
	v, err := do(ctx, tx)
	if err != nil {
		return none, err
	}
	return v, tx.Commit()
}

// lateness is how much longer than its context something is waited for, which as a rule ends with
// it.
const lateness = 500 * time.Millisecond

// within calls do, and leaves it behind when it does not end with ctx. late, unless nil, is given
// what comes of it then.
func within[T any](ctx context.Context, d *DB, do func() (T, error), late func(T)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	ended, left := make(chan outcome, 1), make(chan struct{})
	go func() {
		var o outcome
		o.err = d.options.Guard.Do(metrics.PanicState, "database", func() (err error) {
			o.value, err = do()
			return err
		})
		select {
		case <-left:
			if late != nil && o.err == nil {
				late(o.value)
			}
		case ended <- o:
		}
	}()
	var none T
	select {
	case o := <-ended:
		return o.value, d.ownError(ctx, o.err)
	case <-ctx.Done():
	}
	timer := time.NewTimer(lateness)
	defer timer.Stop()
	select {
	case o := <-ended:
		return o.value, d.ownError(ctx, o.err)
	case <-timer.C:
	}
	close(left)
	select {
	case o := <-ended: // it ended at the last moment
		return o.value, d.ownError(ctx, o.err)
	default:
		return none, d.place(ErrTimeout)
	}
}

// ownError makes the end of a context an error of the database.
func (d *DB) ownError(ctx context.Context, err error) error {
	switch {
	case err == nil || errors.Is(err, ErrTimeout):
		return err
	case errors.Is(err, context.DeadlineExceeded), errors.Is(ctx.Err(), context.DeadlineExceeded):
		return d.place(ErrTimeout)
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	}
	return err
}

// count counts a transaction.
func (d *DB) count(err error) {
	switch {
	case err == nil:
		d.options.Metrics.IncDatabaseQueries(metrics.DatabaseOK)
	case errors.Is(err, ErrTimeout):
		d.options.Metrics.IncDatabaseQueries(metrics.DatabaseTimeout)
	default:
		d.options.Metrics.IncDatabaseQueries(metrics.DatabaseError)
	}
}

// Micros is a time as it is kept: microseconds since 1970; 0 for the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros is the time that Micros made; the zero time for 0.
func FromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n)
}
