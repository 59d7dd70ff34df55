package database

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/callhours/callhours/internal/durable"
)

// readers is how many reads of one file run at once.
const readers = 4

// sqliteFile is the file of a part, which may not exist yet.
type sqliteFile struct {
	options    Options
	wasDamaged bool // it was found damaged while it was open
}

func (f sqliteFile) path() string { return filepath.Join(f.options.Dir, f.options.Part.String()+".db") }

// applicationID tells the files of the parts from each other, and from those of other programs.
func (f sqliteFile) applicationID() int64 {
	if f.options.Part == History {
		return 0x63684869 // "chHi"
	}
	return 0x63684f76 // "chOv"
}

// open opens the file, and creates it if there is none. A damaged history is set aside first.
func (f sqliteFile) open(ctx context.Context) (*handle, error) {
	if f.wasDamaged && f.options.Part == History {
		if err := f.setAside(ctx); err != nil {
			return nil, err
		}
		f.wasDamaged = false
	}
	h, err := f.openOrCreate(ctx)
	if err == nil || f.options.Part == Overrides || !errors.Is(err, ErrDamaged) {
		return h, err
	}
	if err := f.setAside(ctx); err != nil {
		return nil, err
	}
	return f.openOrCreate(ctx)
}

func (f sqliteFile) openOrCreate(ctx context.Context) (*handle, error) {
	switch info, err := os.Lstat(f.path()); {
	case errors.Is(err, fs.ErrNotExist) && f.options.Existing && !f.isLeft():
		return nil, fmt.Errorf("%s: %w", f.path(), ErrAbsent)
	case errors.Is(err, fs.ErrNotExist):
		if err := f.create(ctx); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, durable.Reason(err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: is not a regular file; move it away", f.path())
	case info.Size() == 0:
		return nil, f.damaged("it is empty")
	case info.Mode().Perm()&0o077 != 0:
		_ = os.Chmod(f.path(), 0o600) // a restored copy; not ours to change, then it stays as it is
	}
	return f.openExisting(ctx)
}

// isLeft reports whether something is left of a file that is gone.
func (f sqliteFile) isLeft() bool {
	_, err := os.Lstat(f.path() + "-wal")
	return err == nil
}

// create makes the file beside its place, and puts it there when it is whole: an empty or partial
// file in its place is a damaged one.
func (f sqliteFile) create(ctx context.Context) (err error) {
	for _, rest := range []string{"-wal", "-journal"} {
		if _, err := os.Lstat(f.path() + rest); err == nil {
			return fmt.Errorf("%s: is missing, but its %s is there; restore the file from a backup, or remove %[2]s to begin "+
				"without %[3]s", f.path(), f.options.Part.String()+".db"+rest, f.contents())
		}
	}
	dir, err := os.MkdirTemp(f.options.Dir, durable.Partial+"*")
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: does not exist; create it for the user who runs the server, or start the server once",
			f.options.Dir)
	}
	if err != nil {
		return f.explain(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, filepath.Base(f.path()))
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return f.explain(err)
	}
	defer file.Close()
	if err := f.giveToOwner(path); err != nil {
		return f.explain(err)
	}
	db, err := f.pool(path, 1, "auto_vacuum(incremental)", "journal_mode(wal)", "synchronous(full)")
	if err != nil {
		return err
	}
	err = migrate(ctx, db, goose.DialectSQLite3, f.options.Part)
	if err == nil { // not before there is a table: SQLite would forget auto_vacuum
		_, err = db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", f.applicationID()))
	}
	if err == nil && f.options.Part == History {
		err = f.recordBeginning(ctx, db)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return f.explain(err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return f.explain(err)
	}
	if err := os.Link(path, f.path()); err != nil && !errors.Is(err, fs.ErrExist) { // another process made one
		return f.explain(err)
	}
	return f.explain(syncDir(f.options.Dir))
}

// recordBeginning says in a new history why nothing earlier is in it.
func (f sqliteFile) recordBeginning(ctx context.Context, db *sql.DB) error {
	reason := ""
	if _, err := os.Lstat(f.aside()); err == nil {
		reason = "the former file is damaged: " + filepath.Base(f.aside())
	}
	_, err := db.ExecContext(ctx, "INSERT INTO history_beginnings (at, reason) VALUES ($1, $2)",
		Micros(f.options.Now()), reason)
	return err
}

// giveToOwner makes a file that root creates belong to the owner of the state directory, who runs
// the server. SQLite does the same with the files that it makes beside it.
func (f sqliteFile) giveToOwner(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := ownerOf(f.options.Dir)
	if err != nil || uid == 0 {
		return err
	}
	return os.Lchown(path, uid, gid)
}

func (f sqliteFile) openExisting(ctx context.Context) (_ *handle, err error) {
	opened, err := os.Lstat(f.path())
	if err != nil {
		return nil, f.explain(err)
	}
	if err := f.checkHeader(opened.Size()); err != nil {
		return nil, err
	}
	synchronous := "synchronous(full)"
	if f.options.Part == History {
		synchronous = "synchronous(normal)"
	}
	write, err := f.pool(f.path(), 1, "journal_mode(wal)", synchronous)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = write.Close()
		}
	}()
	if err := f.check(ctx, write); err != nil {
		return nil, err
	}
	if err := migrate(ctx, write, goose.DialectSQLite3, f.options.Part); err != nil {
		return nil, f.explain(err)
	}
	read, err := f.pool(f.path(), readers, synchronous, "query_only(1)")
	if err != nil {
		return nil, err
	}
	return &handle{write: write, read: read, inPlace: func() error {
		now, err := os.Lstat(f.path())
		if err != nil || !os.SameFile(now, opened) {
			return fmt.Errorf("%s: %w; it is opened again, please repeat this", f.path(), ErrReplaced)
		}
		return nil
	}, explain: func(err error) (bool, error) {
		_, isDatabase := errors.AsType[*sqlite.Error](err)
		return isDatabase, f.explain(err)
	}, again: func(error) bool { return false }}, nil
}

