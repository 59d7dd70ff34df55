package people

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/internal/database"
)

// Store keeps people in the database. It is safe for concurrent use.
type Store struct {
	db      *database.DB
	now     func() time.Time
	cost    cost
	hashing chan struct{}
}

// NewStore makes a store of people in the database of [database.Overrides].
func NewStore(db *database.DB, now func() time.Time) *Store {
	return &Store{db: db, now: now, cost: defaultCost(), hashing: make(chan struct{}, 1)}
}

// Added is somebody who was added, and the token of their link, which is not kept.
type Added struct {
	Person
	Token string
}

// ListError is what is wrong with people to be added.
type ListError []ItemError

// ItemError is what is wrong with one of them.
type ItemError struct {
	Index int // in the list
	Err   error
}

func (e ListError) Error() string {
	var lines []string
	for _, item := range e {
		lines = append(lines, item.Err.Error())
	}
	return strings.Join(lines, "\n")
}

// Add adds people, all or none: the error is a ListError with everything that is wrong with them, or
// that of the database.
func (s *Store) Add(ctx context.Context, by Author, list []New) ([]Added, error) {
	var wrong ListError
	added, links, pins := make([]Added, len(list)), make([]string, len(list)), make([]string, len(list))
	for i, n := range list {
		p, err := n.check()
		if err != nil {
			wrong = append(wrong, ItemError{i, err})
		}
		p.ID, p.CreatedBy, p.HasPIN = rand.Text(), by.String(), n.PIN != ""
		added[i] = Added{Person: p, Token: newToken()}
		links[i] = hashToken(added[i].Token)
	}
	wrong = append(wrong, repeated(added, wrong)...)
	if len(wrong) > 0 {
		return nil, wrong.sorted()
	}
	for i, n := range list { // before the transaction: it takes its time
		if n.PIN == "" {
			continue
		}
		if err := s.turn(ctx, func() error { pins[i] = hashPIN(n.PIN, s.cost); return nil }); err != nil {
			return nil, err
		}
	}
	at := s.now()
	_, err := database.Write(ctx, s.db, func(ctx context.Context, tx *sql.Tx) (none struct{}, _ error) {
		taken, err := alreadyThere(ctx, tx, added)
		if err != nil {
			return none, err
		}
		if len(taken) > 0 {
			return none, taken
		}
		for i := range added {
			if err := insert(ctx, tx, by, at, added[i].Person, links[i], pins[i]); err != nil {
				return none, err
			}
		}
		return none, nil
	})
	if err != nil {
		return nil, err
	}
	for i := range added {
		added[i].CreatedAt = at
	}
	return added, nil
}

func (e ListError) sorted() ListError {
	slices.SortStableFunc(e, func(a, b ItemError) int { return a.Index - b.Index })
	return e
}

// repeated finds names and phones that two people of the list have.
func repeated(added []Added, known ListError) (wrong ListError) {
	seen := map[[3]string]string{}
	for i, p := range added {
		if slices.ContainsFunc(known, func(e ItemError) bool { return e.Index == i }) {
			continue
		}
		if _, ok := seen[[3]string{p.Tenant, "name", p.Name}]; ok {
			wrong = append(wrong, ItemError{i, fmt.Errorf("name %q %w: it is twice in the list", p.Name, ErrTaken)})
		}
		seen[[3]string{p.Tenant, "name", p.Name}] = p.Name
		for _, phone := range p.Phones {
			if other, ok := seen[[3]string{p.Tenant, "phone", phone}]; ok {
				wrong = append(wrong, ItemError{i, fmt.Errorf("phone %s %w by %q of the list", phone, ErrTaken, other)})
			}
			seen[[3]string{p.Tenant, "phone", phone}] = p.Name
		}
	}
	return wrong
}

// alreadyThere finds names and phones that people in the database have.
func alreadyThere(ctx context.Context, tx *sql.Tx, added []Added) (wrong ListError, _ error) {
	for i, p := range added {
		var n int
		err := tx.QueryRowContext(ctx, "SELECT count(*) FROM people WHERE tenant = $1 AND name = $2 AND revoked_at = 0",
			p.Tenant, p.Name).Scan(&n)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			wrong = append(wrong, ItemError{i, fmt.Errorf("name %q %w; use another one, or revoke that person first", p.Name,
				ErrTaken)})
		}
		for _, phone := range p.Phones {
			var other string
			err := tx.QueryRowContext(ctx, `SELECT people.name FROM people_phones JOIN people ON people.id = people_phones.person
				WHERE people_phones.tenant = $1 AND people_phones.phone = $2`, p.Tenant, phone).Scan(&other)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return nil, err
			}
			if err == nil {
				wrong = append(wrong, ItemError{i, fmt.Errorf("phone %s %w by %q", phone, ErrTaken, other)})
			}
		}
	}
	return wrong, nil
}

