package listen

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// WriteText answers with one or more lines of text, without what a terminal must not show. Kazoo
// takes any status except 200 and 206 as "use your own fallback" and ignores the body.
func WriteText(w http.ResponseWriter, status int, line string) {
	line = diag.Lines(line)
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(line)+1))
	w.WriteHeader(status)
	// Nobody is left to tell when the peer has gone.
	_, _ = w.Write([]byte(line + "\n"))
}

// apiPath is where errors are JSON.
const apiPath = "/api/"

// WriteError answers that a request failed: below /api/ with {"error": …}, elsewhere as WriteText
// does.
func WriteError(w http.ResponseWriter, r *http.Request, status int, line string) {
	if !strings.HasPrefix(r.URL.Path, apiPath) {
		WriteText(w, status, line)
		return
	}
	body, err := json.Marshal(map[string]string{"error": diag.Lines(line)})
	if err != nil { // a text has none
		panic(err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)+1))
	w.WriteHeader(status)
	// Nobody is left to tell when the peer has gone.
	_, _ = w.Write(append(body, '\n'))
}

// HeaderText makes a line safe as the value of a header: printable ASCII, of bounded length. Other
// characters are written as Go and JSON escape them.
func HeaderText(s string) string {
	const most = 240
	if len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if b.Len() >= most {
			b.WriteString("...")
			break
		}
		if ' ' <= r && r <= '~' {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}
