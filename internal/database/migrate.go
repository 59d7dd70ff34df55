package database

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// migrate brings the tables of a part up to date. Another process may do so at the same time: one
// of them then fails, and finds on the next attempt that nothing is left to do.
func migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect, part Part) error {
	dir, err := fs.Sub(migrations, "migrations/"+part.String())
	if err != nil {
		return err
	}
	for range attempts {
		if err = migrateOnce(ctx, db, dialect, dir, "callhours_schema_"+part.String()); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func migrateOnce(ctx context.Context, db *sql.DB, dialect goose.Dialect, dir fs.FS, table string) error {
	p, err := goose.NewProvider(dialect, db, dir, goose.WithTableName(table), goose.WithDisableGlobalRegistry(true),
		goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return err
	case have > want:
		return fmt.Errorf("%w (its tables have version %d, this program knows %d)", ErrNewer, have, want)
	case have == want:
		return nil
	}
	_, err = p.Up(ctx)
	return err
}
