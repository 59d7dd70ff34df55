package feeds

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/diag"
)

// TestCharset fetches titles in the charsets of old servers, and in UTF-8 that servers call
// otherwise.
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
		{
			"Latin of a charset that nobody knows", "Geöffnet", "text/calendar; charset=" + strings.Repeat("x", 1000),
			charmap.Windows1252, "Geöffnet",
		},
		{
			"UTF-8 that is called Latin", "Geöffnet Ανοιχτά", "text/calendar; charset=iso-8859-1", nil,
			"Geöffnet Ανοιχτά",
		},
		{
			"UTF-8 folded within characters", folded, "text/calendar; charset=iso-8859-2", nil,
			"Žluťoučký kůň úpěl ďábelské ódy",
		},
		{
			"UTF-8 with a broken byte", "Geöffnet, Frühstück \xff", "text/calendar; charset=windows-1251", nil,
			"Geöffnet, Frühstück \ufffd",
		},
		{
			"UTF-8 whose only letter is cut by a fold", "Mittagspause bis f\xc3\r\n \xbcnf",
			"text/calendar; charset=iso-8859-5", nil, "Mittagspause bis fünf",
		},
		{"a name without its dash", "Закрыто", "text/calendar; charset=windows1251", charmap.Windows1251, "Закрыто"},
		{
			"a name with other dashes", "Zamknięte", "text/calendar; charset='ISO_8859 2'", charmap.ISO8859_2,
			"Zamknięte",
		},
		{"a name without two dashes", "定休日", "text/calendar; charset=iso2022jp", japanese.ISO2022JP, "定休日"},
		{"no semicolon", "Zamknięte", "text/calendar charset=iso-8859-2", charmap.ISO8859_2, "Zamknięte"},
		{"a short name", "Закрыто", "text/calendar; charset=win-1251", charmap.Windows1251, "Закрыто"},
		{"a name that only IANA has", "Größe ½", "text/calendar; charset=cp850", charmap.CodePage850, "Größe ½"},
		{"Japanese in seven bits", "定休日 Sun", "text/calendar; charset=ISO-2022-JP", japanese.ISO2022JP, "定休日 Sun"},
		{"Chinese in seven bits", "国庆节", "text/calendar; charset=HZ-GB-2312", simplifiedchinese.HZGB2312, "国庆节"},
		{"UTF-8 that is called seven bits", "定休日", "text/calendar; charset=ISO-2022-JP", nil, "定休日"},
		{"ASCII that is called seven bits", "$B closed ~", "text/calendar; charset=ISO-2022-JP", nil, "$B closed ~"},
		{
			"UTF-16 without a mark", "Größe 国", "text/calendar; charset=utf-16",
			unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "Größe 国",
		},
		{
			"UTF-16 the other way", "Größe 国", "text/calendar; charset=UTF-16BE",
			unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "Größe 国",
		},
		{
			"UTF-16 that is called Latin", "Größe 国", "text/calendar; charset=iso-8859-1",
			unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "Größe 国",
		},
		{
			"UTF-16 that nobody names", "Größe 国", "text/calendar",
			unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
			"Größe 国",
		},
		{"Latin that is called EBCDIC", "Geöffnet", "text/calendar; charset=cp037", charmap.Windows1252, "Geöffnet"},
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
		if resultLine(got) != "ok 200" {
			t.Errorf("%s: %s", c.name, resultLine(got))
			continue
		}
		calendar, err := calendars.ReadFiles([]ical.File{got.File()}, ical.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if title := calendar.Events()[0].Summary; title != c.want {
			t.Errorf("%s: got %q, want %q", c.name, title, c.want)
		}
	}
	utf16 := utf16LE(string(small))
	if got, _ := ical.DecodeCharset(utf16, "text/calendar; charset=windows-1251"); string(got) != string(utf16) {
		t.Error("UTF-16 is not left as it is")
	}
}

// TestForeignLetters: what is not in UTF-8 and in no charset that is known is read by a guess, and
// that is reported.
func TestForeignLetters(t *testing.T) {
	t.Parallel()
	const cure = "; publish it in UTF-8"
	unknown := func(line, charset string) []string {
		return []string{line + "the charset " + diag.Quote(charset) +
			", which the server names, is unknown; text that is not UTF-8 is read as the Latin letters of Windows" + cure}
	}
	for _, c := range []struct {
		name, summary, charset string
		want                   []string
	}{
		{"ASCII", "Open", "x-unknown", nil},
		{"UTF-8", "Größe", "x-unknown", nil},
		{"Latin", "Gr\xf6\xdfe", "x-unknown", unknown("line 6: ", "x-unknown")},
		{"a charset of more bits", "Gr\xf6\xdfe", "utf-7", unknown("line 6: ", "utf-7")},
		{"seven bits that are not read", "Gr+APYA3w-e", "utf-7", unknown("line 6: ", "utf-7")},
		{"nothing of its seven bits", "+1 415 555", "utf-7", nil},
		{"Korean in seven bits", "\x1b$)C\x0e?5>w\x0f", "ISO-2022-KR", unknown("line 6: ", "ISO-2022-KR")},
		{
			"no charset", "Gr\xf6\xdfe", "",
			[]string{"line 6: a line that is not in UTF-8 is read as the Latin letters of Windows" + cure},
		},
		{"a broken character", "Größ\xc3e", "", []string{"line 6: bytes that are not UTF-8 are read as \ufffd" + cure}},
		{"a fold within a character", "Gr\xc3\r\n \xb6\xc3\r\n \x9fe", "", nil},
	} {
		body := wrap(vevent("UID:1", "DTSTART:20270104T090000Z", "SUMMARY:"+c.summary))
		text, charset := ical.DecodeCharset(body, "text/calendar; charset="+c.charset)
		calendar, err := calendars.ReadFiles([]ical.File{{Body: text, Charset: charset}}, ical.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, texts(calendar.Problems())); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		found := saved{body: text, charset: charset}
		copies := copies{dir: t.TempDir()}
		if err := copies.prepare(); err != nil {
			t.Fatal(err)
		}
		if err := copies.save("a", found); err != nil {
			t.Fatal(err)
		}
		if kept, err := copies.load("a", 1<<20); err != nil || kept.file().Charset != charset {
			t.Errorf("%s: the copy is of the charset %q, %v", c.name, kept.charset, err)
		}
	}
}
