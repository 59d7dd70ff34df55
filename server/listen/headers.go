package listen

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
)

// Headers of every answer. A handler that means something else says so: what may be kept (assets of
// the console, hours), what a page of the console may load.
const (
	noSniff    = "nosniff"
	noStore    = "no-store"
	noReferrer = "no-referrer"
	noFrames   = "DENY"
	noContent  = "default-src 'none'; frame-ancestors 'none'"
)

// SecureHeaders sets the headers of every answer. Their values are shared by all answers: replace
// them, do not change them.
func SecureHeaders(h http.Header) {
	h["X-Content-Type-Options"] = noSniffOnly
	h["Cache-Control"] = noStoreOnly
	h["Referrer-Policy"] = noReferrerOnly
	h["X-Frame-Options"] = noFramesOnly
	h["Content-Security-Policy"] = noContentOnly
}

// What SecureHeaders sets. An append makes a copy, since none has room for more.
var (
	noSniffOnly    = []string{noSniff}
	noStoreOnly    = []string{noStore}
	noReferrerOnly = []string{noReferrer}
	noFramesOnly   = []string{noFrames}
	noContentOnly  = []string{noContent}
)

// securedLines are those headers as they stand in an answer that net/http does not write.
const securedLines = "Cache-Control: " + noStore + "\r\nContent-Security-Policy: " + noContent +
	"\r\nReferrer-Policy: " + noReferrer +
	"\r\nX-Content-Type-Options: " + noSniff + "\r\nX-Frame-Options: " + noFrames + "\r\n"

// rawAnswer is an answer with a line of text to a request that no handler sees, after which the
// connection ends.
func rawAnswer(status int, line string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\n%sContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"+
		"Connection: close\r\n\r\n%s\n", status, http.StatusText(status), securedLines, len(line)+1, line)
}

// bareHeaders are all that net/http writes with an answer to what it cannot read, past the
// handlers; an answer of a handler has a Date.
const bareHeaders = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// withoutTLS is how the answer of net/http begins to who speaks HTTP where TLS is spoken; it has no
// headers at all.
const withoutTLS = "HTTP/1.0 400 Bad Request\r\n\r\n"

// withHeaders adds the headers to an answer that net/http writes by itself. Others are given back
// as they are.
func withHeaders(answer []byte) []byte {
	if text, ok := bytes.CutPrefix(answer, []byte(withoutTLS)); ok {
		return []byte(strings.TrimSuffix(withoutTLS, "\r\n") + securedLines + bareHeaders[len("\r\n"):] + string(text))
	}
	const begin = "HTTP/1.1 400"
	if len(answer) <= len(begin) || answer[9] != '4' && answer[9] != '5' ||
		!bytes.HasPrefix(answer, []byte("HTTP/1.1 ")) {
		return answer
	}
	status, rest, found := strings.Cut(string(answer), "\r\n")
	if found && isBare417(status, rest) {
		return []byte(status + "\r\n" + securedLines + rest)
	}
	if !found || !strings.HasPrefix("\r\n"+rest, bareHeaders) {
		return answer
	}
	return []byte(status + "\r\n" + securedLines + rest)
}

// isBare417 reports the answer of net/http to an Expect that it does not know, which has no body
// and is written past the handlers as well.
func isBare417(status, rest string) bool {
	return status == "HTTP/1.1 417 Expectation Failed" && !strings.Contains(rest, "X-Content-Type-Options: ")
}

// WithSecureHeaders sets them on all answers of a handler.
func WithSecureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		SecureHeaders(w.Header())
		next.ServeHTTP(w, r)
	})
}

// IsChunked reports a request with Transfer-Encoding. It may also have had a Content-Length, which
// net/http drops: a proxy could have gone by that and taken the rest for another request.
func IsChunked(r *http.Request) bool { return len(r.TransferEncoding) > 0 }

// LengthRequired is the text of the answer to a request for which IsChunked is true.
const LengthRequired = "a request needs a Content-Length, and no Transfer-Encoding"
