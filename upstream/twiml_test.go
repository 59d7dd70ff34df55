package upstream

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
)

func TestTwiML(t *testing.T) {
	t.Parallel()
	const base = "https://h/app/hours.php"
	for _, c := range []struct{ body, want string }{ // want: as it is passed on, or the error
		{`<Response><Say>Hi</Say></Response>`, ""},
		{`<?xml version="1.0" encoding="UTF-8"?><Response> <Hangup/> </Response>` + "\n", ""},
		{`<Response><!-- why --><Dial timeout="20"><User>x</User></Dial></Response>`, ""},
		{
			`<Response><Gather action="next.php?a=1&amp;b=2"><Say>1</Say></Gather></Response>`,
			`<Response><Gather action="https://h/app/next.php?a=1&amp;b=2"><Say>1</Say></Gather></Response>`,
		},
		{
			`<Response><Record title="action" action = 'x' action2="y"/></Response>`,
			`<Response><Record title="action" action = 'https://h/app/x' action2="y"/></Response>`,
		},
		{`<Response><Dial action="http://other/x">1001</Dial></Response>`, ""},
		{`<Response><Dial action="">1001</Dial></Response>`, ""},
		{
			`<Response><Redirect> /next.php </Redirect></Response>`,
			`<Response><Redirect>https://h/app/next.php</Redirect></Response>`,
		},
		{
			`<Response><Redirect method="get"><![CDATA[a&b]]></Redirect></Response>`,
			`<Response><Redirect method="get">https://h/app/a&amp;b</Redirect></Response>`,
		},
		{`<Response><Redirect>https://x/</Redirect></Response>`, ""},
		{
			`<Response><Gather action="a/b"/><Redirect>c</Redirect></Response>`,
			`<Response><Gather action="https://h/app/a/b"/><Redirect>https://h/app/c</Redirect></Response>`,
		},

		{`<Response/>`, "TwiML has no verbs, so that Kazoo hangs up; write <Hangup/> if that is meant"},
		{`<Response><Say>Hi</Response>`, "TwiML, up to line 1, column 29: </Response> closes nothing"},
		{`<Response><Say>Hi`, "TwiML: <Say> is never closed"},
		{`<Response><Say>`, "TwiML: <Say> is never closed"},
		{`<Response><Sing/></Response>`, "TwiML, up to line 1, column 18: <Sing> is not a verb that Kazoo knows"},
		{`<Response><Say><Play/></Say></Response>`, "TwiML, up to line 1, column 23: <Play> cannot stand in <Say>"},
		{`<html><body>Not found</body></html>`, "TwiML, up to line 1, column 7: expected <Response>, found <html>"},
		{
			`<Response><Hangup/></Response><Response/>`,
			"TwiML, up to line 1, column 42: there is more than one document",
		},
		{
			`<Response></Response><Response><Say/></Response>`,
			"TwiML, up to line 1, column 32: there is more than one document",
		},
		{`Warning: x<Response><Hangup/></Response>`, "TwiML, up to line 1, column 11: there is text between the verbs"},
		{
			`<!DOCTYPE r SYSTEM "file:///etc/passwd"><Response><Hangup/></Response>`,
			"TwiML, up to line 1, column 41: a document type or an entity is declared; Kazoo must not read other " +
				"documents for it",
		},
		{
			`<?xml version="1.0" encoding="iso-8859-1"?><Response><Hangup/></Response>`,
			"TwiML, up to line 1, column 44: its encoding is not UTF-8",
		},
		{`<Response><Say>&lol;</Say></Response>`, "TwiML, line 1, column 21: invalid character entity &lol;"},
		{`<Response><Say a="1" a="2"/></Response>`, "TwiML, up to line 1, column 29: <Say> has the attribute a twice"},
		{`<Response><Redirect/></Response>`, "TwiML, up to line 1, column 22: <Redirect> has no address"},
		{"<Response><Say>\xff</Say></Response>", "TwiML is not UTF-8"},
	} {
		got, err := checkTwiML([]byte(c.body), base)
		text := string(got)
		if err != nil {
			text = err.Error()
		}
		want := c.want
		if want == "" {
			want = c.body
		}
		if text != want {
			t.Errorf("%s:\n got %s\nwant %s", c.body, text, want)
		}
	}
}

// TestResolve: addresses become absolute as Kazoo does it, which is not what browsers do.
func TestResolve(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ base, relative, want string }{
		{"https://h/a/b.php", "c.php", "https://h/a/c.php"},
		{"https://h/a/b", "c.php", "https://h/a/b/c.php"},
		{"https://h/a/b", "/c.php", "https://h/a/b/c.php"}, // not the root
		{"https://h/a/b.php", "/c/d", "https://h/a/c/d"},
		{"https://h/a/b/", "../c", "https://h/a/c"},
		{"https://h/a/b", "./c", "https://h/a/b/c"},
		{"https://h/", "../../c", "https://h/c"},
		{"https://h.example.com", "c", "https://h.example.com/c"},
		{"https://h/a.php?x=1", "c.php", "https://h/c.php"},
		{"https://h/a?x=1", "c", "https://h/a?x=1/c"}, // the query is part of the last segment
		{"https://h/a", "http://x", "http://x"},
	} {
		if got := resolve(c.base, c.relative); got != c.want {
			t.Errorf("%s + %s: got %s, want %s", c.base, c.relative, got, c.want)
		}
	}
}

// FuzzTwiML: what is passed on is XML of the same elements, is taken again, and is the same then.
func FuzzTwiML(f *testing.F) {
	for _, body := range []string{
		`<Response><Gather action="a?b=1&amp;c" numDigits='1'><Say>x</Say></Gather><Redirect> /n </Redirect></Response>`,
		`<?xml version="1.0"?><Response><!-- c --><Record action='x"y'/><Redirect><![CDATA[a<b]]></Redirect></Response>`,
		`<Response><Dial><Number>1</Number></Dial></Response>`,
		`<Response xaction="1" action ="2"><Set action="a&#10;b"><Variable/></Set></Response>`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		const base = "https://h/a.php"
		once, err := checkTwiML(body, base)
		if err != nil {
			return
		}
		if names(body) != names(once) {
			t.Fatalf("%q became %q", body, once)
		}
		twice, err := checkTwiML(once, base)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q became %q, and then %q, %v", body, once, twice, err)
		}
	})
}

// names are the elements of a document and their attributes' names.
func names(body []byte) string {
	var b strings.Builder
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.RawToken()
		if err != nil {
			return b.String()
		}
		switch token := token.(type) {
		case xml.StartElement:
			b.WriteString("<" + token.Name.Local)
			for _, a := range token.Attr {
				b.WriteString(" " + a.Name.Local)
			}
		case xml.EndElement:
			b.WriteString(">")
		}
	}
}
