package database

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// pragma is the value of a setting of the file.
func pragma(t *testing.T, d *DB, name string) string {
	t.Helper()
	value := ""
	if err := d.current().write.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		part Part
		want map[string]string
	}{
		{Overrides, map[string]string{
			"journal_mode": "wal", "synchronous": "2", "auto_vacuum": "2", "foreign_keys": "1", "application_id": "1667780470",
		}},
		{History, map[string]string{
			"journal_mode": "wal", "synchronous": "1", "auto_vacuum": "2", "foreign_keys": "1", "application_id": "1667778665",
		}},
	} {
		d := mustOpen(t, options(dir, c.part))
		got := map[string]string{}
		for name := range c.want {
			got[name] = pragma(t, d, name)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.part, diff)
		}
	}
	want := map[string]fs.FileMode{}
	for _, part := range []string{"overrides", "history"} {
		for _, rest := range []string{".db", ".db-wal", ".db-shm"} {
			want[part+rest] = 0o600
		}
	}
	if diff := cmp.Diff(want, modes(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestOwner: files that root makes beside the server's are the server's.
func TestOwner(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	const somebody = 65534
	dir := t.TempDir()
	if err := os.Chown(dir, somebody, somebody); err != nil {
		t.Fatal(err)
	}
	d := mustOpen(t, options(dir, Overrides))
	if err := insert(t.Context(), d, "a"); err != nil {
		t.Fatal(err)
	}
	for name := range modes(t, dir) {
		if uid, gid, err := ownerOf(filepath.Join(dir, name)); err != nil || uid != somebody || gid != somebody {
			t.Errorf("%s belongs to %d:%d, %v", name, uid, gid, err)
		}
	}
}

// TestRestored: a backup that anybody can read is made ours alone.
func TestRestored(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir(), Overrides)
	d, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Close(), os.Chmod(filepath.Join(o.Dir, "overrides.db"), 0o644)); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, o)
	if got := modes(t, o.Dir)["overrides.db"]; got != 0o600 {
		t.Errorf("got mode %v, want 0600", got)
	}
}

// TestReplaced: what would be written into a file that has no name any more is refused, and the
// file that is there is opened.
func TestReplaced(t *testing.T) {
	t.Parallel()
	backup := filled(t, Overrides)
	d := mustOpen(t, options(t.TempDir(), Overrides))
	path := filepath.Join(d.options.Dir, "overrides.db")
	if err := errors.Join(os.Remove(path), os.Remove(path+"-wal"), os.Remove(path+"-shm"),
		os.WriteFile(path, backup, 0o600)); err != nil {
		t.Fatal(err)
	}
	want := path + ": was moved, removed or replaced while it was in use; it is opened again, please repeat this"
	if err := insert(t.Context(), d, "a"); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %v", err, want)
	}
	if err := errors.Join(d.Open(t.Context()), insert(t.Context(), d, "a")); err != nil {
		t.Fatal(err)
	}
	if n := count(t, d); n != 61 {
		t.Errorf("got %d records, want those of the backup and one", n)
	}
}

// TestMissing: a log without its database is what is left of one, and would be read into a new one.
func TestMissing(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir(), Overrides)
	path := filepath.Join(o.Dir, "overrides.db")
	if err := os.WriteFile(path+"-wal", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), o)
	want := path + ": is missing, but its overrides.db-wal is there; restore the file from a backup, or remove " +
		"overrides.db-wal to begin without people and overrides"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %v", err, want)
	}
	o.Dir = filepath.Join(o.Dir, "none")
	_, err = Open(t.Context(), o)
	want = o.Dir + ": does not exist; create it for the user who runs the server, or start the server once"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %v", err, want)
	}
	link := options(t.TempDir(), Overrides)
	if err := os.Symlink("/dev/null", filepath.Join(link.Dir, "overrides.db")); err != nil {
		t.Fatal(err)
	}
	const irregular = ": is not a regular file; move it away"
	if _, err := Open(t.Context(), link); err == nil || !strings.HasSuffix(err.Error(), irregular) {
		t.Errorf("a link: got %v", err)
	}
}

