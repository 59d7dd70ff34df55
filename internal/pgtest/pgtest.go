// Package pgtest is for tests: a PostgreSQL server of their own, of what is installed, on a Unix
// socket in a temporary directory. Such tests are part of `make test-system`; where PostgreSQL is not
// installed they are skipped, but never in CI.
package pgtest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Password is that of the server's user, whose name is User.
const (
	Password = "correct horse"
	User     = "callhours"
)

// startWithin is how long a server may take to start.
const startWithin = 30 * time.Second

// Server is a PostgreSQL server that ends with its test.
type Server struct {
	dir, programs string
	attributes    *syscall.SysProcAttr
	process       *exec.Cmd
	output        *bytes.Buffer
	databases     atomic.Int64
}

// Start starts a server, or skips the test.
func Start(t *testing.T) *Server {
	t.Helper()
	if os.Getenv("CALLHOURS_SYSTEM") == "" {
		t.Skip("set CALLHOURS_SYSTEM=1 to run it; it needs PostgreSQL")
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("PostgreSQL is not installed, and CI has to have it: apt-get install postgresql")
		}
		t.Skip("PostgreSQL is not installed")
	}
	slices.Sort(found)
	s := &Server{programs: filepath.Dir(found[len(found)-1])}
	// t.TempDir is below a directory that only we can enter, and its name may be too long for a socket.
	if s.dir, err = os.MkdirTemp("", "pgtest-"); err != nil { //nolint:usetesting // see above
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(s.dir) })
	s.leaveRoot(t)
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(Password+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	initdb := s.command("initdb", "--pgdata", s.data(), "--username", User, "--pwfile", secret,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.Run(t)
	t.Cleanup(func() { s.Stop(t) })
	return s
}

// leaveRoot makes the server's programs run as another user: they refuse root.
func (s *Server) leaveRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	if errUID != nil || errGID != nil {
		t.Fatalf("the ids of user postgres are %q and %q", u.Uid, u.Gid)
	}
	s.attributes = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	if err := os.Chown(s.dir, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), filepath.Join(s.programs, name), args...)
	cmd.SysProcAttr, cmd.Dir = s.attributes, s.dir
	return cmd
}

// Run starts the server again after Stop, and waits until it answers.
func (s *Server) Run(t *testing.T) {
	t.Helper()
	s.output = &bytes.Buffer{}
	s.process = s.command("postgres", "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "shared_buffers=16MB",
		"-c", "fsync=off")
	s.process.Stdout, s.process.Stderr = s.output, s.output
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startWithin)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		c, err := pgx.Connect(ctx, s.connection("postgres"))
		if err == nil {
			if err := c.Close(ctx); err != nil {
				t.Fatal(err)
			}
			return
		}
		select {
		case <-ctx.Done():
			s.Stop(t)
			t.Fatalf("the server does not answer: %v\n%s", err, s.output)
		case <-ticker.C:
		}
	}
}

// Stop ends the server at once, and its connections with it.
func (s *Server) Stop(t *testing.T) {
	t.Helper()
	if s.process == nil {
		return
	}
	if err := s.process.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Error(err)
	}
	_ = s.process.Wait() // its exit code is that of an abort
	s.process = nil
}

// connection is a URL with the password, for the server's superuser.
func (s *Server) connection(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(User, Password), Path: "/" + database,
		RawQuery: url.Values{"host": {s.dir}}.Encode(),
	}
	return u.String()
}

// NewDatabase makes an empty database and returns its URL, without the password.
func (s *Server) NewDatabase(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	s.Exec(t, "postgres", "CREATE DATABASE "+name)
	u := url.URL{
		Scheme: "postgres", User: url.User(User), Path: "/" + name,
		RawQuery: url.Values{"host": {s.dir}}.Encode(),
	}
	return u.String()
}

// Exec runs a statement in a database.
func (s *Server) Exec(t *testing.T, database, statement string) {
	t.Helper()
	config, err := pgx.ParseConfig(s.connection(database))
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	defer func(db *sql.DB) {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}(db)
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
