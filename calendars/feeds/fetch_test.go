package feeds

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/metrics"
)

// What the tests of the fetcher hide, to find it where it must not be.
const (
	plantedPath     = "/PLANTED-path/basic.ics"
	plantedQuery    = "key=PLANTED-query"
	plantedUser     = "PLANTED-user"
	plantedPassword = "PLANTED-password"
	plantedHeader   = "PLANTED-header"
)

// plantedIn is the first planted secret that a text holds, in whatever case; "" for none.
func plantedIn(text string) string {
	text = strings.ToLower(text)
	basic := base64.StdEncoding.EncodeToString([]byte(plantedUser + ":" + plantedPassword))
	for _, secret := range []string{"planted", "basic.ics", basic} {
		if strings.Contains(text, strings.ToLower(secret)) {
			return secret
		}
	}
	return ""
}

var fetchClock = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// newTestFetcher makes a fetcher that stands at fetchClock.
func newTestFetcher(t testing.TB, o FetcherOptions) *Fetcher {
	t.Helper()
	o.UserAgent, o.Timeout, o.Now = "callhours/test", cmp.Or(o.Timeout, 10*time.Second), func() time.Time {
		return fetchClock
	}
	f := NewFetcher(o)
	t.Cleanup(f.CloseIdleConnections)
	return f
}

// resultLine is a Fetched on one line: result, status and message.
func resultLine(f Fetched) string {
	text := fmt.Sprintf("%s %d", f.Result, f.Status)
	if f.Busy {
		text += " busy"
	}
	if f.RetryAfter > 0 {
		text += " retry after " + f.RetryAfter.String()
	}
	if f.Err != nil {
		text += ": " + f.Err.Error()
	}
	return text
}

var small = wrap(vevent("UID:1", "DTSTART:20270104T090000Z", "DURATION:PT1H", "SUMMARY:Open"))

// Parts of the errors that most cases expect.
const (
	notCalendar = "not_calendar 200: HOME: not a calendar: expected BEGIN:VCALENDAR first, found "
	stillShared = "; is the calendar still shared?"
	truncated   = "truncated 200: HOME: truncated: expected END:VCALENDAR at the end of its %d bytes; " +
		"the next fetch may get all of it"
)

