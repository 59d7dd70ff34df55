package feeds

import (
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// TestLongHandshake: a server's certificates have a bound, whatever they are.
func TestLongHandshake(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	for _, c := range []struct {
		name  string
		bytes int // of the chain, about
		owner string
		want  string
	}{
		{"at the bound", maxHandshake - 4<<10, "acme", "ok 200"},
		{"beyond", maxHandshake + 1<<10, "acme", "server_error 0: HOME: " + errLongHandshake.Error()},
		{"the operator's", maxHandshake + 1<<10, "", "server_error 0: HOME: " + errLongHandshake.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			certificate := ca.issue(t, fetchClock, fetchClock.AddDate(1, 0, 0), "127.0.0.1")
			leaf := certificate.Certificate[0]
			certificate.Certificate = slices.Repeat(certificate.Certificate, c.bytes/(len(leaf)+5))
			server := newTLSFaultServer(t, certificate)
			server.on("/a.ics", answerBody(small))
			s := Source{URL: server.URL + "/a.ics", Owner: c.owner, CAFile: ca.file}
			f := newTestFetcher(t, FetcherOptions{})
			got := resultLine(f.Fetch(t.Context(), s, Validators{}))
			if want := strings.Replace(c.want, "HOME", s.String(), 1); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if turns := f.handshakes[c.owner]; len(turns) != 0 || (turns == nil) != (c.owner == "") {
				t.Errorf("%d turns are taken", len(turns))
			}
		})
	}
}

// TestHandshakeTurns: what is computed of what was read takes a turn, and waiting for the network
// takes none.
func TestHandshakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := make(handshakes, 2)
		var read []int
		conns, servers := make([]*handshakeConn, 4), make([]net.Conn, 4)
		for i := range conns {
			var client net.Conn
			client, servers[i] = net.Pipe()
			conns[i] = &handshakeConn{Conn: client, turns: turns, left: 10, ended: make(chan struct{})}
		}
		step := func(i int) {
			go func() {
				_, _ = conns[i].Read(make([]byte, 1))
				read = append(read, i)
			}()
			synctest.Wait()
		}
		is := func(when string, taken int, want ...int) {
			t.Helper()
			synctest.Wait()
			if len(turns) != taken || !slices.Equal(read, want) {
				t.Errorf("%s: %d turns are taken, want %d; %v have read, want %v", when, len(turns), taken, read, want)
			}
		}
		for i := range conns {
			step(i)
		}
		is("while all wait for the network", 0)
		for i := range conns {
			if _, err := servers[i].Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		is("when all have something", 2, 0, 1)
		step(0)
		is("when the first one reads on", 2, 0, 1, 2)
		finishHandshake(conns[1])
		is("when the second one is done", 2, 0, 1, 2, 3)
		finishHandshake(conns[2])
		conns[3].Close()
		is("when all but the first one are done", 0, 0, 1, 2, 3)
		conns[0].Close()
		is("when that is closed", 0, 0, 1, 2, 3, 0)
	})
}
