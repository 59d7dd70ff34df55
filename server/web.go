package server

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/preview"
)

// Bounds of passwords. Checking one takes as long as its hash says, some tenths of a second of a processor, and
// whoever asks need not be anybody.
const (
	webEvery    = 2 * time.Second // how often a web configuration is read again
	closedAgain = "2"             // seconds after which to ask a closed admin side again
	checkPause  = 3               // after a wrong one, for how many times as long as it took none is checked
)

// checkWeb says what is wrong with a web configuration of the Prometheus kind; "" if nothing is.
func checkWeb(path string) string {
	if _, err := readWeb(path); err != nil {
		return err.Error()
	}
	return ""
}

// PeopleScheme is "https" where a configuration's admin_web_config brings a certificate, else "http".
func PeopleScheme(f *config.File) string {
	if f.AdminWebConfig.S != "" {
		if c, err := readWeb(f.AdminWebConfig.S); err == nil && c.tls != nil {
			return "https"
		}
	}
	return "http"
}

// gate lets those to the admin side who prove who they are. What the web configuration says may change while it runs;
// what would open the admin side, or cannot be read, leaves the former in use. Where there is no former one, since it
// could not be used at the start, nobody is let in until it can: calls are answered meanwhile.
type gate struct {
	path string // "": there is no web configuration
	next http.Handler
	// changed ends answers that last, so that those who listen have to get in anew; nil: there are none
	changed func()
	log     *slog.Logger
	now     func() time.Time
	key     [32]byte // of known
	config  atomic.Pointer[webConfig]
	wrong   atomic.Pointer[error] // why the file is not taken; nil: it is
	shut    bool                  // it began closed, so that connections may be older than TLS
	// what asks for no password and would open a closed gate if it stays as it is; for refresh
	seen [sha256.Size]byte

	logins *logins                      // in which passwords are checked
	mu     sync.Mutex                   // guards the following
	known  map[string][sha256.Size]byte // by user: what let them in last, digested with key
	tokens float64                      // requests that rate_limit allows now
	filled time.Time                    // as of when

	refused rationed // lines about wrong passwords
}

func newGate(path string, next http.Handler, log *slog.Logger, now func() time.Time) (*gate, error) {
	g := &gate{
		path: path, next: next, log: log, now: now, logins: newLogins(now),
		known: map[string][sha256.Size]byte{},
	}
	if _, err := rand.Read(g.key[:]); err != nil {
		return nil, err
	}
	g.config.Store(&webConfig{})
	if path == "" {
		return g, nil
	}
	c, err := readWeb(path)
	if err != nil {
		c, g.shut = &webConfig{closed: err}, true
		g.wrong.Store(&err)
		log.Error("admin_web_config cannot be used; the admin side is closed until it can, and calls are answered",
			slog.String("error", err.Error()))
	}
	g.config.Store(c)
	return g, nil
}

// findings say that the web configuration is not taken. The nil gate has none.
func (g *gate) findings() []preview.Finding {
	if g == nil {
		return nil
	}
	wrong := g.wrong.Load()
	if wrong == nil {
		return nil
	}
	return []preview.Finding{
		preview.Findingf(diag.Pos{File: g.path}, "mistake", "admin_web_config is not taken: %v", *wrong),
	}
}

// requiresLogin reports whether whoever came this far has proven who they are.
func (g *gate) requiresLogin() bool { return g.config.Load().requiresLogin() }

// refresh reads the web configuration again.
func (g *gate) refresh() error {
	former := g.config.Load()
	c, err := readWeb(g.path)
	switch {
	case err != nil:
		return err
	case former.closed != nil && !c.requiresLogin() && c.sum != g.seen:
		// What has been written so far may be half of it; a start would take it too.
		g.seen = c.sum
		return errors.New(g.path + ": it asks nobody for a password; it is taken if it stays so")
	case former.closed != nil:
	case c.sum == former.sum:
		return nil
	case former.requiresLogin() && !c.requiresLogin():
		return errors.New(g.path +
			": nobody would be asked for a password any more; restart callhours if that is meant")
	case (c.tls == nil) != (former.tls == nil):
		return errors.New(g.path + ": whether there is TLS changes at the next start")
	}
	g.config.Store(c)
	if g.changed != nil {
		g.changed()
	}
	g.log.Info("admin_web_config is read again", slog.Int("users", len(c.users)))
	return nil
}

// watch reads the web configuration again and again until ctx ends. A mistake is logged when it
// begins and when it changes.
func (g *gate) watch(ctx context.Context) {
	ticker := time.NewTicker(webEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := g.refresh()
		if err == nil {
			g.wrong.Store(nil)
			continue
		}
		if before := g.wrong.Swap(&err); before != nil && (*before).Error() == err.Error() {
			continue // which was logged, here or by newGate
		}
		if g.config.Load().closed != nil {
			g.log.ErrorContext(ctx, "admin_web_config is not taken; the admin side stays closed",
				slog.String("error", err.Error()))
		} else {
			g.log.ErrorContext(ctx, "admin_web_config is not taken; the former stays in use",
				slog.String("error", err.Error()))
		}
	}
}

