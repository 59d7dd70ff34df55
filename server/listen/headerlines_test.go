package listen

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestHeaderLines: a request with too many lines before its body is answered before they are looked
// at, whoever sends it; those of a body, and of the next request, do not count.
func TestHeaderLines(t *testing.T) {
	t.Parallel()
	k := overTCP(t, 100, 100)
	lines := func(n int) string { return strings.Repeat("a: b\r\n", n) }
	body := strings.Repeat("\n", 300)
	request := func(n int) string {
		return fmt.Sprintf("POST /main HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n", len(body), lines(n))
	}
	c := k.dial(t)
	from := bufio.NewReader(c)
	for i, r := range []struct {
		send string
		want int
	}{
		{request(maxHeaderLines-4) + body, http.StatusOK},
		{request(maxHeaderLines-4) + body, http.StatusOK},
		{request(maxHeaderLines - 3), http.StatusRequestHeaderFieldsTooLarge},
	} {
		if _, err := io.WriteString(c, r.send); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(from, nil)
		if err != nil {
			t.Fatalf("request %d: %v", i+1, err)
		}
		io.Copy(io.Discard, answer.Body)
		if answer.StatusCode != r.want {
			t.Errorf("request %d: got %d, want %d", i+1, answer.StatusCode, r.want)
		}
	}
	if _, err := from.ReadByte(); err != io.EOF {
		t.Errorf("the connection goes on: %v", err)
	}
	for _, chunk := range []int{1, 7, 4096} { // however it arrives
		var h headerLines
		text, n := []byte(request(maxHeaderLines-4)+body), 0
		for len(text) > 0 {
			part := text[:min(chunk, len(text))]
			if text = text[len(part):]; !h.count(part) {
				t.Errorf("in parts of %d bytes it is refused", chunk)
			}
			n += len(part)
		}
		if !h.body {
			t.Errorf("in parts of %d bytes its body is not found", chunk)
		}
		if h.written([]byte("HTTP/1.1 100 Continue\r\n\r\n")); !h.count([]byte(lines(2 * maxHeaderLines))) {
			t.Error("lines of a body that was asked for count")
		}
		if h.written([]byte("HTTP/1.1 200 OK\r\n")); h.count([]byte(lines(2 * maxHeaderLines))) {
			t.Error("lines of the next request do not count")
		}
	}
}
