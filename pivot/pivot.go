// Package pivot is the contract with Kazoo: Parse reads the request by which a Kazoo platform asks
// for the callflow of a call, and CheckCallflow reports whether Kazoo accepts an answer. Pivot is
// the Kazoo callflow action that sends the request; its documentation is
// applications/callflow/doc/pivot.md of the Kazoo sources.
//
// Parse is lenient about the content of a request and strict about its size: pairs that do not
// decode, unknown names, bytes that are not UTF-8 and fillers such as nouser all make a Call; a
// body over MaxBody makes a RequestError. CheckCallflow is strict, because a caller hears nothing
// when Kazoo's own validation rejects an answer. CallflowWarnings reports what Kazoo accepts and
// nobody means. Both use catalog.txt, which is built in.
//
// The package keeps nothing but the catalog and spare decoders, reads no clock and starts nothing.
// A Call may be read by many goroutines at once.
package pivot

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Call is one Pivot request: who calls whom, on which account. Texts are as sent after decoding,
// nothing is trimmed, and a field that was not sent is "". Fillers of Kazoo stay what they are:
// nouser and norealm for an address that is missing, unknown and anonymous for a caller who is.
//
// A parameter that is sent twice, in the same or in the other spelling, counts as sent the last
// time. Kazoo writes the account behind all that the author of a callflow can choose (the query of
// voice_url, the names of application variables), so that author cannot speak for another account.
type Call struct {
	From, FromRealm       string // the SIP From header
	To, ToRealm           string // the SIP To header
	Request, RequestRealm string // the SIP request URI; Request is the number dialled, absent in TwiML requests
	Dialed                string // Request, else To; "" when both are absent or the filler nouser

	CallerName   string // "unknown" when there is none, "Anonymous" when withheld
	CallerNumber string // as the carrier gave it; not always E.164

	AccountID string   // 32 hexadecimal digits: the account that owns the callflow
	CallID    string   // the SIP Call-ID of the caller's leg
	Direction string   // Kazoo says inbound, for calls from the account's own phones too
	Language  string   // such as "en-us"; absent in TwiML requests
	UserIDs   []string // owners of the phone that calls; none for calls from outside
	Digits    string   // digits pressed: one string, or the collection named "default"

	params  []param     // all that was sent, in that order
	headers http.Header // of the HTTP request; see RequestHeader
	body    []byte      // of the HTTP request; see BodyOf
}

// param is a parameter with its name in the form that canonical gives.
type param struct{ name, value string }

// New makes the Call that Parse would make of these parameters, which have
// Kazoo's names ("Caller-ID-Number") or TwiML's, and members as Kazoo writes them
// into a form ("Custom-Application-Vars[step]"). They are read in order of their
// names. "Request-Header[X-Step]" stands for a header of the HTTP request; no
// request can send it as a parameter.
func New(params map[string]string) Call {
	sorted := make([]param, 0, len(params))
	headers := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if header, ok := strings.CutPrefix(name, "Request-Header["); ok {
			headers.Set(strings.TrimSuffix(header, "]"), params[name])
			continue
		}
		sorted = append(sorted, param{canonical(name), params[name]})
	}
	c := newCall(sorted)
	c.headers = headers
	return c
}

// Var is the value of a custom application variable, "" when absent. Kazoo sends them from 4.3 on.
// Members of nested variables are found by Param("Custom-Application-Vars[crm][id]").
func (c *Call) Var(name string) string {
	name, ok := c.asked(name)
	if !ok {
		return ""
	}
	return c.member("Custom-Application-Vars", func(sent string) bool { return sent == name })
}

// Header is the value of a custom SIP header (X-… or P-…) of the caller's INVITE, "" when
// absent. Names of headers are compared without regard to case (RFC 3261, section 7.3.1).
// Kazoo sends them from 4.3 on.
func (c *Call) Header(name string) string {
	name, ok := c.asked(name)
	if !ok {
		return ""
	}
	return c.member("Custom-SIP-Headers", func(sent string) bool { return strings.EqualFold(sent, name) })
}

// Collection is what was pressed for a collect_dtmf action with this
// collection_name, "" when nothing was.
func (c *Call) Collection(name string) string {
	name, ok := c.asked(name)
	if !ok {
		return ""
	}
	return c.member("Digits", func(sent string) bool { return sent == name })
}

