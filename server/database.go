package server

import (
	"errors"
	"time"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/database"
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
