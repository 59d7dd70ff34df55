package server

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/callhours/callhours/console"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/server/listen"
)

// Bounds of requests to the admin listener.
const (
	maxPeopleBody = 64 << 10 // bytes of a body; forms of ours have none
	maxPath       = 1 << 10  // bytes
	maxQuery      = 16 << 10 // bytes, as they are sent
	maxParameter  = 256      // characters of one
	maxCallText   = 1 << 10  // characters of a `param`, which is one of a call
	maxParameters = 64       // of one request

	answerWithin = time.Minute // in which an answer is written; who reads more slowly is dropped
)

// checkRequest says what a request asks beyond the bounds; "" for one that is within them.
func checkRequest(r *http.Request) (status int, line string) {
	switch {
	case len(r.URL.Path) > maxPath:
		return http.StatusRequestURITooLong,
			fmt.Sprintf("the path has %d bytes; the limit is %d", len(r.URL.Path), maxPath)
	case len(r.URL.RawQuery) > maxQuery:
		return http.StatusRequestURITooLong,
			fmt.Sprintf("the parameters have %d bytes; the limit is %d", len(r.URL.RawQuery), maxQuery)
	case r.ContentLength > maxPeopleBody:
		return http.StatusRequestEntityTooLarge,
			fmt.Sprintf("the body has %d bytes; the limit is %d", r.ContentLength, maxPeopleBody)
	}
	n := 0
	for name, values := range r.URL.Query() {
		if n += len(values); n > maxParameters {
			return http.StatusBadRequest, fmt.Sprintf("there are more than %d parameters", maxParameters)
		}
		most := maxParameter
		if name == "param" {
			most = maxCallText
		}
		for _, v := range values {
			if len(v) > most && utf8.RuneCountInString(v) > most {
				return http.StatusBadRequest,
					fmt.Sprintf("%s has %d characters; the limit is %d", shortName(name), utf8.RuneCountInString(v),
						most)
			}
		}
		if len(name) > maxParameter {
			return http.StatusBadRequest,
				fmt.Sprintf("the name of a parameter has %d bytes; the limit is %d", len(name), maxParameter)
		}
	}
	return 0, ""
}

// shortName is the name of a parameter as a message shows it.
func shortName(name string) string {
	name = diag.Cut(name, 40)
	for _, r := range name {
		if r != '_' && r != '-' && (r < 'a' || r > 'z') {
			return strconv.Quote(name)
		}
	}
	return name
}

// intParam is a parameter between two bounds, or def where it is not given.
func intParam(query url.Values, key string, def, minimum, maximum int) (int, error) {
	text := query.Get(key)
	if text == "" {
		return def, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < minimum || n > maximum {
		return 0, fmt.Errorf("%s %q: expected %d to %d", key, text, minimum, maximum)
	}
	return n, nil
}

// isCheap are the paths that cost nothing to answer, whoever makes a browser ask for them.
func isCheap(path string) bool {
	switch path {
	case healthyPath, readyPath, openapiPath:
		return true
	}
	return console.IsStatic(path)
}

// isForeign reports whether a page of another site makes a browser ask, as far as browsers say so:
// with Sec-Fetch-Site wherever the connection is one that they trust (TLS, or to the machine
// itself), with Origin for requests whose answers the page would read, and else with Referer, which
// the page can keep back. Programs send none of them.
func isForeign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
	default:
		return true
	}
	origin := cmp.Or(r.Header.Get("Origin"), r.Header.Get("Referer"))
	if origin == "" {
		return false
	}
	at, err := url.Parse(origin)
	return err != nil || at.Host != r.Host
}

// notForOthers is what a page of another site is told.
const notForOthers = "a page of another site may not ask for this; open it from here, or ask without a browser"

// refuseForeign answers a request that a page of another site makes. Somebody who follows a link is
// shown a page that leads on.
func (a *admin) refuseForeign(w http.ResponseWriter, r *http.Request) {
	navigates := r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
	if r.Header.Get("Sec-Fetch-Site") == "" { // nothing says what the browser wants it for
		navigates = strings.HasPrefix(r.Header.Get("Accept"), "text/html")
	}
	if r.Method == http.MethodGet && navigates {
		a.console.ServeCrossSite(w, r)
		return
	}
	listen.WriteError(w, r, http.StatusForbidden, notForOthers)
}

// serveInTurn answers a request that costs something when its turn comes.
func (a *admin) serveInTurn(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
	turn, done, err := a.turns.take(r.Context(), listen.ClientOf(r), turnWait)
	switch {
	case r.Context().Err() != nil && err != nil: // nobody listens any more
	case err != nil:
		refuseBusy(w, r)
	default:
		defer done()
		serve(w, r.WithContext(turn))
	}
}

// refuseBusy tells a client to come again.
func refuseBusy(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	listen.WriteError(w, r, http.StatusServiceUnavailable, errBusy.Error())
}

// writeWithin lets a request be answered for so long; zero for as long as it takes. It holds until
// the connection's next request.
func (a *admin) writeWithin(w http.ResponseWriter, d time.Duration) {
	var by time.Time
	if d > 0 {
		by = a.realNow().Add(d)
	}
	// What is no connection has no deadline.
	_ = http.NewResponseController(w).SetWriteDeadline(by)
}