// TestFetchFaults is what servers do, what is said of it, and what they were told. In what is
// wanted HOME is the feed's own host, AWAY another one.
func TestFetchFaults(t *testing.T) {
	t.Parallel()
	script := func(answers ...scripted) func(_, _ *faultServer) []scripted {
		return func(_, _ *faultServer) []scripted { return answers }
	}
	text := string(small)
	for _, c := range []struct {
		name       string
		answers    func(home, away *faultServer) []scripted // of the feed's URL
		away       scripted                                 // of AWAY's /elsewhere.ics; nil: the calendar
		validators Validators
		timeout    time.Duration
		bytes      int
		want       string
		// which of the headers that prove or ask something each request had; "" for those of one
		// request to HOME
		sent string
	}{
		{name: "a calendar", answers: script(answerBody(small)), want: "ok 200"},
		{
			name:    "a calendar with a byte order mark, blank lines, small letters and rubbish after its end",
			answers: script(answerBody([]byte("\ufeff\r\n \r\nbegin:vcalendar\r\n" + strings.TrimPrefix(strings.ToLower(text), "begin:vcalendar\r\n") + "\r\n\x00\r\n"))),
			want:    "ok 200",
		},
		{name: "a calendar in UTF-16", answers: script(answerBody(utf16LE(text))), want: "ok 200"},
		{name: "a calendar as text/html", answers: script(answerPage(text)), want: "ok 200"},
		{
			name:    "a calendar that speaks of unusual traffic",
			answers: script(answerBody(wrap(vevent("SUMMARY:<html> unusual traffic")))), want: "ok 200",
		},
		{name: "a calendar from a cache that transformed it", answers: script(answerWith(203, small)), want: "ok 203"},
		{name: "gzip", answers: script(answerBody(zipped(small), "Content-Encoding", "gzip")), want: "ok 200"},
		{
			name: "gzip by its old name", answers: script(answerBody(zipped(small), "Content-Encoding", "X-GZIP")),
			want: "ok 200",
		},

		{
			name: "unchanged", answers: script(answerStatus(304)),
			validators: Validators{ETag: `"1"`, LastModified: "Mon, 23 Nov 2026 10:00:00 GMT"},
			want:       "unchanged 304", sent: "HOME Authorization X-Api-Token If-None-Match If-Modified-Since",
		},
		{
			name: "unchanged for ever", answers: script(answerStatus(304)),
			want: "server_error 304: HOME: 304 Not Modified, to a request for the whole; the server, or a cache before it, is at fault",
		},

		{
			name:    "a web page",
			answers: script(answerPage("<!DOCTYPE html>\n<html><head><title lang=en>\n Sign in &amp;\n Google Calendar\x1b[1m</title>")),
			want:    notCalendar + `a web page titled "Sign in & Google Calendar\x1b[1m"` + stillShared,
		},
		{
			name: "a web page that repeats what it was asked for",
			answers: script(func(w http.ResponseWriter, r *http.Request) {
				user, password, _ := r.BasicAuth()
				fmt.Fprintf(w, "<title>%s %s %s %s for %s by %s and %s %s to https://login.example/?next=x</title>",
					r.URL.Path, r.URL.RawQuery,
					strings.ToUpper(r.RequestURI), "PLANTED-path", r.Header.Get("X-Api-Token"), user, password,
					r.Header.Get("Authorization"))
			}),
			want: notCalendar + `a web page titled "… … … … for … by … and … Basic … to …"` + stillShared,
		},
		{
			name:    "a web page with an endless title",
			answers: script(answerPage("<html><title>" + strings.Repeat("sign in ", 1000) + "</title>")),
			want: `not_calendar 200: HOME: not a calendar: expected BEGIN:VCALENDAR first, found a web page titled "` +
				strings.Repeat("sign in ", 10) + `…"; is the calendar still shared?`,
		},
		{
			name: "a web page without a title", answers: script(answerPage("<html><body>no</body></html>")),
			want: notCalendar + "a web page" + stillShared,
		},
		{
			name: "an empty body", answers: script(answerBody(nil)),
			want: notCalendar + "an empty body" + stillShared,
		},
		{
			name: "blanks", answers: script(answerBody([]byte(" \r\n\r\n"))),
			want: notCalendar + "an empty body" + stillShared,
		},
		{
			name: "an empty body as gzip", answers: script(answerBody(nil, "Content-Encoding", "gzip")),
			want: notCalendar + "an empty body" + stillShared,
		},
		{
			name: "JSON", answers: script(answerBody([]byte(`{"error": "PLANTED-query is not known"}`))),
			want: notCalendar + "JSON" + stillShared,
		},
		{
			name: "XML", answers: script(answerBody([]byte(`<?xml version="1.0"?><d:error xmlns:d="DAV:"/>`))),
			want: notCalendar + "XML" + stillShared,
		},
		{
			name: "a picture", answers: script(answerBody([]byte("\x89PNG\r\n\x1a\n\x00\x00"))),
			want: notCalendar + "data" + stillShared,
		},
		{
			name: "a card", answers: script(answerBody([]byte("BEGIN:VCARD\r\nEND:VCARD\r\n"))),
			want: notCalendar + "an address book (BEGIN:VCARD)" + stillShared,
		},
		{
			name:    "a calendar behind a server's warning",
			answers: script(answerBody([]byte("Warning: in line 3\n" + text))),
			want:    notCalendar + "other text before it" + stillShared,
		},
		{
			name: "no content", answers: script(answerStatus(204)),
			want: "not_calendar 204: HOME: not a calendar: 204 No Content; expected 200 OK with a calendar",
		},
		{
			name: "a part", answers: script(answerWith(206, small)),
			want: "not_calendar 206: HOME: not a calendar: 206 Partial Content; expected 200 OK with a calendar",
		},
		{
			name: "an encoding that was not asked for", answers: script(answerBody(small, "Content-Encoding", "br")),
			want: `not_calendar 200: HOME: not a calendar: its Content-Encoding is "br"; expected gzip or none`,
		},
		{
			name:    "an encoding twice",
			answers: script(answerBody(zipped(zipped(small)), "Content-Encoding", "gzip, gzip")),
			want:    `not_calendar 200: HOME: not a calendar: its Content-Encoding is "gzip, gzip"; expected gzip or none`,
		},
		{
			name: "gzip that is none", answers: script(answerBody(small, "Content-Encoding", "gzip")),
			want: "not_calendar 200: HOME: not a calendar: its Content-Encoding is gzip, and its body is not, or damaged",
		},
		{
			name: "gzip without content", answers: script(answerBody(hollow(1<<20), "Content-Encoding", "gzip")),
			want: "not_calendar 200: HOME: not a calendar: its gzip has 65536 bytes more than the text in it; the server is at fault",
		},
		{
			name:    "gzip of many members",
			answers: script(answerBody(bytes.Repeat(zipped(nil), maxMembers+1), "Content-Encoding", "gzip")),
			want:    "not_calendar 200: HOME: not a calendar: its gzip has more than 512 members; the server is at fault",
		},
		{
			name: "damaged gzip", answers: script(answerBody(damaged(zipped(small)), "Content-Encoding", "gzip")),
			want: "not_calendar 200: HOME: not a calendar: its Content-Encoding is gzip, and its body is not, or damaged",
		},
		{
			name: "gzip that is not announced", answers: script(answerBody(zipped(small))),
			want: notCalendar + "gzip that no Content-Encoding announces" + stillShared,
		},

		{
			name: "a body shorter than announced", answers: script(answerCut(small, 50, false)),
			want: fmt.Sprintf("truncated 200: HOME: truncated: it broke off after 50 of %d bytes", len(small)),
		},
		{
			name: "a reset in mid-body", answers: script(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", "5000")
				w.Write(small)
				http.NewResponseController(w).Flush()
				answerRaw("", true)(w, r)
			}),
			want: fmt.Sprintf("truncated 200: HOME: truncated: it broke off after %d of 5000 bytes", len(small)),
		},
		{
			name:    "chunks that break off",
			answers: script(answerRaw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11\r\nBEGIN:VCALENDAR\r\n\r\n", false)),
			want:    "truncated 200: HOME: truncated: it broke off after 17 bytes",
		},
		{
			name:    "a calendar without its end",
			answers: script(answerBody([]byte(strings.TrimSuffix(text, "END:VCALENDAR\r\n")))),
			want:    fmt.Sprintf(truncated, len(small)-15),
		},
		{
			name:    "a calendar cut in its last line",
			answers: script(answerBody([]byte(strings.TrimSuffix(text, "NDAR\r\n")))),
			want:    fmt.Sprintf(truncated, len(small)-6),
		},
		{
			name:    "a second calendar without its end",
			answers: script(answerBody([]byte(text + "BEGIN:VCALENDAR\r\n"))),
			want:    fmt.Sprintf(truncated, len(small)+17),
		},
		{
			name:    "an end inside a folded text",
			answers: script(answerBody([]byte("BEGIN:VCALENDAR\r\nX-A:\r\n END:VCALENDAR\r\n"))),
			want:    "truncated 200: HOME: truncated: expected END:VCALENDAR at the end of its 39 bytes; the next fetch may get all of it",
		},
		{
			name: "gzip that breaks off", answers: script(answerBody(zipped(small)[:60], "Content-Encoding", "gzip")),
			want: "truncated 200: HOME: truncated: it broke off after 60 of 60 bytes",
		},

		{
			name: "a body over the limit", answers: script(answerBody(bytes.Repeat([]byte("\n"), 5000))), bytes: 4000,
			want: "too_big 200: HOME: too big: more than 4000 bytes of a body; share a calendar with fewer events",
		},
		{
			name: "a body over the limit, not announced", answers: script(func(w http.ResponseWriter, _ *http.Request) {
				for range 100 {
					w.Write(bytes.Repeat([]byte("\n"), 1000))
					http.NewResponseController(w).Flush()
				}
			}), bytes: 4000,
			want: "too_big 200: HOME: too big: more than 4000 bytes of a body; share a calendar with fewer events",
		},
		{
			name: "a bomb", answers: script(answerBody(bomb(64), "Content-Encoding", "gzip")),
			want: "too_big 200: HOME: too big: more than 16777216 bytes of a body when decompressed; share a calendar with fewer events",
		},
		{
			name:    "a bomb that nobody asked for, over the limit as it is sent",
			answers: script(answerBody(bomb(64), "Content-Encoding", "gzip")), bytes: 1000,
			want: "too_big 200: HOME: too big: more than 1000 bytes of a body; share a calendar with fewer events",
		},
		{
			name: "an endless header", answers: script(answerBody(small, "X-Long", strings.Repeat("PLANTED", 20_000))),
			want: "too_big 0: HOME: too big: more than 65536 bytes in the header of the answer",
		},

		{name: "400", answers: script(answerStatus(400)), want: "server_error 400: HOME: 400 Bad Request"},
		{
			name: "401", answers: script(answerStatus(401)),
			want: "forbidden 401: HOME: 401 Unauthorized; are user name, password and headers right?",
		},
		{name: "402", answers: script(answerStatus(402)), want: "forbidden 402: HOME: 402 Payment Required"},
		{
			name: "403", answers: script(answerStatus(403)),
			want: "forbidden 403: HOME: 403 Forbidden; is the calendar still shared, and at this address?",
		},
		{
			name: "404", answers: script(answerStatus(404)),
			want: "not_found 404: HOME: 404 Not Found; is the calendar still shared, and at this address?",
		},
		{
			name: "407", answers: script(answerStatus(407)),
			want: "forbidden 407: HOME: 407 Proxy Authentication Required",
		},
		{name: "408", answers: script(answerStatus(408)), want: "timeout 408: HOME: 408 Request Timeout"},
		{
			name: "410", answers: script(answerStatus(410)),
			want: "not_found 410: HOME: 410 Gone; is the calendar still shared, and at this address?",
		},
		{name: "418", answers: script(answerStatus(418)), want: "server_error 418: HOME: 418 I'm a teapot"},
		{
			name: "451", answers: script(answerStatus(451)),
			want: "forbidden 451: HOME: 451 Unavailable For Legal Reasons",
		},
		{
			name: "500", answers: script(answerWith(500, []byte("PLANTED"))),
			want: "server_error 500: HOME: 500 Internal Server Error",
		},
		{name: "503", answers: script(answerStatus(503)), want: "server_error 503: HOME: 503 Service Unavailable"},
		{
			name: "503 with a wait", answers: script(answerStatus(503, "Retry-After", "120")),
			want: "server_error 503 busy retry after 2m0s: HOME: 503 Service Unavailable",
		},
		{name: "a status of its own", answers: script(answerStatus(799)), want: "server_error 799: HOME: status 799"},
		{
			name: "300 with choices", answers: script(answerRedirect(300, "/PLANTED")),
			want: "server_error 300: HOME: 300 Multiple Choices",
		},

		{
			name: "429", answers: script(answerStatus(429)),
			want: "rate_limited 429 busy: HOME: 429 Too Many Requests; fetch less often, or from another address",
		},
		{
			name: "429 with seconds", answers: script(answerStatus(429, "Retry-After", "90")),
			want: "rate_limited 429 busy retry after 1m30s: HOME: 429 Too Many Requests; fetch less often, or from another address",
		},
		{
			name: "429 with a date, by the server's clock",
			answers: script(answerStatus(429, "Date", "Mon, 23 Nov 2026 13:00:00 GMT", "Retry-After",
				"Mon, 23 Nov 2026 13:10:00 GMT")),
			want: "rate_limited 429 busy retry after 10m0s: HOME: 429 Too Many Requests; fetch less often, or from another address",
		},
		{
			name: "429 with rubbish", answers: script(answerStatus(429, "Retry-After", "PLANTED")),
			want: "rate_limited 429 busy: HOME: 429 Too Many Requests; fetch less often, or from another address",
		},
		{
			name: "429 with for ever", answers: script(answerStatus(429, "Retry-After", strings.Repeat("9", 40))),
			want: "rate_limited 429 busy retry after 6h0m0s: HOME: 429 Too Many Requests; fetch less often, or from another address",
		},
		{
			name:    "a captcha",
			answers: script(answerPage("<html><title>Sorry</title>Our systems have detected unusual traffic from your network")),
			want:    "rate_limited 200: HOME: it answered with a check for robots; fetch less often, or from another address",
		},
		{
			name:    "a captcha with 503",
			answers: script(answerWith(503, []byte(`<html><form id="captcha-form">`), "Retry-After", "600")),
			want:    "rate_limited 503 busy retry after 10m0s: HOME: it answered with a check for robots; fetch less often, or from another address",
		},
		{
			name: "a redirect at home", answers: script(answerRedirect(301, "?moved=PLANTED"), answerBody(small)),
			want: "ok 200", sent: "HOME Authorization X-Api-Token; HOME Authorization X-Api-Token",
		},
		{
			name: "a redirect to another host",
			answers: func(_, away *faultServer) []scripted {
				return []scripted{
					answerRedirect(307, strings.Replace(away.URL, "http://", "http://u:p@", 1)+
						"/elsewhere.ics#PLANTED"),
				}
			},
			validators: Validators{ETag: `"1"`},
			want:       "ok 200", sent: "HOME Authorization X-Api-Token If-None-Match; AWAY If-None-Match",
		},
		{
			name: "a redirect to another host and home again",
			answers: func(home, away *faultServer) []scripted {
				away.on("/elsewhere.ics", answerRedirect(302, home.URL+plantedPath+"?again"))
				return []scripted{answerRedirect(302, away.URL+"/elsewhere.ics"), answerBody(small)}
			},
			want: "ok 200", sent: "HOME Authorization X-Api-Token; HOME; AWAY",
		},
		{
			name: "a page at another host",
			answers: func(_, away *faultServer) []scripted {
				return []scripted{answerRedirect(302, away.URL+"/elsewhere.ics?token=PLANTED-LOCATION")}
			},
			away: answerPage("<html><title>Sign in for PLANTED-LOCATION at /elsewhere.ics</title>"),
			want: `not_calendar 200: HOME: redirected to AWAY: not a calendar: expected BEGIN:VCALENDAR first, found a web page titled "Sign in for … at …"; is the calendar still shared?`,
			sent: "HOME Authorization X-Api-Token; AWAY",
		},
		{
			name: "a sign-in at another host",
			answers: func(_, away *faultServer) []scripted {
				return []scripted{answerRedirect(308, away.URL+"/elsewhere.ics")}
			},
			away: answerStatus(401),
			want: "forbidden 401: HOME: redirected to AWAY: 401 Unauthorized; credentials and headers are not sent where a redirect leads; set url to the address where it ends",
			sent: "HOME Authorization X-Api-Token; AWAY",
		},
		{
			name: "a redirect to itself", answers: script(answerRedirect(302, plantedPath+"?"+plantedQuery)),
			want: "server_error 302: HOME: 302 Found in a circle, after 1 redirects; is the calendar still shared?",
		},
		{
			name: "redirects without end", answers: script(func(w http.ResponseWriter, r *http.Request) {
				answerRedirect(302, r.URL.Path+"?PLANTED="+r.URL.RawQuery+"x")(w, r)
			}),
			want: "server_error 302: HOME: 302 Found once more, after 5 redirects; set url to the address where they end",
			sent: strings.TrimSuffix(strings.Repeat("HOME Authorization X-Api-Token; ", 6), "; "),
		},
		{
			name: "a redirect to nowhere", answers: script(answerStatus(302)),
			want: "server_error 302: HOME: 302 Found without a Location",
		},
		{
			name: "a redirect to rubbish", answers: script(answerRedirect(302, "http://[PLANTED")),
			want: "server_error 302: HOME: 302 Found to an address that cannot be read",
		},
		{
			name: "a redirect to a file", answers: script(answerRedirect(302, "file:///PLANTED")),
			want: `server_error 302: HOME: 302 Found to an address of the scheme "file"; expected http or https, and a host`,
		},
		{
			name:    "a redirect to the clouds' metadata",
			answers: script(answerRedirect(302, "http://[::ffff:169.254.169.254]/PLANTED")),
			want:    "server_error 302: HOME: redirected to http://[::ffff:169.254.169.254]/…: 169.254.169.254 is a link-local address or a cloud's metadata service; nothing is fetched from there",
		},

		{
			name: "a reset", answers: script(answerRaw("", true)),
			want: "server_error 0: HOME: the connection was closed while waiting for the answer",
		},
		{
			name: "a closed connection", answers: script(answerRaw("", false)),
			want: "server_error 0: HOME: the connection was closed while waiting for the answer",
		},
		{
			name: "two lengths",
			answers: script(answerRaw("HTTP/1.1 200 OK\r\nContent-Length: 12\r\nContent-Length: 9\r\n\r\nPLANTED",
				false)),
			want: "server_error 0: HOME: the answer has two Content-Length headers that differ; " +
				"the server, or a proxy before it, is at fault",
		},
		{
			name:    "a length that is none",
			answers: script(answerRaw("HTTP/1.1 200 OK\r\nContent-Length: PLANTED\r\n\r\n", false)),
			want: "server_error 0: HOME: the Content-Length of the answer is not a number; " +
				"the server, or a proxy before it, is at fault",
		},
		{
			name:    "an encoding that is none",
			answers: script(answerRaw("HTTP/1.1 200 OK\r\nTransfer-Encoding: PLANTED\r\n\r\n", false)),
			want: "server_error 0: HOME: the Transfer-Encoding of the answer is unknown; " +
				"the server, or a proxy before it, is at fault",
		},
		{
			name: "no HTTP", answers: script(answerRaw("SSH-2.0-PLANTED\r\n\r\n", false)),
			want: "server_error 0: HOME: the answer is not HTTP; is the port right?",
		},
		{
			name: "a server that hangs",
			answers: func(home, _ *faultServer) []scripted {
				return []scripted{home.hang()}
			}, timeout: 300 * time.Millisecond,
			want: "timeout 0: HOME: timed out while waiting for the answer; an attempt may take 300ms",
		},
		{
			name: "a body that stalls",
			answers: func(home, _ *faultServer) []scripted {
				return []scripted{home.stall(small)}
			}, timeout: 300 * time.Millisecond,
			want: "timeout 200: HOME: timed out while reading the body; an attempt may take 300ms",
		},
		{
			name: "a body that drips",
			answers: func(home, _ *faultServer) []scripted {
				return []scripted{home.drip(bytes.Repeat(small, 100), 5*time.Millisecond)}
			}, timeout: 300 * time.Millisecond,
			want: "timeout 200: HOME: timed out while reading the body; an attempt may take 300ms",
		},
		{
			name: "a redirect to a server that hangs",
			answers: func(home, away *faultServer) []scripted {
				away.on("/elsewhere.ics", away.hang())
				return []scripted{answerRedirect(302, away.URL+"/elsewhere.ics")}
			}, timeout: 300 * time.Millisecond,
			want: "timeout 302: HOME: redirected to AWAY: timed out while waiting for the answer; an attempt may take 300ms",
			sent: "HOME Authorization X-Api-Token; AWAY",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			home, away := newFaultServer(t), newFaultServer(t)
			elsewhere := c.away
			if elsewhere == nil {
				elsewhere = answerBody(small)
			}
			away.on("/elsewhere.ics", elsewhere)
			home.on(plantedPath, c.answers(home, away)...)
			got := newTestFetcher(t, FetcherOptions{Timeout: c.timeout, Bytes: c.bytes}).Fetch(t.Context(), Source{
				URL: home.URL + plantedPath + "?" + plantedQuery, Username: plantedUser, Password: plantedPassword,
				Header: http.Header{"X-Api-Token": {plantedHeader}},
			}, c.validators)

			names := strings.NewReplacer(home.URL+"/…", "HOME", away.URL+"/…", "AWAY")
			line := resultLine(got)
			if diff := gocmp.Diff(c.want, names.Replace(line)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if secret := plantedIn(line); secret != "" {
				t.Errorf("%q holds the secret %q", line, secret)
			}
			if (got.Body != nil) != (got.Result == metrics.OK) ||
				(got.Err == nil) != (got.Result == metrics.OK || got.Result == metrics.Unchanged) {
				t.Errorf("%s with %d bytes and the error %v", got.Result, len(got.Body), got.Err)
			}
			if got.Body != nil {
				if _, err := calendars.Read(got.Body, ical.Limits{}); err != nil {
					t.Errorf("the body is OK, and cannot be read: %v", err)
				}
			}
			if diff := gocmp.Diff(cmp.Or(c.sent, "HOME Authorization X-Api-Token"), sentTo(t, home, away)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRedirectAway is what counts as another place, where secrets are not sent: any other scheme,
// host or port. It asks without a network, since nobody can listen on two ports that are not
// written.
func TestRedirectAway(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to, at string
		away         bool
	}{
		{"http://a.test/x", "/y", "http://a.test/…", false},
		{"http://a.test/x", "http://A.test:80/y", "http://a.test/…", false},
		{"https://a.test/x", "webcal://a.test/y", "https://a.test/…", false},
		{"http://a.test/x", "https://a.test/x", "http://a.test/…: redirected to https://a.test/…", true},
		{"https://a.test/x", "https://a.test:8443/x", "https://a.test/…: redirected to https://a.test:8443/…", true},
		{"https://a.test/x", "//b.a.test/x", "https://a.test/…: redirected to https://b.a.test/…", true},
		{"https://a.test/x", "https://test/x", "https://a.test/…: redirected to https://test/…", true},
	} {
		from, _, err := Source{URL: c.from}.address()
		if err != nil {
			t.Fatal(err)
		}
		a := &attempt{visited: []*url.URL{from}}
		if _, failure := a.redirect(from,
			&http.Response{StatusCode: 302, Header: http.Header{"Location": {c.to}}}); failure != nil {
			t.Fatal(failure.Err)
		}
		if a.leftOrigin != c.away || a.location != c.at {
			t.Errorf("%s to %s: got away %v, at %s; want %v, %s", c.from, c.to, a.leftOrigin, a.location, c.away, c.at)
		}
	}
}

// sentTo lists the requests that two servers saw: which, and which of the headers of interest.
// Those that each request must have are checked.
func sentTo(t *testing.T, home, away *faultServer) string {
	t.Helper()
	var list []string
	note := func(server string, requests []*http.Request) {
		for _, r := range requests {
			line := server
			for _, name := range []string{
				"Authorization", "X-Api-Token", "If-None-Match", "If-Modified-Since",
				"Cookie", "Referer",
			} {
				if r.Header.Get(name) != "" {
					line += " " + name
				}
			}
			list = append(list, line)
			got := []string{r.Method, r.UserAgent(), r.Header.Get("Accept"), r.Header.Get("Accept-Encoding")}
			if diff := gocmp.Diff([]string{
				"GET", "callhours/test", "text/calendar, text/plain;q=0.9, */*;q=0.5",
				"gzip",
			}, got); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		}
	}
	note("HOME", home.asked(plantedPath))
	note("AWAY", away.asked("/elsewhere.ics"))
	return strings.Join(list, "; ")
}

func utf16LE(text string) []byte {
	body := []byte("\xff\xfe")
	for _, b := range []byte(text) {
		body = append(body, b, 0)
	}
	return body
}

// damaged is a compressed body with one byte of its checksum turned.
func damaged(body []byte) []byte {
	body = slices.Clone(body)
	body[len(body)-6] ^= 1
	return body
}
