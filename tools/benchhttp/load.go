package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// callers is how many different calls there are.
const callers = 509

// calls are requests as Kazoo 4.3 sends them: names of headers in lower case, parameters in its
// order, and nothing between those that stand for empty objects.
func calls(path, host string) [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{
		"JANE DOE", "ACME CORP.", "René Müller", "Bob's Bikes & More", "unknown", "SMITH,JOHN",
		"+12025550147", "Zoë",
	}
	made := make([][]byte, callers)
	for i := range made {
		number := fmt.Sprintf("+1202555%04d", random.IntN(10000))
		var form strings.Builder
		add := func(name, value string) { form.WriteString(name + "=" + url.QueryEscape(value)) }
		add("To-Realm", "198.51.100.10")
		add("&To", "+14155550100")
		add("&Request-Realm", "198.51.100.10")
		add("&Request", "+14155550100")
		add("&Language", "en-us")
		add("&From-Realm", "203.0.113.9")
		add("&From", number)
		add("&Direction", "inbound")
		add("&&&Caller-ID-Number", number)
		add("&Caller-ID-Name", names[random.IntN(len(names))])
		add("&Call-ID",
			fmt.Sprintf("%08x-%04x-4c0e-8f6d-%012x", random.Uint32(), random.IntN(1<<16), random.Uint64()>>16))
		add("&Api-Version", "4.x")
		add("&Account-ID", "7a1c0f8e2d4b4f6d9b3e5c7d8f9a0b1c")
		made[i] = fmt.Appendf(nil,
			"POST %s HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: %d\r\nte: \r\n"+
				"host: %s\r\nconnection: keep-alive\r\n\r\n%s", path, form.Len(), host, form.String())
	}
	return made
}

// load asks a server over n connections, each of which waits for its answer before it asks again,
// and gives how long each answer took, in order, and how long all of it. Anything but a 200 with a
// body that the server should give is an error.
func load(ctx context.Context, s *server, n int, long time.Duration) ([]time.Duration, time.Duration, error) {
	requests := calls(s.path, s.address)
	conns := make([]net.Conn, n)
	for i := range conns {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", s.address)
		if err != nil {
			return nil, 0, err
		}
		defer c.Close()
		conns[i] = c
	}
	type outcome struct {
		took []time.Duration
		err  error
	}
	outcomes := make(chan outcome)
	began := time.Now()
	for i, c := range conns {
		go func() {
			var o outcome
			o.took, o.err = askUntil(ctx, c, s, requests, i*callers/n, began.Add(long))
			outcomes <- o
		}()
	}
	var all []time.Duration
	var errs []error
	for range conns {
		o := <-outcomes
		all, errs = append(all, o.took...), append(errs, o.err)
	}
	asked := time.Since(began)
	slices.Sort(all)
	return all, asked, errors.Join(errs...)
}

// askUntil asks over one connection until a moment, once at least.
func askUntil(ctx context.Context, c net.Conn, s *server, requests [][]byte, next int,
	until time.Time,
) ([]time.Duration, error) {
	var took []time.Duration
	var body []byte
	r := bufio.NewReaderSize(c, 16<<10)
	for began := time.Now(); len(took) == 0 || began.Before(until) && ctx.Err() == nil; {
		if _, err := c.Write(requests[next%len(requests)]); err != nil {
			return nil, err
		}
		next++
		var err error
		body, err = answer(r, body)
		if err != nil {
			return nil, err
		}
		if !s.right(body) {
			return nil, fmt.Errorf("got the body %.200q", body)
		}
		ended := time.Now()
		took = append(took, ended.Sub(began))
		began = ended
	}
	return took, ctx.Err()
}

// answer reads an answer and gives its body, for which it takes the room of the last one. It
// understands what these servers write, a Content-Length or chunks, at a fraction of what
// net/http's client costs. After a statusError the next answer can be read, unless it says that the
// connection ends.
func answer(r *bufio.Reader, room []byte) ([]byte, error) {
	status, err := line(r)
	if err != nil {
		return nil, err
	}
	var other *statusError
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		code := strings.TrimPrefix(string(status), "HTTP/1.1 ")
		other = &statusError{code: code[:min(3, len(code))]}
	}
	length, chunked := -1, false
	for {
		header, err := line(r)
		if err != nil {
			return nil, err
		}
		if len(header) == 0 {
			break
		}
		name, value, _ := bytes.Cut(header, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("content-length")):
			if length, err = strconv.Atoi(textproto.TrimString(string(value))); err != nil {
				return nil, err
			}
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			chunked = true
		case other != nil && bytes.EqualFold(name, []byte("connection")):
			other.last = textproto.TrimString(string(value)) == "close"
		}
	}
	if other != nil {
		if _, err := r.Discard(max(0, length)); err != nil || length < 0 {
			other.last = true
		}
		return room, other
	}
	if length >= 0 {
		room = slices.Grow(room[:0], length)[:length]
		_, err := io.ReadFull(r, room)
		return room, err
	}
	if !chunked {
		return nil, errors.New("an answer without a length")
	}
	room = room[:0]
	for {
		text, err := line(r)
		if err != nil {
			return nil, err
		}
		size, err := strconv.ParseUint(string(text), 16, 20)
		if err != nil {
			return nil, err
		}
		room = slices.Grow(room, int(size)+2)
		chunk := room[len(room) : len(room)+int(size)+2] // with its line end
		if _, err := io.ReadFull(r, chunk); err != nil {
			return nil, err
		}
		room = room[:len(room)+int(size)]
		if size == 0 {
			return room, nil
		}
	}
}

// statusError is an answer that is not 200.
type statusError struct {
	code string
	last bool // the connection ends with it
}

func (e *statusError) Error() string { return "got status " + e.code }

func line(r *bufio.Reader) ([]byte, error) {
	text, err := r.ReadSlice('\n')
	return bytes.TrimRight(text, "\r\n"), err
}

// quantile gives a quantile of sorted durations; 0 of none.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// ready waits until a server answers a call.
func ready(ctx context.Context, s *server) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		_, _, err := load(ctx, s, 1, 0)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", s.name, err)
		case <-s.ended:
			return fmt.Errorf("%s has ended: %w", s.name, err)
		case <-ticker.C:
		}
	}
}

// serveBare is what net/http alone costs: parse the form, write the same bytes. It answers on
// the listener that it inherits.
func serveBare(ctx context.Context, file string) error {
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	l, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		return err
	}
	length := strconv.Itoa(len(body))
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", length)
		_, _ = w.Write(body)
	})}
	context.AfterFunc(ctx, func() { srv.Close() })
	return srv.Serve(l)
}
