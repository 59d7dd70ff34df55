package feeds

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/metrics"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value string
		want  time.Duration
	}{
		{"", 0},
		{"0", 0},
		{"120", 2 * time.Minute},
		{" 120 ", 2 * time.Minute},
		{"21600", 6 * time.Hour},
		{"21601", 6 * time.Hour},
		{"99999999999999999999999999", 6 * time.Hour},
		{"-5", 0},
		{"+5", 0},
		{"1.5", 0},
		{"10m", 0},
		{"soon", 0},
		{"Mon, 23 Nov 2026 12:05:00 GMT", 5 * time.Minute},
		{"Monday, 23-Nov-26 12:05:00 GMT", 5 * time.Minute},
		{"Mon Nov 23 12:05:00 2026", 5 * time.Minute},
		{"Mon, 23 Nov 2026 11:55:00 GMT", 0},
		{"Tue, 23 Nov 2027 12:00:00 GMT", 6 * time.Hour},
		{"2026-11-23T12:05:00Z", 0},
	} {
		if got := retryAfter(c.value, fetchClock); got != c.want {
			t.Errorf("%q: got %v, want %v", c.value, got, c.want)
		}
	}
}

func TestMaxAge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []string
		want   time.Duration
	}{
		{nil, 0},
		{[]string{"max-age=600"}, 10 * time.Minute},
		{[]string{"private, Max-Age=600"}, 10 * time.Minute},
		{[]string{"private", "max-age=600"}, 10 * time.Minute},
		{[]string{`max-age="600"`}, 10 * time.Minute},
		{[]string{"s-maxage=600"}, 0},
		{[]string{"max-age"}, 0},
		{[]string{"max-age=-1"}, 0},
		{[]string{"max-age=soon"}, 0},
		{[]string{"max-age=99999999999999999999"}, 366 * 24 * time.Hour},
		{[]string{"no-cache, max-age=600"}, 0},
		{[]string{"max-age=600", "no-store"}, 0},
	} {
		if got := maxAge(c.values); got != c.want {
			t.Errorf("%q: got %v, want %v", c.values, got, c.want)
		}
	}
}

