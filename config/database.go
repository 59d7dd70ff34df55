package config

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// Database is a PostgreSQL server's, which replicas share.
type Database struct {
	diag.Pos
	URL      string // without a password, such as postgres://callhours@db/callhours
	Password Secret // zero: none is sent
}

// readDatabase reads where people and overrides are kept; nil: in the state directory.
func (s *source) readDatabase() *Database {
	n := s.top.get("database")
	if n == nil {
		return nil
	}
	m := s.fields(n, inDatabase)
	d := &Database{Pos: n.Pos, Password: m.secret("password")}
	s.plainSecret(m.get("password"), "a password")
	address := m.required("url")
	if address.S == "" {
		return d
	}
	d.URL = address.S
	// Nothing of it is shown: a password may stand in it.
	u, err := url.Parse(address.S)
	query := url.Values{}
	if err == nil {
		query, err = url.ParseQuery(u.RawQuery)
	}
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || strings.Trim(u.Path, "/") == "" ||
		u.Host == "" && query.Get("host") == "" {
		s.mistake(address.Pos, "expected url to be of a PostgreSQL database, such as "+
			"postgres://callhours@db.example.com/callhours?sslmode=verify-full")
		return d
	}
	if _, given := u.User.Password(); given || query.Has("password") {
		s.mistake(address.Pos, "the url contains a password; remove it, and set password: {secret: NAME} beside url")
	}
	if !isThisMachine(u, query) && query.Get("sslmode") != "verify-full" {
		s.warn(address.Pos, "database_unverified",
			"the connection to the database can be read or redirected; add sslmode=verify-full to url (and "+
				"sslrootcert=FILE for an authority of your own)")
	}
	return d
}

// isThisMachine reports whether a database is reached without a network: by a Unix socket or
// loopback.
func isThisMachine(u *url.URL, query url.Values) bool {
	hosts := strings.Split(u.Hostname(), ",")
	if query.Has("host") {
		hosts = strings.Split(query.Get("host"), ",")
	}
	for _, host := range hosts {
		addr, err := netip.ParseAddr(host)
		if !strings.HasPrefix(host, "/") && host != "localhost" && (err != nil || !addr.IsLoopback()) {
			return false
		}
	}
	return true
}