func insert(ctx context.Context, tx *sql.Tx, by Author, at time.Time, p Person, link, pin string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO people (id, tenant, name, language, link_hash, pin_hash, created_by,
		created_at, used_at, revoked_by, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '', 0)`,
		p.ID, p.Tenant, p.Name, p.Language, link, pin, p.CreatedBy, database.Micros(at))
	if err != nil {
		return err
	}
	for _, phone := range p.Phones {
		if _, err := tx.ExecContext(ctx, "INSERT INTO people_phones (tenant, phone, person) VALUES ($1, $2, $3)",
			p.Tenant, phone, p.ID); err != nil {
			return err
		}
	}
	for _, route := range p.Routes() {
		for _, permission := range p.May[route] {
			if _, err := tx.ExecContext(ctx,
				"INSERT INTO people_rights (person, route, permission) VALUES ($1, $2, $3)", p.ID, route,
				string(permission)); err != nil {
				return err
			}
		}
	}
	return record(ctx, tx, Change{
		At: at, Author: by, Tenant: p.Tenant, Action: "person added", Subject: p.Name, Detail: rightsText(p.May),
	})
}

// rightsText is what somebody may do, on one line: "front-desk: see, close; sales: see".
func rightsText(may map[string][]Permission) string {
	var routes []string
	for _, route := range slices.Sorted(maps.Keys(may)) {
		var words []string
		for _, permission := range may[route] {
			words = append(words, string(permission))
		}
		routes = append(routes, route+": "+strings.Join(words, ", "))
	}
	return strings.Join(routes, "; ")
}

// record writes who made a change into the table audit, in the transaction of the change.
func record(ctx context.Context, tx *sql.Tx, c Change) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO audit (id, at, author, certainty, origin, tenant, action, subject, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, rand.Text(), database.Micros(c.At), c.Author.Name,
		string(c.Author.Certainty), c.Author.Origin, c.Tenant, c.Action, c.Subject, c.Detail)
	return err
}

// Revoke takes everything from a person at once. ErrUnknown is the error for a name that nobody has.
func (s *Store) Revoke(ctx context.Context, by Author, tenant, name string) (Person, error) {
	at := s.now()
	p, err := database.Write(ctx, s.db, func(ctx context.Context, tx *sql.Tx) (Person, error) {
		found, err := find(ctx, tx, "tenant = $1 AND name = $2 AND revoked_at = 0", tenant, name)
		if err != nil {
			return Person{}, err
		}
		if len(found) == 0 {
			return Person{}, ErrUnknown
		}
		p := found[0]
		if _, err := tx.ExecContext(ctx, "UPDATE people SET revoked_by = $1, revoked_at = $2 WHERE id = $3", by.String(),
			database.Micros(at), p.ID); err != nil {
			return Person{}, err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM people_phones WHERE person = $1", p.ID); err != nil {
			return Person{}, err
		}
		return p, record(ctx, tx, Change{
			At: at, Author: by, Tenant: tenant, Action: "person revoked", Subject: name, Detail: rightsText(p.May),
		})
	})
	if err != nil {
		return Person{}, err
	}
	p.RevokedBy, p.RevokedAt = by.String(), at
	return p, nil
}

// Filter chooses people.
type Filter struct {
	Tenant  *string // nil: of all tenants
	Revoked bool    // also those who are revoked
}

// List lists people by tenant and name; those who are revoked after the others of their name.
func (s *Store) List(ctx context.Context, f Filter) ([]Person, error) {
	where, args := "1 = 1", []any(nil)
	if f.Tenant != nil {
		where, args = "tenant = $1", []any{*f.Tenant}
	}
	if !f.Revoked {
		where += " AND revoked_at = 0"
	}
	return database.Read(ctx, s.db, func(ctx context.Context, tx *sql.Tx) ([]Person, error) {
		return find(ctx, tx, where, args...)
	})
}

// find reads people, with their phones and rights.
func find(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]Person, error) {
	var list []Person
	index := map[string]int{}
	err := each(ctx, tx, `SELECT id, tenant, name, language, pin_hash, created_by, created_at, used_at, revoked_by,
		revoked_at FROM people WHERE `+where+` ORDER BY tenant, name, revoked_at, id`, args, func(scan func(...any) error) error {
		p := Person{May: map[string][]Permission{}}
		var pin string
		var created, used, revoked int64
		if err := scan(&p.ID, &p.Tenant, &p.Name, &p.Language, &pin, &p.CreatedBy, &created, &used, &p.RevokedBy,
			&revoked); err != nil {
			return err
		}
		p.HasPIN = pin != ""
		p.CreatedAt, p.UsedAt = database.FromMicros(created), database.FromMicros(used)
		p.RevokedAt = database.FromMicros(revoked)
		index[p.ID] = len(list)
		list = append(list, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	of := "(SELECT id FROM people WHERE " + where + ")"
	err = each(ctx, tx, "SELECT person, phone FROM people_phones WHERE person IN "+of+" ORDER BY phone", args,
		func(scan func(...any) error) error {
			var id, phone string
			if err := scan(&id, &phone); err != nil {
				return err
			}
			p := &list[index[id]]
			p.Phones = append(p.Phones, phone)
			return nil
		})
	if err != nil {
		return nil, err
	}
	err = each(ctx, tx, "SELECT person, route, permission FROM people_rights WHERE person IN "+of, args,
		func(scan func(...any) error) error {
			var id, route, permission string
			if err := scan(&id, &route, &permission); err != nil {
				return err
			}
			p := &list[index[id]]
			p.May[route] = append(p.May[route], Permission(permission))
			return nil
		})
	for _, p := range list {
		for _, permissions := range p.May {
			slices.SortFunc(permissions, func(a, b Permission) int {
				return slices.Index(Permissions(), a) - slices.Index(Permissions(), b)
			})
		}
	}
	return list, err
}

// each reads the rows of a query.
func each(ctx context.Context, tx *sql.Tx, query string, args []any, row func(scan func(...any) error) error) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err has what went wrong
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// usedEvery is how exactly it is kept when somebody was here last, so that most looks at a page write
// nothing.
const usedEvery = time.Minute

// ByLink finds the person of a link's token, and keeps that they were here. ErrUnknown is the error
// for a token that is nobody's.
func (s *Store) ByLink(ctx context.Context, token string) (Person, error) {
	p, err := s.one(ctx, "link_hash = $1 AND revoked_at = 0", hashToken(token))
	if err != nil {
		return Person{}, err
	}
	now := s.now()
	if now.Sub(p.UsedAt) < usedEvery {
		return p, nil
	}
	_, err = database.Write(ctx, s.db, func(ctx context.Context, tx *sql.Tx) (sql.Result, error) {
		return tx.ExecContext(ctx, "UPDATE people SET used_at = $1 WHERE id = $2", database.Micros(now), p.ID)
	})
	if err != nil {
		return p, nil //nolint:nilerr // a full disk keeps nobody out
	}
	p.UsedAt = now
	return p, nil
}

func (s *Store) one(ctx context.Context, where string, args ...any) (Person, error) {
	found, err := database.Read(ctx, s.db, func(ctx context.Context, tx *sql.Tx) ([]Person, error) {
		return find(ctx, tx, where, args...)
	})
	if err != nil {
		return Person{}, err
	}
	if len(found) == 0 {
		return Person{}, ErrUnknown
	}
	return found[0], nil
}

// VerifyPIN reports whether a PIN is that of a person, by id. Somebody without one has none that
// fits. ErrUnknown is the error for a person who is revoked.
func (s *Store) VerifyPIN(ctx context.Context, id, pin string) (ok bool, err error) {
	stored, err := database.Read(ctx, s.db, func(ctx context.Context, tx *sql.Tx) (hash string, err error) {
		err = tx.QueryRowContext(ctx, "SELECT pin_hash FROM people WHERE id = $1 AND revoked_at = 0", id).Scan(&hash)
		if errors.Is(err, sql.ErrNoRows) {
			err = ErrUnknown
		}
		return hash, err
	})
	if err != nil || stored == "" {
		return false, err
	}
	err = s.turn(ctx, func() (err error) { ok, err = matchesPIN(stored, pin); return err })
	return ok, err
}

// Changes lists the latest changes, the last first.
func (s *Store) Changes(ctx context.Context, most int) ([]Change, error) {
	return database.Read(ctx, s.db, func(ctx context.Context, tx *sql.Tx) ([]Change, error) {
		var list []Change
		err := each(ctx, tx, `SELECT at, author, certainty, origin, tenant, action, subject, detail FROM audit
			ORDER BY at DESC, id LIMIT $1`, []any{most}, func(scan func(...any) error) error {
			var c Change
			var at int64
			if err := scan(&at, &c.Author.Name, &c.Author.Certainty, &c.Author.Origin, &c.Tenant, &c.Action, &c.Subject,
				&c.Detail); err != nil {
				return err
			}
			c.At = database.FromMicros(at)
			list = append(list, c)
			return nil
		})
		return list, err
	})
}