// Param is the value of any parameter by its name as sent, such as "Recording-Url" or
// "Digits[pin]"; "" when absent. Members of a JSON body have the names that they would have in a
// form. An element of a list is "User-ID[]": the last one.
func (c *Call) Param(name string) string {
	name, ok := c.asked(name)
	if !ok {
		return ""
	}
	for _, p := range slices.Backward(c.params) {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// Params are all values of a parameter in the order in which they were sent, nil when
// there is none. A list may be named without its brackets:
// "Custom-SIP-Headers[Diversions]" finds the elements "Custom-SIP-Headers[Diversions][]",
// which are the numbers that a call was forwarded from.
func (c *Call) Params(name string) []string {
	name, ok := c.asked(name)
	if !ok {
		return nil
	}
	var values []string
	for _, p := range c.params {
		if p.name == name || len(p.name) == len(name)+len("[]") && strings.HasPrefix(p.name, name) &&
			strings.HasSuffix(p.name, "[]") {
			values = append(values, p.value)
		}
	}
	return values
}

// What RequestHeader keeps to itself.
const (
	maxHeaderValue = 1024 // bytes
	tokenHeader    = "X-Callhours-Token"
)

// RequestHeader is the value of a header of the HTTP request whose name begins with X-, such as
// those that custom_request_headers of a pivot action of Kazoo 5 sets; "" when absent, for every
// other name, for the token by which Kazoo is known, and for a value of more than 1,024 bytes.
func (c *Call) RequestHeader(name string) string {
	if len(name) > ordinaryName && !slices.ContainsFunc(slices.Collect(maps.Keys(c.headers)), func(sent string) bool {
		return len(sent) == len(name)
	}) {
		return ""
	}
	name = http.CanonicalHeaderKey(name)
	values := c.headers[name]
	if len(values) == 0 || !strings.HasPrefix(name, "X-") || name == tokenHeader {
		return ""
	}
	value := values[len(values)-1]
	if len(value) > maxHeaderValue {
		return ""
	}
	return toUTF8(value)
}

// BodyOf is the body of the HTTP request of a call as it was sent, at most MaxBody bytes; nil for a GET. It must not be
// changed. It is no method, which templates could use.
func BodyOf(c *Call) []byte { return c.body }

// FormOf is the body by which Kazoo would send the parameters of a call as a form: names are not encoded at all there.
func FormOf(c *Call) []byte {
	var form []byte
	for i, p := range c.params {
		if i > 0 {
			form = append(form, '&')
		}
		form = append(append(append(form, p.name...), '='), url.QueryEscape(p.value)...)
	}
	return form
}

// Withheld reports whether the caller's number is hidden or unknown: Kazoo's and carriers' fillers
// in place of a number, or an anonymous From (RFC 3323, section 4.1.1.3).
func (c *Call) Withheld() bool {
	if strings.EqualFold(c.From, "anonymous") || strings.EqualFold(c.FromRealm, "anonymous.invalid") {
		return true
	}
	switch strings.ToLower(strings.TrimSpace(c.CallerNumber)) {
	case "", "anonymous", "private", "restricted", "unavailable", "unknown", "withheld", noUser:
		return true
	}
	return false
}

// member finds the value of object[name] for the last name that fits.
func (c *Call) member(object string, fits func(name string) bool) string {
	for _, p := range slices.Backward(c.params) {
		name, ok := strings.CutPrefix(p.name, object)
		if !ok || len(name) < 2 || name[0] != '[' || name[len(name)-1] != ']' {
			continue
		}
		if fits(name[1 : len(name)-1]) {
			return p.value
		}
	}
	return ""
}

// noUser stands for the user part of an address that Kazoo does not have.
const noUser = "nouser"

// newCall reads the fields of a Call from its parameters.
func newCall(params []param) Call {
	c := Call{params: params}
	var collected, from, to, request string
	numbered := false // the caller's number was sent, which may be empty
	for _, p := range params {
		switch p.name {
		case "From":
			c.From = p.value
		case "From-Realm", "FromRealm":
			c.FromRealm = p.value
		case "To":
			c.To = p.value
		case "To-Realm", "ToRealm":
			c.ToRealm = p.value
		case "Request":
			c.Request = p.value
		// These three are in the vendor's documentation; Kazoo's code sends From, To and Request.
		case "From-User":
			from = p.value
		case "To-User":
			to = p.value
		case "Request-User":
			request = p.value
		case "Request-Realm":
			c.RequestRealm = p.value
		case "Caller-ID-Name", "CallerName":
			c.CallerName = p.value
		case "Caller-ID-Number", "CallerNumber":
			c.CallerNumber, numbered = p.value, true
		case "Account-ID", "AccountSid":
			c.AccountID = p.value
		case "Call-ID", "CallSid":
			c.CallID = p.value
		case "Direction":
			c.Direction = p.value
		case "Language":
			c.Language = p.value
		case "User-ID":
			c.UserIDs = []string{p.value}
		case "User-ID[]":
			c.UserIDs = append(c.UserIDs, p.value)
		case "Digits":
			c.Digits = p.value
		case "Digits[default]":
			collected = p.value
		}
	}
	if c.From == "" && !numbered { // the vendor's names are all there is; From-User is the caller's number there
		c.CallerNumber = from
	}
	c.From, c.To, c.Request = cmp.Or(c.From, from), cmp.Or(c.To, to), cmp.Or(c.Request, request)
	c.Dialed = cmp.Or(withoutFiller(c.Request), withoutFiller(c.To))
	c.Digits = cmp.Or(c.Digits, collected)
	return c
}

func withoutFiller(user string) string {
	if user == noUser {
		return ""
	}
	return user
}

// canonical returns a name in the form in which names are stored and compared. Kazoo writes names
// into a form without encoding them, so that a plus may be a plus or a blank; both become a blank.
func canonical(name string) string {
	return strings.ReplaceAll(name, "+", " ")
}

// ordinaryName is how many bytes a name may have that is looked for whatever was sent.
const ordinaryName = 256

// asked gives the form in which a name is compared; false for one that is longer than all that was
// sent, and not gone through: templates may ask for texts of megabytes.
func (c *Call) asked(name string) (string, bool) {
	if len(name) > ordinaryName &&
		!slices.ContainsFunc(c.params, func(p param) bool { return len(p.name) >= len(name) }) {
		return "", false
	}
	return canonical(name), true
}