// TestNoRoom: a full disk is an error to whoever writes; what was written before stays, and there
// is no torn file where there was none. The file system is one of a few pages of its own.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("no tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	fill := filepath.Join(dir, "fill")
	big := make([]byte, 256<<10)
	_ = os.WriteFile(fill, big, 0o600) // as much as there is room for
	path := filepath.Join(dir, "overrides.db")
	if _, err := Open(t.Context(), options(dir, Overrides)); err == nil {
		t.Error("a database was created on a full disk")
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something is there: %v", err)
	}
	if err := os.Remove(fill); err != nil {
		t.Fatal(err)
	}
	d := mustOpen(t, options(dir, Overrides))
	var err error
	written := 0
	for ; err == nil && written < 10000; written++ {
		err = insert(t.Context(), d, fmt.Sprint(written, strings.Repeat("x", 900)))
	}
	if want := path + ": the disk is full; make room"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %v", err, want)
	}
	if n := count(t, d); n != written-1 {
		t.Errorf("got %d records, want the %d that were acknowledged", n, written-1)
	}
}

// TestReadOnly: who cannot write is told.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a file system that is read only")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("no tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	remount := func() {
		t.Helper()
		if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
	}
	d, err := Open(t.Context(), options(dir, Overrides))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	remount()
	_, err = Open(t.Context(), options(dir, Overrides))
	want := filepath.Join(dir, "overrides.db") +
		": cannot be written; it and its directory must belong to the user who runs this"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got  %v\nwant %v", err, want)
	}
	_, err = Open(t.Context(), options(dir, History))
	if err == nil || !strings.Contains(err.Error(), "read-only file system") {
		t.Errorf("creating: got %v", err)
	}
}

// TestKilled kills a process with SIGKILL while it writes, again and again: what was acknowledged is
// there afterwards.
func TestKilled(t *testing.T) {
	const asked = "CALLHOURS_TEST_WRITES_TO"
	if dir := os.Getenv(asked); dir != "" {
		d := mustOpen(t, options(dir, Overrides))
		for i := 0; ; i++ {
			id := fmt.Sprintf("%d-%d", os.Getpid(), i)
			if err := insert(t.Context(), d, id); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(os.Stdout, "ack", id) //nolint:forbidigo // whoever kills it reads it
		}
	}
	t.Parallel()
	rounds := 5
	if os.Getenv("CALLHOURS_SOAK") != "" {
		rounds = 50
	}
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	for range rounds {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$", "-test.count=1")
		cmd.Env = append(os.Environ(), asked+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(time.Duration(rand.IntN(200))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		most := 10 + rand.IntN(200)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			id, ok := strings.CutPrefix(lines.Text(), "ack ")
			if !ok {
				t.Log(lines.Text())
				continue
			}
			acknowledged[id] = true
			if most--; most == 0 {
				_ = cmd.Process.Kill()
			}
		}
		_ = cmd.Wait() // it was killed
		kill.Stop()
	}
	d := mustOpen(t, options(dir, Overrides))
	there, err := Read(t.Context(), d, func(ctx context.Context, tx *sql.Tx) (map[string]bool, error) {
		rows, err := tx.QueryContext(ctx, "SELECT id FROM audit")
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		found := map[string]bool{}
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return nil, err
			}
			found[id] = true
		}
		return found, rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	lost := maps.Clone(acknowledged)
	maps.DeleteFunc(lost, func(id string, _ bool) bool { return there[id] })
	if len(lost) > 0 || len(acknowledged) == 0 {
		t.Errorf("of %s acknowledged records %d are lost", strconv.Itoa(len(acknowledged)), len(lost))
	}
	if got := pragma(t, d, "integrity_check"); got != "ok" {
		t.Errorf("integrity: %s", got)
	}
}
