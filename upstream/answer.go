package upstream

import (
	"bytes"
	"io"
	"net/http"
	"strings"

	"github.com/callhours/callhours/pivot"
)

// Content types of answers to Kazoo.
const (
	JSON  = "application/json"
	TwiML = "text/xml"
)

// maxAnswer is how many bytes an answer may have. Kazoo writes all of it into its log.
const maxAnswer = 1 << 20

// Answer is what an upstream has answered, as Kazoo may get it.
type Answer struct {
	Body        []byte
	ContentType string // JSON or TwiML
	// Odd is what our own callflows are refused for and this one is not, since the upstream is Lenient; nil: nothing.
	Odd error
}

// read reads an answer whole and checks it.
func (u *Upstream) read(r *http.Response, sent *Sent) (Answer, error) {
	if r.StatusCode != http.StatusOK {
		text := http.StatusText(r.StatusCode)
		return Answer{}, fail(Status, "%s: status %d %s; expected 200", u, r.StatusCode, text)
	}
	if r.ContentLength > maxAnswer {
		return Answer{}, fail(Invalid, "%s: the answer has %d bytes; the limit is %d", u, r.ContentLength, maxAnswer)
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return Answer{}, fail(Invalid, "%s: the answer has a Content-Encoding, and Kazoo takes none", u)
	}
	body, err := readAll(r)
	switch {
	case len(body) > maxAnswer:
		return Answer{}, fail(Invalid, "%s: the answer has more than %d bytes", u, maxAnswer)
	case err != nil && isTimeout(err):
		return Answer{}, u.late()
	case err != nil:
		return Answer{}, fail(Invalid, "%s: the answer is cut off after %d bytes", u, len(body))
	}
	a, err := u.Check(r.Header.Get("Content-Type"), body, *sent)
	if err != nil {
		return Answer{}, fail(Invalid, "%s: %w", u, err)
	}
	return a, nil
}

// readAll reads a body, into memory of its size where that is known.
func readAll(r *http.Response) ([]byte, error) {
	if n := r.ContentLength; n >= 0 {
		body := make([]byte, n)
		got, err := io.ReadFull(r.Body, body)
		return body[:got], err
	}
	return io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
}

// Check says what an answer with this Content-Type and body is to Kazoo, whose rules are odd: it compares types with
// regard to case, takes a body without one for TwiML, and one of any other type for JSON. Relative addresses in TwiML
// are made absolute by the URL that was asked. The error is why Kazoo must not get it.
func (u *Upstream) Check(contentType string, body []byte, sent Sent) (Answer, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return Answer{}, &pivot.Finding{Message: "the answer is empty, for which Kazoo hangs up", Offset: -1}
	}
	mediaType, _, _ := strings.Cut(contentType, ";")
	switch mediaType = strings.TrimSpace(mediaType); mediaType {
	case "text/xml", "application/xml", "":
		absolute, err := checkTwiML(body, base(&sent))
		if err != nil && mediaType == "" && bytes.TrimSpace(body)[0] == '{' {
			return Answer{}, &pivot.Finding{
				Message: "the answer has no Content-Type, so that Kazoo does not take it for JSON", Offset: -1,
			}
		}
		return Answer{Body: absolute, ContentType: TwiML}, err
	}
	body = bytes.TrimSpace(body)
	cluster := u.options.Cluster
	err := pivot.CheckCallflow(body, cluster)
	if err != nil && u.options.Lenient {
		if still := pivot.CheckCallflow(body, u.tolerant); still != nil {
			return Answer{}, still
		}
		return Answer{Body: body, ContentType: JSON, Odd: err}, nil
	}
	return Answer{Body: body, ContentType: JSON}, err
}