// serve answers people until the listener closes.
func (g *gate) serve(l net.Listener, h *http.Server) error {
	h.Handler = g
	h.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, configKey{}, g.config.Load())
	}
	return h.Serve(gatedListener{l, g, &tls.Config{
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return g.config.Load().tls, nil },
	}})
}

// configKey finds the web configuration of when a request's connection was accepted.
type configKey struct{}

// gatedListener encrypts the connections that are accepted while the web configuration has a certificate.
type gatedListener struct {
	net.Listener
	gate *gate
	tls  *tls.Config
}

func (l gatedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil || l.gate.config.Load().tls == nil {
		return c, err
	}
	return tls.Server(c, l.tls), nil
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	c := g.config.Load()
	for name, value := range c.headers {
		w.Header().Set(name, value)
	}
	var removed error
	if accepted, ok := r.Context().Value(configKey{}).(*webConfig); ok && accepted != c {
		w.Header().Set("Connection", "close") // the next one is made by what holds now
		removed = c.checkClient(r.TLS)
	}
	switch {
	case removed != nil:
		plain(w, http.StatusForbidden, removed.Error()+"; admin_web_config has changed since the connection was made")
		return
	case chunked(r):
		w.Header().Set("Connection", "close")
		plain(w, http.StatusLengthRequired, wantLength)
		return
	case c.closed != nil && r.URL.Path != "/-/healthy" && r.URL.Path != "/-/ready":
		w.Header().Set("Retry-After", closedAgain)
		plain(w, http.StatusServiceUnavailable,
			"the admin side is closed, since admin_web_config cannot be used: "+g.shownReason(c)+
				"; calls are answered, and it opens when the file is mended")
		return
	case g.shut && c.tls != nil && r.TLS == nil:
		w.Header().Set("Connection", "close")
		plain(w, http.StatusServiceUnavailable, "admin_web_config asks for TLS now; ask again over https")
		return
	case !g.allows(c):
		plain(w, http.StatusTooManyRequests, "too many requests; see rate_limit of admin_web_config")
		return
	case len(c.users) == 0:
		g.next.ServeHTTP(w, r)
		return
	}
	user, password, given := r.BasicAuth()
	status := http.StatusUnauthorized
	if given {
		status = g.check(r, c, user, password)
	}
	switch status {
	case http.StatusOK:
		g.next.ServeHTTP(w, withUser(r, user))
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Basic realm="callhours", charset="UTF-8"`)
		plain(w, status, "Unauthorized")
	default:
		w.Header().Set("Retry-After", "1")
		plain(w, status, "too many passwords are being checked; try again")
	}
}

// shownReason is why a closed gate is closed, for whoever asks: without where the file lies.
func (g *gate) shownReason(c *webConfig) string {
	err := c.closed
	if wrong := g.wrong.Load(); wrong != nil {
		err = *wrong
	}
	if m, ok := errors.AsType[diag.Mistake](err); ok {
		m.File = filepath.Base(m.File)
		return m.Error()
	}
	return files.Reason(err).Error()
}

// allows takes a request from what rate_limit allows.
func (g *gate) allows(c *webConfig) bool {
	if c.every == 0 {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if g.filled.IsZero() {
		g.tokens = float64(c.burst)
	}
	g.tokens = min(float64(c.burst), g.tokens+float64(now.Sub(g.filled))/float64(c.every))
	g.filled = now
	if g.tokens < 1 {
		return false
	}
	g.tokens--
	return true
}

// check says whether a user has that password: 200, 401, or 429 for too many at a time. One that was right is right
// again at no cost, so that a flood of wrong ones leaves those alone who are in already.
func (g *gate) check(r *http.Request, c *webConfig, user, password string) int {
	hash, exists := c.users[user]
	if !exists {
		hash = dearest(c.users) // so that the time does not tell who there is
	}
	sum := g.digest(user, hash, password)
	g.mu.Lock()
	before := g.known[user]
	g.mu.Unlock()
	if subtle.ConstantTimeCompare(before[:], sum[:]) == 1 && exists {
		return http.StatusOK
	}
	var from netip.Addr
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		from = peer.Addr().Unmap()
	}
	leave, ok := g.logins.enter(r.Context(), from)
	if !ok {
		return http.StatusTooManyRequests
	}
	began := g.now()
	if err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)); err != nil || !exists {
		// The next one waits, so that wrong passwords take a quarter of one processor at most.
		leave(true, checkPause*g.now().Sub(began))
		g.refused.line(g.now(), func(more int) {
			g.log.WarnContext(r.Context(), "wrong password on the admin side", slog.String("remote", from.String()),
				slog.Int("more", more))
		})
		return http.StatusUnauthorized
	}
	leave(false, 0)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known[user] = sum
	return http.StatusOK
}

// digest stands for a password that was right, in memory alone and for this process.
func (g *gate) digest(user, hash, password string) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, g.key[:])
	for _, s := range []string{user, hash, password} {
		part := sha256.Sum256([]byte(s))
		_, _ = h.Write(part[:])
	}
	h.Sum(sum[:0])
	return sum
}

// dearest is the hash that takes longest to check.
func dearest(users map[string]string) (hash string) {
	most := -1
	for _, h := range users {
		if cost, err := bcrypt.Cost([]byte(h)); err == nil && cost > most {
			most, hash = cost, h
		}
	}
	return hash
}
