package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/pgtest"
)

func at() time.Time { return time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC) }

func options(dir string, part Part) Options { return Options{Part: part, Dir: dir, Now: at} }

func mustOpen(t *testing.T, o Options) *DB {
	t.Helper()
	d, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// insert adds an audit record, with which these tests write.
func insert(ctx context.Context, d *DB, id string) error {
	_, err := Write(ctx, d, func(ctx context.Context, tx *sql.Tx) (struct{}, error) {
		_, err := tx.ExecContext(ctx, `INSERT INTO audit (id, at, author, certainty, origin, tenant, action, subject, detail)
			VALUES ($1, $2, $3, $3, $3, '', '', '', '')`, id, Micros(at()), "x")
		return struct{}{}, err
	})
	return err
}

func count(t *testing.T, d *DB) int {
	t.Helper()
	n, err := Read(t.Context(), d, func(ctx context.Context, tx *sql.Tx) (n int, err error) {
		return n, tx.QueryRowContext(ctx, "SELECT count(*) FROM audit").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	testDatabase(t, func(t *testing.T) Options { t.Helper(); return options(t.TempDir(), Overrides) })
}

// TestPostgres runs the same tests in PostgreSQL, and those of what only it has.
func TestPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	fresh := func(t *testing.T) Options {
		t.Helper()
		return Options{URL: server.NewDatabase(t), Password: pgtest.Password, Now: at}
	}
	testDatabase(t, fresh)
	t.Run("the parts are in one database", func(t *testing.T) {
		o := fresh(t)
		mustOpen(t, o)
		o.Part = History
		mustOpen(t, o)
	})
	t.Run("messages", func(t *testing.T) {
		o := fresh(t)
		place := postgresPlace(o.URL)
		wrong := o
		wrong.Password = "no"
		missing := o
		missing.URL = strings.Replace(o.URL, "/test", "/none", 1)
		nowhere := o
		nowhere.URL = "postgres://callhours@127.0.0.1:1/callhours"
		for _, c := range []struct {
			o    Options
			want string
		}{
			{wrong, "database " + place + ": the server refuses the login: " +
				`password authentication failed for user "callhours"; ` + "set database.password, and allow this host in pg_hba.conf"},
			{missing, "database " + strings.Replace(place, "/test", "/none", 1) + `: database "` +
				strings.TrimPrefix(filepath.Base(missing.URL[:strings.Index(missing.URL, "?")]), "/") +
				`" does not exist; create it: createdb --owner USER NAME`},
			{nowhere, "database 127.0.0.1:1/callhours: no connection: connection refused"},
		} {
			_, err := Open(t.Context(), c.o)
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %v", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), pgtest.Password) {
				t.Errorf("the password is in %v", err)
			}
		}
	})
	t.Run("a server that ends and comes back", func(t *testing.T) { // last: it is that of all
		d := mustOpen(t, fresh(t))
		if err := insert(t.Context(), d, "a"); err != nil {
			t.Fatal(err)
		}
		server.Stop(t)
		if err := insert(t.Context(), d, "b"); err == nil || !strings.Contains(err.Error(), "connection") {
			t.Errorf("without a server: got %v", err)
		}
		server.Run(t)
		if err := insert(t.Context(), d, "c"); err != nil {
			t.Errorf("with the server back: %v", err)
		}
		if n := count(t, d); n != 2 {
			t.Errorf("got %d records, want 2", n)
		}
	})
}

// testDatabase holds what is the same for both.
func testDatabase(t *testing.T, fresh func(t *testing.T) Options) {
	t.Run("what is written is there when it is opened again", func(t *testing.T) {
		o := fresh(t)
		first, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(insert(t.Context(), first, "a"), first.Close()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, mustOpen(t, o)); n != 1 {
			t.Errorf("got %d records, want 1", n)
		}
	})
	t.Run("an error of the function undoes what it did", func(t *testing.T) {
		d := mustOpen(t, fresh(t))
		refused := errors.New("refused")
		_, err := Write(t.Context(), d, func(ctx context.Context, tx *sql.Tx) (int, error) {
			if _, err := tx.ExecContext(ctx, "DELETE FROM audit"); err != nil {
				return 0, err
			}
			return 1, refused
		})
		if !errors.Is(err, refused) || err.Error() != "refused" {
			t.Errorf("got %v, want the error as it is", err)
		}
	})
	t.Run("a read writes nothing", func(t *testing.T) {
		d := mustOpen(t, fresh(t))
		_, err := Read(t.Context(), d, func(ctx context.Context, tx *sql.Tx) (sql.Result, error) {
			return tx.ExecContext(ctx, "DELETE FROM audit")
		})
		if err == nil {
			t.Error("a read deleted something")
		}
	})
	t.Run("twenty open it at once", func(t *testing.T) {
		o := fresh(t)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				d, err := Open(t.Context(), o)
				if err != nil {
					t.Error(err)
					return
				}
				if err := errors.Join(insert(t.Context(), d, fmt.Sprint(i)), d.Close()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := count(t, mustOpen(t, o)); n != 20 {
			t.Errorf("got %d records, want 20", n)
		}
	})
	t.Run("a transaction that takes too long", func(t *testing.T) {
		o := fresh(t)
		o.Timeout = 300 * time.Millisecond
		d := mustOpen(t, o)
		release := make(chan struct{})
		defer close(release)
		_, err := Write(t.Context(), d, func(context.Context, *sql.Tx) (int, error) { <-release; return 0, nil })
		if !errors.Is(err, ErrTimeout) || !strings.HasSuffix(err.Error(), ": the database does not answer") {
			t.Errorf("got %v, want ErrTimeout", err)
		}
	})
	t.Run("a panic is an error", func(t *testing.T) {
		d := mustOpen(t, fresh(t))
		_, err := Read(t.Context(), d, func(context.Context, *sql.Tx) (int, error) { panic("oops") })
		if !contain.Is(err) {
			t.Errorf("got %v, want a panic", err)
		}
		if n := count(t, d); n != 0 {
			t.Errorf("got %d records, want 0", n)
		}
	})
	t.Run("a later version's tables", func(t *testing.T) {
		o := fresh(t)
		d, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Write(t.Context(), d, func(ctx context.Context, tx *sql.Tx) (sql.Result, error) {
			return tx.ExecContext(ctx,
				"INSERT INTO callhours_schema_overrides (version_id, is_applied) VALUES ($1, $2)", 99, true)
		})
		if err := errors.Join(err, d.Close()); err != nil {
			t.Fatal(err)
		}
		_, err = Open(t.Context(), o)
		if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(),
			": was written by a later version of callhours (its tables have version 99, this program knows 1); "+
				"use that version, or ") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("closed", func(t *testing.T) {
		d, err := Open(t.Context(), fresh(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(d.Close(), d.Close()); err != nil {
			t.Fatal(err)
		}
		if err := insert(t.Context(), d, "a"); !errors.Is(err, ErrNotOpen) {
			t.Errorf("got %v, want ErrNotOpen", err)
		}
		if err := d.Open(t.Context()); !errors.Is(err, ErrNotOpen) {
			t.Errorf("opened again: got %v, want ErrNotOpen", err)
		}
	})
	t.Run("what must not be used at present", func(t *testing.T) {
		o := fresh(t)
		held := errors.New("state_dir is another process's")
		o.Usable = func() error { return held }
		if _, err := Open(t.Context(), o); !errors.Is(err, held) {
			t.Errorf("got %v", err)
		}
	})
}

// TestMigrations: each has a statement that fails the second time, since two processes may attempt
// it at once; and both dialects know its words, as TestSQLite and TestPostgres see.
func TestMigrations(t *testing.T) {
	t.Parallel()
	found := 0
	err := fs.WalkDir(migrations, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		found++
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(string(text), "-- +goose Up\n") || strings.Contains(string(text), "+goose Down") {
			t.Errorf("%s: a migration goes up only", name)
		}
		if strings.Contains(string(text), "IF NOT EXISTS") ||
			!strings.Contains(string(text), "CREATE TABLE ") && !strings.Contains(string(text), "ADD COLUMN ") {
			t.Errorf("%s can be repeated; two processes at once would do it twice", name)
		}
		return nil
	})
	if err != nil || found < 2 {
		t.Errorf("found %d migrations, %v", found, err)
	}
}

func TestMicros(t *testing.T) {
	t.Parallel()
	for _, want := range []time.Time{{}, at(), at().Add(123456 * time.Microsecond)} {
		if got := FromMicros(Micros(want)); !got.Equal(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

// modes are the modes of all files in a directory.
func modes(t *testing.T, dir string) map[string]fs.FileMode {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]fs.FileMode{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		found[e.Name()] = info.Mode()
	}
	return found
}