// checkHeader looks whether a file is a database, and whole, before SQLite does: it takes one of a few
// bytes for an empty one, and reads zeros behind the end of one that is cut.
func (f sqliteFile) checkHeader(size int64) error {
	const (
		magic              = "SQLite format 3\x00"
		header             = 100
		atPageSize, atSize = 16, 28 // big-endian: two bytes, four bytes (in pages)
	)
	file, err := os.Open(f.path())
	if err != nil {
		return f.explain(err)
	}
	defer file.Close()
	var head [header]byte
	if n, err := file.ReadAt(head[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return f.explain(err)
	} else if n < header || string(head[:len(magic)]) != magic {
		return f.damaged("it does not begin as a database does")
	}
	page := int64(binary.BigEndian.Uint16(head[atPageSize:]))
	if page == 1 {
		page = 1 << 16
	}
	want := page * int64(binary.BigEndian.Uint32(head[atSize:]))
	if log, err := os.Stat(f.path() + "-wal"); err == nil && log.Size() > 0 {
		return nil // what is missing may be there
	}
	if page == 0 || size < want || size%page != 0 {
		return f.damaged(fmt.Sprintf("it has %d bytes of %d", size, want))
	}
	return nil
}

// check looks whether the file is whole and ours. History may be large, and is not read for it.
func (f sqliteFile) check(ctx context.Context, db *sql.DB) error {
	var id int64
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return f.explain(err)
	}
	if id != f.applicationID() {
		return fmt.Errorf("%s: %w, not callhours' %s; move it away, and restore the right one from a backup", f.path(),
			ErrForeign, f.options.Part)
	}
	if f.options.Part == History {
		return nil
	}
	var found string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return f.explain(err)
	}
	if found != "ok" {
		return f.damaged(strings.Join(strings.Fields(found), " "))
	}
	return nil
}

// pool opens connections to a file that exists.
func (f sqliteFile) pool(path string, conns int, pragmas ...string) (*sql.DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// A writer of another process, such as a command beside the server, is waited for.
	wait := fmt.Sprintf("busy_timeout(%d)", (f.options.Timeout / 2).Milliseconds())
	query := url.Values{
		"mode": {"rw"}, "_txlock": {"immediate"}, "_dqs": {"0"},
		"_pragma": append([]string{wait}, append(pragmas, "foreign_keys(1)", "trusted_schema(0)")...),
	}
	name := (&url.URL{Scheme: "file", OmitHost: true, Path: absolute, RawQuery: query.Encode()}).String()
	connector, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path(), err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// aside is where a damaged history goes; an earlier one there is replaced.
func (f sqliteFile) aside() string { return f.path() + ".damaged" }

// setAside renames a damaged history, with what SQLite keeps beside it.
func (f sqliteFile) setAside(ctx context.Context) error {
	for _, rest := range []string{"-shm", "-wal", ""} { // the file last: the others belong to it
		err := os.Rename(f.path()+rest, f.aside()+rest)
		if errors.Is(err, fs.ErrNotExist) {
			err = os.Remove(f.aside() + rest) // of an earlier one
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return f.explain(err)
		}
	}
	if f.options.Log != nil {
		f.options.Log.WarnContext(ctx, "the history is damaged; it is set aside, and begun anew",
			"history", f.path(), "set_aside", f.aside())
	}
	return f.explain(syncDir(f.options.Dir))
}

// contents is what is lost with the file.
func (f sqliteFile) contents() string {
	if f.options.Part == History {
		return "history"
	}
	return "people and overrides"
}

func (f sqliteFile) damaged(how string) error {
	if f.options.Part == History {
		return fmt.Errorf("%s: %w (%s)", f.path(), ErrDamaged, how)
	}
	return fmt.Errorf("%s: %w (%s) and left as it is; stop callhours and restore the file from a backup, or move it away "+
		"to begin without people and overrides", f.path(), ErrDamaged, how)
}

// explain says an error of SQLite or the file system in our words.
func (f sqliteFile) explain(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrNewer) {
		return fmt.Errorf("%s: %w; use that version, or restore the file from a backup of this one", f.path(), err)
	}
	refused, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return durable.Reason(err)
	}
	const primary = 0xff // of an extended code
	switch refused.Code() & primary {
	case codes.SQLITE_CORRUPT:
		return f.damaged("its pages contradict each other")
	case codes.SQLITE_NOTADB:
		return f.damaged("it does not begin as a database does")
	case codes.SQLITE_FULL:
		return fmt.Errorf("%s: the disk is full; make room", f.path())
	case codes.SQLITE_READONLY, codes.SQLITE_PERM, codes.SQLITE_CANTOPEN:
		return fmt.Errorf("%s: cannot be written; it and its directory must belong to the user who runs this (%w)", f.path(),
			refused)
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		return fmt.Errorf("%s: another process is writing it; try again", f.path())
	}
	return fmt.Errorf("%s: %w", f.path(), refused)
}

// syncDir makes a new or renamed file of a directory survive a loss of power.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
