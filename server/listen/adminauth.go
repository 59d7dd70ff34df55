package listen

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

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/files"
)

// Bounds of passwords. Checking one takes as long as its hash says, some tenths of a second of a
// processor, and whoever asks need not be anybody.
const (
	webEvery    = 2 * time.Second // how often a web configuration is read again
	closedAgain = "2"             // seconds after which to ask a closed admin side again
	checkPause  = 3               // after a wrong one, for how many times as long as it took none is checked
)

// CheckWebConfig says what is wrong with a web configuration of the Prometheus kind; "" if nothing
// is.
func CheckWebConfig(path string) string {
	if _, err := readWebConfig(path); err != nil {
		return err.Error()
	}
	return ""
}

// WebConfigHasTLS reports whether a web configuration brings a certificate.
func WebConfigHasTLS(path string) bool {
	c, err := readWebConfig(path)
	return err == nil && c.tls != nil
}

// AdminAuth is the handler of the admin listener that authenticates people by a web configuration
// before another handler. The web configuration may change while it runs; one that would open the
// admin listener to everybody, or cannot be read, leaves the former in use. If it could not be used
// at the start, every request is refused until it can: calls are answered meanwhile.
type AdminAuth struct {
	path string // "": there is no web configuration
	next http.Handler
	// Changed is called when the web configuration has changed, to end answers that last, so that
	// whoever receives them has to log in again; nil: there are none. It is set before Serve.
	Changed     func()
	log         *slog.Logger
	now         func() time.Time
	key         [32]byte // of known
	config      atomic.Pointer[webConfig]
	mistakeNow  atomic.Pointer[error] // why the file is not taken; nil: it is
	startedShut bool                  // it began closed, so that connections may be older than TLS
	// what asks for no password and would open a closed listener if it stays as it is; for refresh
	pendingSum [sha256.Size]byte

	logins   *logins                      // in which passwords are checked
	mu       sync.Mutex                   // guards the following
	verified map[string][sha256.Size]byte // by user: what let them in last, digested with key
	tokens   float64                      // requests that rate_limit allows now
	filled   time.Time                    // as of when

	wrongPasswords LogLimit // lines about wrong passwords
}

// NewAdminAuth reads a web configuration; with the path "", everybody is let in. One that cannot be
// used is no error: it is logged, and requests are refused. now is time as it passes.
func NewAdminAuth(path string, next http.Handler, log *slog.Logger, now func() time.Time) (*AdminAuth, error) {
	a := &AdminAuth{
		path: path, next: next, log: log, now: now, logins: newLogins(now),
		verified: map[string][sha256.Size]byte{},
	}
	if _, err := rand.Read(a.key[:]); err != nil {
		return nil, err
	}
	a.config.Store(&webConfig{})
	if path == "" {
		return a, nil
	}
	c, err := readWebConfig(path)
	if err != nil {
		c, a.startedShut = &webConfig{closed: err}, true
		a.mistakeNow.Store(&err)
		log.Error("admin_web_config cannot be used; the admin listener is closed until it can, and calls are answered",
			slog.String("error", err.Error()))
	}
	a.config.Store(c)
	return a, nil
}

// Mistake is why the web configuration is not in use, and its path; nil if it is. The nil AdminAuth
// has none.
func (a *AdminAuth) Mistake() (path string, err error) {
	if a == nil {
		return "", nil
	}
	if wrong := a.mistakeNow.Load(); wrong != nil {
		return a.path, *wrong
	}
	return "", nil
}

// MayEncrypt reports whether connections are TLS, or may become so.
func (a *AdminAuth) MayEncrypt() bool { return a.startedShut || a.config.Load().tls != nil }

// StartedClosed reports whether the web configuration could not be used at the start.
func (a *AdminAuth) StartedClosed() bool { return a.startedShut }

// RequiresLogin reports whether every request that reaches the next handler is authenticated.
func (a *AdminAuth) RequiresLogin() bool { return a.config.Load().requiresLogin() }

// refresh reads the web configuration again.
func (a *AdminAuth) refresh() error {
	former := a.config.Load()
	c, err := readWebConfig(a.path)
	switch {
	case err != nil:
		return err
	case former.closed != nil && !c.requiresLogin() && c.sum != a.pendingSum:
		// What has been written so far may be half of it; a start would take it too.
		a.pendingSum = c.sum
		return errors.New(a.path + ": it no longer requires a login; it takes effect if it stays unchanged")
	case former.closed != nil:
	case c.sum == former.sum:
		return nil
	case former.requiresLogin() && !c.requiresLogin():
		return errors.New(a.path +
			": no login would be required any more; restart callhours if that is intended")
	case (c.tls == nil) != (former.tls == nil):
		return errors.New(a.path + ": whether there is TLS changes at the next start")
	}
	a.config.Store(c)
	if a.Changed != nil {
		a.Changed()
	}
	a.log.Info("admin_web_config is read again", slog.Int("users", len(c.users)))
	return nil
}

// Watch reads the web configuration, if there is one, again and again until ctx ends. A mistake is
// logged when it begins and when it changes.
func (a *AdminAuth) Watch(ctx context.Context) {
	if a.path == "" {
		return
	}
	ticker := time.NewTicker(webEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := a.refresh()
		if err == nil {
			a.mistakeNow.Store(nil)
			continue
		}
		if before := a.mistakeNow.Swap(&err); before != nil && (*before).Error() == err.Error() {
			continue // which was logged, here or by newGate
		}
		if a.config.Load().closed != nil {
			a.log.ErrorContext(ctx, "admin_web_config is not taken; the admin listener stays closed",
				slog.String("error", err.Error()))
		} else {
			a.log.ErrorContext(ctx, "admin_web_config is not taken; the former stays in use",
				slog.String("error", err.Error()))
		}
	}
}