// TestFetchTold is what is read of the headers of an answer.
func TestFetchTold(t *testing.T) {
	t.Parallel()
	const modified = "Mon, 23 Nov 2026 10:00:00 GMT"
	sent := Validators{ETag: `W/"1"`, LastModified: modified}
	for _, c := range []struct {
		name   string
		answer scripted
		sent   Validators
		want   Fetched // without Body and Err
	}{
		{"nothing", answerBody(small), sent, Fetched{Result: metrics.OK, Status: 200}},
		{
			"everything",
			answerBody(small, "ETag", `"2"`, "Last-Modified", modified, "Cache-Control", "max-age=600", "Age", "60",
				"Date", "Mon, 23 Nov 2026 12:01:00 GMT", "Retry-After", "60"), sent,
			Fetched{
				Result: metrics.OK, Status: 200, Validators: Validators{`"2"`, modified}, MaxAge: 9 * time.Minute,
				Skew: 2 * time.Minute,
			},
		},
		{
			"a server behind, and an answer past its age",
			answerBody(small, "Date", "Mon, 23 Nov 2026 09:00:00 GMT", "Cache-Control", "max-age=600", "Age", "3600"),
			sent,
			Fetched{Result: metrics.OK, Status: 200, Skew: -2 * time.Hour},
		},
		{
			"rubbish",
			answerBody(small, "Last-Modified", "yesterday", "ETag", strings.Repeat("x", 2000), "Cache-Control", "?",
				"Age", "-1", "Date", "?"),
			sent,
			Fetched{Result: metrics.OK, Status: 200},
		},
		{"unchanged", answerStatus(304), sent, Fetched{Result: metrics.Unchanged, Status: 304, Validators: sent}},
		{
			"unchanged, with another tag", answerStatus(304, "ETag", `"2"`, "Cache-Control", "max-age=60"), sent,
			Fetched{
				Result: metrics.Unchanged, Status: 304, Validators: Validators{`"2"`, modified},
				MaxAge: time.Minute,
			},
		},
		{
			"a failure",
			answerStatus(500, "ETag", `"2"`, "Last-Modified", modified, "Cache-Control", "max-age=60", "Retry-After",
				"60"), sent,
			Fetched{Result: metrics.ServerError, Status: 500, MaxAge: time.Minute, RetryAfter: time.Minute},
		},
		{"no calendar", answerPage("<html>"), sent, Fetched{Result: metrics.NotCalendar, Status: 200}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := newFaultServer(t)
			server.on("/", func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Date"] = nil // without one, unless the answer has it
				c.answer(w, r)
			})
			got := newTestFetcher(t, FetcherOptions{}).Fetch(t.Context(), Source{URL: server.URL}, c.sent)
			got.Body, got.Err = nil, nil
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestFetchAlternating has a server that changes its mind with each request.
func TestFetchAlternating(t *testing.T) {
	t.Parallel()
	server := newFaultServer(t)
	other := wrap(vevent("UID:2", "DTSTART:20270105T090000Z", "DURATION:PT1H", "SUMMARY:Open"))
	server.on("/", answerBody(small), answerPage("<html>"), answerConditional(`"2"`, other),
		answerConditional(`"2"`, other),
		answerConditional(`"3"`, small), answerCut(small, 20, true), answerStatus(503), answerConditional(`"3"`, small))
	f := newTestFetcher(t, FetcherOptions{})
	var validators Validators
	for i, want := range []struct {
		result metrics.FetchResult
		body   []byte
		etag   string
	}{
		{metrics.OK, small, ""},
		{metrics.NotCalendar, nil, ""},
		{metrics.OK, other, `"2"`},
		{metrics.Unchanged, nil, `"2"`},
		{metrics.OK, small, `"3"`},
		{metrics.Truncated, nil, ""},
		{metrics.ServerError, nil, ""},
		{metrics.Unchanged, nil, `"3"`},
	} {
		got := f.Fetch(t.Context(), Source{URL: server.URL}, validators)
		if got.Result != want.result || !bytes.Equal(got.Body, want.body) || got.Validators.ETag != want.etag {
			t.Errorf("fetch %d: got %s, %q, tag %s; want %s, %q, tag %s", i+1, resultLine(got), got.Body,
				got.Validators.ETag,
				want.result, want.body, want.etag)
		}
		if got.Err == nil {
			validators = got.Validators
		}
	}
}

// TestFetchStopped cancels a fetch whose request has arrived.
func TestFetchStopped(t *testing.T) {
	t.Parallel()
	server := newFaultServer(t)
	server.on("/", server.hang())
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-server.arrived
		cancel()
	}()
	got := resultLine(newTestFetcher(t, FetcherOptions{}).Fetch(ctx, Source{URL: server.URL}, Validators{}))
	if want := "timeout 0: " + server.URL + "/…: stopped while waiting for the answer"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestFetchHeaders is what a source may change of a request.
func TestFetchHeaders(t *testing.T) {
	t.Parallel()
	server := newFaultServer(t)
	server.on("/", answerStatus(400))
	newTestFetcher(t, FetcherOptions{}).Fetch(t.Context(), Source{
		URL:       strings.Replace(server.URL, "http://", "http://user:pass%20word@", 1),
		UserAgent: "Mozilla/5.0 (like Chrome/140)",
		Header:    http.Header{"accept": {"text/calendar"}, "X-A": {"1", "2"}},
	}, Validators{})
	request := server.asked("/")[0]
	want := http.Header{
		"Accept": {"text/calendar"}, "Accept-Encoding": {"gzip"}, "Authorization": {"Basic dXNlcjpwYXNzIHdvcmQ="},
		"User-Agent": {"Mozilla/5.0 (like Chrome/140)"}, "X-A": {"1", "2"},
	}
	if diff := cmp.Diff(want, request.Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}

// TestFetchHints is what is said to sources that prove nothing, or have found out about user
// agents.
func TestFetchHints(t *testing.T) {
	t.Parallel()
	server := newFaultServer(t)
	server.on("/401", answerStatus(401))
	server.on("/403", answerStatus(403))
	dns := &fakeDNS{}
	dns.set("outlook.live.com", "127.0.0.1")
	f := newTestFetcher(t, FetcherOptions{})
	f.resolver = dns.resolver()
	microsoft := "http://outlook.live.com:" + port(server)
	for _, c := range []struct {
		source Source
		want   string
	}{
		{
			Source{URL: server.URL + "/401"},
			"forbidden 401: " + server.URL + "/…: 401 Unauthorized; the server requires a login; set basic or headers",
		},
		{
			Source{URL: microsoft + "/403", UserAgent: "Mozilla/5.0"},
			"forbidden 403: " + microsoft + "/…: 403 Forbidden; is the calendar still shared, and at this address?",
		},
	} {
		if diff := cmp.Diff(c.want, resultLine(f.Fetch(t.Context(), c.source, Validators{}))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
