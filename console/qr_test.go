package console

import (
	"strconv"
	"strings"
	"testing"
)

// squares are the dark squares of a path, as rows of '#' and '.'.
func squares(t *testing.T, code *qrCode) []string {
	t.Helper()
	rows := make([][]byte, code.Size)
	for y := range rows {
		rows[y] = []byte(strings.Repeat(".", code.Size))
	}
	for run := range strings.SplitSeq(strings.Trim(code.Path, "Mz"), "zM") {
		x, rest, _ := strings.Cut(run, " ")
		y, rest, _ := strings.Cut(rest, "h")
		length, _, _ := strings.Cut(rest, "v")
		var at [3]int
		for i, text := range []string{x, y, length} {
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatalf("run %q of the path: %v", run, err)
			}
			at[i] = n
		}
		for i := range at[2] {
			if rows[at[1]][at[0]+i] == '#' {
				t.Errorf("square %d, %d is drawn twice", at[0]+i, at[1])
			}
			rows[at[1]][at[0]+i] = '#'
		}
	}
	text := make([]string, len(rows))
	for y, row := range rows {
		text[y] = string(row)
	}
	return text
}

// TestQRCode looks for what readers look for: a light margin of four squares, the three corner
// marks, and the row of turns between them. That the code says what it should was seen with zbarimg.
func TestQRCode(t *testing.T) {
	const address = "webcals://callhours.example.com/api/v1/hours?days=60&format=ics&route=front-desk"
	code, err := newQRCode(address)
	if err != nil {
		t.Fatal(err)
	}
	rows := squares(t, code)
	mark := []string{"#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"}
	far := code.Size - qrMargin - len(mark)
	for _, corner := range [][2]int{{qrMargin, qrMargin}, {far, qrMargin}, {qrMargin, far}} {
		for y, want := range mark {
			if got := rows[corner[1]+y][corner[0]:][:len(want)]; got != want {
				t.Errorf("corner mark at %v, row %d: got %s, want %s", corner, y, got, want)
			}
		}
	}
	for x := qrMargin + 8; x < far-1; x++ {
		if got, want := rows[qrMargin+6][x], ".#"[(x-qrMargin+1)%2]; got != want {
			t.Errorf("square %d of the timing row: got %c, want %c", x, got, want)
		}
	}
	for i, row := range rows {
		edge := i < qrMargin || i >= code.Size-qrMargin
		dark := strings.Trim(row, ".")
		if edge && dark != "" || !edge && strings.Trim(row[:qrMargin]+row[code.Size-qrMargin:], ".") != "" {
			t.Errorf("row %d reaches into the margin: %s", i, row)
		}
	}
	other, err := newQRCode(address + "2")
	if err != nil {
		t.Fatal(err)
	}
	if other.Path == code.Path {
		t.Error("two addresses have the same code")
	}
	if _, err := newQRCode(strings.Repeat("a", 2400)); err == nil {
		t.Error("a text of 2,400 bytes fits no code, and was drawn")
	}
}

func BenchmarkQRCode(b *testing.B) {
	for b.Loop() {
		if _, err := newQRCode("webcals://callhours.example.com/api/v1/hours?days=60&format=ics&route=front-desk"); err != nil {
			b.Fatal(err)
		}
	}
}
