package languages

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	all := New()
	for accepted, want := range map[string]string{
		"": "en", "en": "en", "en-GB,de;q=0.5": "en", "de": "de", "de-AT,en;q=0.8": "de", "fr-CA": "fr", "es-MX, es": "es",
		"it": "en", "it, fr;q=0.5": "fr", "*": "en", "nl,*;q=0.1": "en", "DE_ch": "de", "gsw": "de",
		"de;q=0.2, fr;q=0.9": "fr", "de;q=x": "en", "\x00": "en", "sr-Latn-RS": "en",
		strings.Repeat("it,", 100) + "de": "en", // it is far behind
		strings.Repeat("x", 300):          "en",
		"de," + strings.Repeat("x", 300):  "de",
	} {
		if got := all.Match(accepted).Tag; got != want {
			t.Errorf("%.40q: %s, want %s", accepted, got, want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	all := New()
	f.Add("de-AT,en;q=0.8")
	f.Add("*;q=0, -,;")
	f.Fuzz(func(t *testing.T, accepted string) {
		if l := all.Match(accepted); !slices.Contains(all.All(), l) {
			t.Errorf("%q: %v", accepted, l)
		}
	})
}

func TestDates(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 9, 5, 0, 0, time.UTC)
	for i, want := range []string{
		"1 Mar|Sun 1 Mar|Sun 1 Mar 2026|Sunday 1 March|Sun|12,345",
		"1. März|So 1. März|So 1. März 2026|Sonntag 1. März|So|12.345",
		"1 mar|dom 1 mar|dom 1 mar 2026|domingo 1 marzo|dom|12.345",
		"1 mars|dim. 1 mars|dim. 1 mars 2026|dimanche 1 mars|dim.|12\u00a0345",
	} {
		l := New().All()[i]
		got := strings.Join([]string{
			l.Day(at), l.Weekday(at), l.WeekdayYear(at), l.LongDay(at), l.WeekdayName(at),
			l.Number(12345),
		}, "|")
		if got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", l.Tag, got, want)
		}
		for day := range 7 {
			for month := range 12 {
				at := time.Date(2026, time.Month(month+1), day+1, 0, 0, 0, 0, time.UTC)
				if got := l.LongDay(at) + l.Weekday(at); strings.Contains(got, "%") || got == "" {
					t.Errorf("%s: %q", l.Tag, got)
				}
			}
		}
	}
}

// TestTranslations: every text of the pages is there in every language, with the same arguments and
// the same tags, and nothing else is.
func TestTranslations(t *testing.T) {
	t.Parallel()
	keys := used(t)
	tag := regexp.MustCompile(`</?[a-z]+>`)
	ordinal := regexp.MustCompile(`(%d|[0-9])\.$`) // as German writes them
	breakable := regexp.MustCompile(`« | [»:;?!]`)
	verbs := func(text string) (all []string) {
		for i, m := range verb.FindAllStringSubmatch(text, -1) {
			n := m[1]
			if n == "" {
				n = strconv.Itoa(i + 1)
			}
			all = append(all, n+m[2])
		}
		all = append(all, tag.FindAllString(text, -1)...)
		slices.Sort(all)
		return all
	}
	for _, name := range Tags()[1:] {
		texts := translations(name)
		for _, key := range keys {
			text, ok := texts[key]
			switch {
			case !ok || strings.TrimSpace(text) == "":
				t.Errorf("%s.json has no %q", name, key)
			default:
				if diff := cmp.Diff(verbs(key), verbs(text)); diff != "" {
					t.Errorf("%s.json: %q has other verbs or tags than %q:\n%s", name, text, key, diff)
				}
			}
			if name == "fr" && breakable.MatchString(text) {
				t.Errorf("fr.json: %q: the blank at a sign is U+00A0 or U+202F there, where no line ends", text)
			}
			ends := strings.HasSuffix(text, ".") && !ordinal.MatchString(text)
			if ok && (strings.HasSuffix(key, ".") != ends || strings.TrimSpace(text) != text) {
				t.Errorf("%s.json: %q and %q end differently", name, key, text)
			}
		}
		for key := range texts {
			if !slices.Contains(keys, key) {
				t.Errorf("%s.json: no page says %q", name, key)
			}
		}
	}
	if testing.Verbose() {
		fmt.Println(len(keys), "texts")
	}
}
