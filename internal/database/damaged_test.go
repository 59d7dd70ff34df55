package database

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// filled makes a file of a part with some records, and returns its bytes.
func filled(t *testing.T, part Part) []byte {
	t.Helper()
	o := options(t.TempDir(), part)
	d, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		if part == Overrides {
			err = errors.Join(err, insert(t.Context(), d, fmt.Sprint(i, strings.Repeat("x", 200))))
		}
	}
	if err := errors.Join(err, d.Close()); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(o.Dir, part.String()+".db"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestDamaged: overrides.db is never begun anew, whatever has become of it, and its bytes stay.
func TestDamaged(t *testing.T) {
	t.Parallel()
	whole, history := filled(t, Overrides), filled(t, History)
	random := make([]byte, 20000)
	noise := rand.NewChaCha8([32]byte{})
	_, _ = noise.Read(random)
	scribbled := bytes.Clone(whole)
	copy(scribbled[len(scribbled)/2:], random[:6000])
	foreign := bytes.Clone(whole)
	copy(foreign[68:], "abcd") // the application id
	const advice = " and left as it is; stop callhours and restore the file from a backup, or move it away to begin " +
		"without people and overrides"
	cases := map[string]struct {
		content []byte
		is      error
		want    string // after the path; "": anything
	}{
		"random bytes": {random, ErrDamaged, "is damaged (it does not begin as a database does)" + advice},
		"empty":        {nil, ErrDamaged, "is damaged (it is empty)" + advice},
		"text":         {[]byte("people: []\n"), ErrDamaged, "is damaged (it does not begin as a database does)" + advice},
		"scribbled":    {scribbled, ErrDamaged, ""},
		"history.db": {
			history, ErrForeign,
			"is another database, not callhours' overrides; move it away, and restore the right one from a backup",
		},
		"another program's": {foreign, ErrForeign, ""},
	}
	for _, at := range []int{1, 50, 100, 4096, 5000, len(whole) / 2, len(whole) - 4096, len(whole) - 1} {
		cases[fmt.Sprintf("cut at %d", at)] = struct {
			content []byte
			is      error
			want    string
		}{whole[:at], ErrDamaged, ""}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t.TempDir(), Overrides)
			path := filepath.Join(o.Dir, "overrides.db")
			if err := os.WriteFile(path, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			d := New(o)
			err := d.Open(t.Context())
			if !errors.Is(err, c.is) {
				t.Fatalf("got %v, want %v", err, c.is)
			}
			if want := path + ": " + c.want; c.want != "" && err.Error() != want {
				t.Errorf("got  %v\nwant %v", err, want)
			}
			nothing := func(context.Context, *sql.Tx) (int, error) { return 0, nil }
			if _, again := Read(t.Context(), d, nothing); !errors.Is(again, c.is) {
				t.Errorf("a read says %v", again)
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, c.content) {
				t.Errorf("the file was changed, %v", err)
			}
			for _, name := range []string{"overrides.db-wal", "overrides.db-shm"} {
				if info, err := os.Stat(filepath.Join(o.Dir, name)); err == nil && info.Size() > 0 {
					t.Errorf("%s is left there", name)
				}
			}
			// The backup in its place, and all is well without a new start.
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := d.Open(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := count(t, d); n != 60 {
				t.Errorf("got %d records, want 60", n)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDamagedHistory: a damaged history is set aside and begun anew, and says so itself.
func TestDamagedHistory(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir(), History)
	path := filepath.Join(o.Dir, "history.db")
	for _, content := range []string{"first damage", "second"} { // of two, the later is kept
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		reason, err := Read(t.Context(), d, func(ctx context.Context, tx *sql.Tx) (text string, err error) {
			return text, tx.QueryRowContext(ctx, "SELECT reason FROM history_beginnings").Scan(&text)
		})
		if want := "the former file is damaged: history.db.damaged"; err != nil || reason != want {
			t.Errorf("got %q, %v, want %q", reason, err, want)
		}
		if got, err := os.ReadFile(path + ".damaged"); err != nil || string(got) != content {
			t.Errorf("set aside: %q, %v, want %q", got, err, content)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestHistoryDamagedInUse: it is set aside when a transaction finds it damaged.
func TestHistoryDamagedInUse(t *testing.T) {
	t.Parallel()
	d := mustOpen(t, options(t.TempDir(), History))
	h := d.current()
	d.failed(h, fmt.Errorf("history.db: %w", ErrDamaged))
	if err := d.check(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
	if err := d.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(d.options.Dir, "history.db.damaged")); err != nil {
		t.Error(err)
	}
	if err := d.check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestOverridesDamagedInUse: what can be read of it still is, and its state says so.
func TestOverridesDamagedInUse(t *testing.T) {
	t.Parallel()
	d := mustOpen(t, options(t.TempDir(), Overrides))
	d.failed(d.current(), fmt.Errorf("overrides.db: %w", ErrDamaged))
	if err := d.check(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
	if n := count(t, d); n != 0 {
		t.Errorf("got %d records", n)
	}
}
