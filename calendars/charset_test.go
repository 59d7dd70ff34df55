package calendars

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// TestCharset fetches titles in the charsets of old servers, and in UTF-8 that servers call otherwise.
func TestCharset(t *testing.T) {
	t.Parallel()
	const folded = "Žluťoučký k\xc5\r\n \xaf\xc5\n \x88 úpěl ďábelské ódy"
	for _, c := range []struct {
		name, text, contentType string
		in                      encoding.Encoding // nil: as it is
		want                    string
	}{
		{"Greek", "Ανοιχτά", "text/calendar; charset=iso-8859-7", charmap.ISO8859_7, "Ανοιχτά"},
		{"Polish", "Święto", `text/calendar;Charset="ISO-8859-2"; method=PUBLISH`, charmap.ISO8859_2, "Święto"},
		{"Ukrainian", "Відчинено", "text/calendar; charset=KOI8-U", charmap.KOI8U, "Відчинено"},
		{"Turkish", "Açık, öğle", "text/calendar; charset = windows-1254", charmap.Windows1254, "Açık, öğle"},
		{"Japanese", "営業時間 通常", "text/calendar; charset=Shift_JIS", japanese.ShiftJIS, "営業時間 通常"},
		{"Chinese", "营业时间 国庆节", "text/calendar; charset=gb2312", simplifiedchinese.GBK, "营业时间 国庆节"},
		{"Latin that nobody names", "Geöffnet", "text/calendar", charmap.Windows1252, "Geöffnet"},
		{"Latin of a charset that nobody knows", "Geöffnet", "text/calendar; charset=" + strings.Repeat("x", 1000), charmap.Windows1252, "Geöffnet"},
		{"UTF-8 that is called Latin", "Geöffnet Ανοιχτά", "text/calendar; charset=iso-8859-1", nil, "Geöffnet Ανοιχτά"},
		{"UTF-8 folded within characters", folded, "text/calendar; charset=iso-8859-2", nil, "Žluťoučký kůň úpěl ďábelské ódy"},
		{"UTF-8 with a broken byte", "Geöffnet, Frühstück \xff", "text/calendar; charset=windows-1251", nil, "Geöffnet, Frühstück \ufffd"},
		{"Latin that is called UTF-8", "Geöffnet", "text/calendar; charset=utf-8", charmap.Windows1252, "Geöffnet"},
		{"Latin that is called UTF-16", "Geöffnet", "text/calendar; charset=utf-16", charmap.Windows1252, "Geöffnet"},
	} {
		body := wrap(vevent("UID:1", "DTSTART:20270104T090000Z", "SUMMARY:"+c.text))
		if c.in != nil {
			encoded, err := c.in.NewEncoder().Bytes(body)
			if err != nil {
				t.Fatal(err)
			}
			body = encoded
		}
		server := newFaultServer(t)
		server.on("/feed", answerBody(body, "Content-Type", c.contentType))
		got := newTestFetcher(t, FetcherOptions{}).Fetch(t.Context(), Source{URL: server.URL + "/feed"}, Validators{})
		if outcome(got) != "ok 200" {
			t.Errorf("%s: %s", c.name, outcome(got))
			continue
		}
		if title := mustRead(t, got.Body).Events()[0].Summary; title != c.want {
			t.Errorf("%s: got %q, want %q", c.name, title, c.want)
		}
	}
	utf16 := utf16LE(string(small))
	if got := inCharset(utf16, "text/calendar; charset=windows-1251"); string(got) != string(utf16) {
		t.Error("UTF-16 is not left as it is")
	}
}
