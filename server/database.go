package server

import (
	"errors"
	"time"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/database"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/preview"
)

// ErrNoDatabase is the error of a configuration that names no place for a database.
var ErrNoDatabase = errors.New("there is no database: set state_dir, or database: {url: …}")

// DatabaseOptions are those of the database of people and overrides that a configuration names. The
// error is ErrNoDatabase, or that its URL is a mistake.
func DatabaseOptions(file *config.File, now func() time.Time) (database.Options, error) {
	o := database.Options{Part: database.Overrides, Dir: file.StateDir, Now: now}
	switch d := file.Database; {
	case d != nil && d.URL == "":
		return o, errors.New("database has no url; run callhours check")
	case d != nil:
		o.URL, o.Password = d.URL, d.Password.Reveal()
	case file.StateDir == "":
		return o, ErrNoDatabase
	}
	return o, nil
}

// newDatabase makes the database of a configuration, which Run opens; nil if there is no place for
// one. A file that nobody has made is left to whoever adds the first person, and one in a state
// directory of another process to that.
func (s *Server) newDatabase(file *config.File) *database.DB {
	o, err := DatabaseOptions(file, s.options.Now)
	if err != nil {
		return nil
	}
	o.Existing, o.Log, o.Metrics, o.Guard = true, s.options.Log, s.options.Metrics, s.guard
	o.Usable = func() error {
		if o.URL == "" && s.state.isReadOnly() {
			return database.ErrAbsent
		}
		return nil
	}
	return database.New(o)
}

// databaseFindings are the findings about the database: why it cannot be used.
func (s *Server) databaseFindings() []preview.Finding {
	if s.database == nil {
		return nil
	}
	err := s.database.Err()
	if err == nil || errors.Is(err, database.ErrAbsent) || errors.Is(err, database.ErrNotOpen) { // or not tried yet
		return nil
	}
	at := diag.Pos{File: s.options.Generation.file.Path}
	if d := s.options.Generation.file.Database; d != nil {
		at = d.Pos
	}
	return []preview.Finding{preview.Findingf(at, "database_unusable",
		"the database of people and overrides cannot be used: %s", diag.ErrorLine(err))}
}

// sameDatabase reports whether two configurations have one database.
func sameDatabase(a, b *config.Database) bool {
	return a == nil && b == nil ||
		a != nil && b != nil && a.URL == b.URL && a.Password.Reveal() == b.Password.Reveal()
}