// Serve answers requests until the listener closes. It sets the handler of h.
func (a *AdminAuth) Serve(l net.Listener, h *http.Server) error {
	h.Handler = a
	h.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, configKey{}, a.config.Load())
	}
	return h.Serve(tlsListener{l, a, &tls.Config{
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return a.config.Load().tls, nil },
	}})
}

// configKey finds the web configuration of when a request's connection was accepted.
type configKey struct{}

// tlsListener encrypts the connections that are accepted while the web configuration has a
// certificate.
type tlsListener struct {
	net.Listener
	auth *AdminAuth
	tls  *tls.Config
}

func (l tlsListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil || l.auth.config.Load().tls == nil {
		return c, err
	}
	return tls.Server(c, l.tls), nil
}

func (a *AdminAuth) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	SecureHeaders(w.Header())
	c := a.config.Load()
	for name, value := range c.headers {
		w.Header().Set(name, value)
	}
	var removed error
	if accepted, ok := r.Context().Value(configKey{}).(*webConfig); ok && accepted != c {
		w.Header().Set("Connection", "close") // the next one is made by what holds now
		removed = c.recheckClientCert(r.TLS)
	}
	switch {
	case removed != nil:
		WriteError(w, r, http.StatusForbidden,
			removed.Error()+"; admin_web_config has changed since the connection was made")
		return
	case IsChunked(r):
		w.Header().Set("Connection", "close")
		WriteError(w, r, http.StatusLengthRequired, LengthRequired)
		return
	case c.closed != nil && r.URL.Path != "/-/healthy" && r.URL.Path != "/-/ready":
		w.Header().Set("Retry-After", closedAgain)
		WriteError(w, r, http.StatusServiceUnavailable,
			"the admin listener is closed, since admin_web_config cannot be used: "+a.shownReason(c)+
				"; calls are answered, and it opens when the file is corrected")
		return
	case a.startedShut && c.tls != nil && r.TLS == nil:
		w.Header().Set("Connection", "close")
		WriteError(w, r, http.StatusServiceUnavailable, "admin_web_config requires TLS now; use https")
		return
	case !a.allowsRate(c):
		WriteError(w, r, http.StatusTooManyRequests, "too many requests; see rate_limit of admin_web_config")
		return
	case len(c.users) == 0:
		a.next.ServeHTTP(w, r)
		return
	}
	user, password, given := r.BasicAuth()
	status := http.StatusUnauthorized
	if given {
		status = a.checkPassword(r, c, user, password)
	}
	switch status {
	case http.StatusOK:
		a.next.ServeHTTP(w, withUser(r, user))
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Basic realm="callhours", charset="UTF-8"`)
		WriteError(w, r, status, "Unauthorized")
	default:
		w.Header().Set("Retry-After", "1")
		WriteError(w, r, status, "too many passwords are being checked; try again")
	}
}

// shownReason is why the admin listener is closed, for any client: without the directory of the
// file.
func (a *AdminAuth) shownReason(c *webConfig) string {
	err := c.closed
	if wrong := a.mistakeNow.Load(); wrong != nil {
		err = *wrong
	}
	if m, ok := errors.AsType[diag.Mistake](err); ok {
		m.File = filepath.Base(m.File)
		return m.Error()
	}
	return files.Reason(err).Error()
}

// allowsRate counts a request, and reports whether rate_limit allows it.
func (a *AdminAuth) allowsRate(c *webConfig) bool {
	if c.every == 0 {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	if a.filled.IsZero() {
		a.tokens = float64(c.burst)
	}
	a.tokens = min(float64(c.burst), a.tokens+float64(now.Sub(a.filled))/float64(c.every))
	a.filled = now
	if a.tokens < 1 {
		return false
	}
	a.tokens--
	return true
}

// checkPassword returns 200, 401, or 429 for too many checks at a time. A password that was right
// before is accepted at no cost, so that a flood of wrong ones does not affect those who are logged
// in.
func (a *AdminAuth) checkPassword(r *http.Request, c *webConfig, user, password string) int {
	hash, exists := c.users[user]
	if !exists {
		hash = slowestHash(c.users) // so that the time does not tell who there is
	}
	sum := a.digest(user, hash, password)
	a.mu.Lock()
	before := a.verified[user]
	a.mu.Unlock()
	if subtle.ConstantTimeCompare(before[:], sum[:]) == 1 && exists {
		return http.StatusOK
	}
	var from netip.Addr
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		from = peer.Addr().Unmap()
	}
	leave, ok := a.logins.acquire(r.Context(), from)
	if !ok {
		return http.StatusTooManyRequests
	}
	began := a.now()
	if err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)); err != nil || !exists {
		// The next one waits, so that wrong passwords take a quarter of one processor at most.
		leave(true, checkPause*a.now().Sub(began))
		a.wrongPasswords.Do(a.now(), func(more int) {
			a.log.WarnContext(r.Context(), "wrong password on the admin listener", slog.String("remote", from.String()),
				slog.Int("more", more))
		})
		return http.StatusUnauthorized
	}
	leave(false, 0)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.verified[user] = sum
	return http.StatusOK
}

// digest stands for a password that was right, in memory alone and for this process.
func (a *AdminAuth) digest(user, hash, password string) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, a.key[:])
	for _, s := range []string{user, hash, password} {
		part := sha256.Sum256([]byte(s))
		_, _ = h.Write(part[:])
	}
	h.Sum(sum[:0])
	return sum
}

// slowestHash is the hash that takes longest to check.
func slowestHash(users map[string]string) (hash string) {
	most := -1
	for _, h := range users {
		if cost, err := bcrypt.Cost([]byte(h)); err == nil && cost > most {
			most, hash = cost, h
		}
	}
	return hash
}
