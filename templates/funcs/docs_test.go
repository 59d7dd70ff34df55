package funcs

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestDocsSpeech shows that the docs give what spoken and phone say.
func TestDocsSpeech(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, c := range []struct {
		when string
		t    time.Time
	}{
		{"the same day, 12:00", at(12, 0)},
		{"the next day, 0:00", at(24, 0)},
		{"the next day, 9:00", at(24+9, 0)},
		{"that Wednesday, 13:15", at(48+13, 15)},
		{"5 January, 8:30", time.Date(2027, 1, 5, 8, 30, 0, 0, newYork)},
		{"24 October 2027, 9:00", time.Date(2027, 10, 24, 9, 0, 0, 0, newYork)},
	} {
		row := "| " + c.when + " |"
		for _, s := range []*language{&english, &spanish, &german, &french} {
			row += " " + s.format(c.t, at(10, 30)) + " |"
		}
		rows = append(rows, row)
	}
	for _, numbers := range [][]string{
		{"+1 (415) 555-0100", "+14155550100"},
		{"+493012345678"},
		{"415-555-0100 x123"},
	} {
		said := english.formatNumber(numbers[0])
		for _, number := range numbers {
			if got := english.formatNumber(number); got != said {
				t.Errorf("%s: got %q, want %q", number, got, said)
			}
		}
		rows = append(rows, "| `"+strings.Join(numbers, "`, `")+"` | "+said+" |")
	}
	rows = append(rows, fmt.Sprintf("| `911`, `*98` | %s, %s |", english.formatNumber("911"), english.formatNumber("*98")))
	for _, row := range rows {
		if !strings.Contains(string(page), row+"\n") {
			t.Errorf("%s has no row %s", docs, row)
		}
	}
}
