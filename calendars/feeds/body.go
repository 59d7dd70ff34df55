package feeds

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/metrics"
)

// readBody reads the body of an answer and ends the attempt.
func (a *attempt) readBody(ctx context.Context, answer *http.Response) Fetched {
	a.stage.Store(reading)
	limit := int64(a.fetcher.bytes)
	if answer.ContentLength > limit {
		return a.tooBigError("of a body")
	}
	encoding := strings.ToLower(strings.Join(answer.Header.Values("Content-Encoding"), ","))
	zipped := false
	switch encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		zipped = true
	default:
		return a.fail(metrics.NotCalendar, "%w: its Content-Encoding is %s; expected gzip or none", ical.ErrNotCalendar,
			diag.Quote(encoding))
	}
	wire := &io.LimitedReader{R: answer.Body, N: limit + 1}
	// not by Content-Length, a promise: many that promise much and send nothing cost nothing
	body, err := io.ReadAll(limitedReader(ctx, wire))
	sent := int(limit + 1 - wire.N)
	if err == nil && wire.N > 0 { // and the rest costs a processor
		var done func()
		if done, err = waitForTurn(ctx); err == nil {
			defer done()
		}
	}
	if err == nil && zipped {
		body, err = unzip(ctx, body, limit)
	}
	switch {
	case wire.N <= 0:
		return a.tooBigError("of a body")
	case int64(len(body)) > limit:
		return a.tooBigError("of a body when decompressed")
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return a.fail(metrics.NotCalendar, "%w: its Content-Encoding is gzip, and its body is not, or damaged",
			ical.ErrNotCalendar)
	case errors.Is(err, errHollow), errors.Is(err, errMembers):
		return a.fail(metrics.NotCalendar, "%w: %w; the server is at fault", ical.ErrNotCalendar, err)
	case err != nil:
		return a.truncationError(ctx, err, sent, answer.ContentLength)
	}
	switch text := ical.Text(body); {
	case isCaptcha(text[:min(len(text), pageBytes)]):
		return a.captchaError()
	case !ical.Begins(text):
		return a.fail(metrics.NotCalendar, "%w: expected BEGIN:VCALENDAR first, found %s; is the calendar still shared?",
			ical.ErrNotCalendar, a.describeBody(text))
	case !ical.Ends(text):
		return a.fail(metrics.Truncated,
			"%w: expected END:VCALENDAR at the end of its %d bytes; the next fetch may get all of it", ical.ErrTruncated,
			len(body))
	}
	fetched := Fetched{Result: metrics.OK, Status: a.status}
	fetched.Body, fetched.Charset = ical.DecodeCharset(body, answer.Header.Get("Content-Type"))
	fetched.Charset = a.mask(fetched.Charset)
	return fetched
}

func (a *attempt) tooBigError(what string) Fetched {
	return a.fail(metrics.TooBig, "%w: more than %d bytes %s; share a calendar with fewer events", ical.ErrTooBig,
		a.fetcher.bytes, what)
}
