package main

import (
	"bytes"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestQuiet reads a feed that is longer than its server announces, of which net/http has something
// to say by itself. It is not parallel, since it looks at what is the process's.
func TestQuiet(t *testing.T) {
	const text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:PLANTED\r\nDTSTART:20270104T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = c.Read(make([]byte, 4096)) // a request
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n"+text)
				_, _ = c.Read(make([]byte, 1)) // until the client has had enough
			}()
		}
	}()
	url := "http://" + listener.Addr().String() + "/"
	var said bytes.Buffer
	former := log.Writer()
	defer log.SetOutput(former)
	log.SetOutput(&said)

	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"events", url, "--timezone", "UTC"},
		environment{strings.NewReader(""), &out, &errs, time.Now})
	if code != exitFailure ||
		!strings.Contains(errs.String(), "truncated: expected END:VCALENDAR at the end of its 60 bytes") {
		t.Errorf("exit %d: %s%s", code, out.String(), errs.String())
	}
	if log.Writer() != io.Discard || said.Len() > 0 || strings.Contains(out.String()+errs.String(), "PLANTED") {
		t.Errorf("said %q, %q, %q", said.String(), out.String(), errs.String())
	}
}

// TestLoud holds against TestQuiet that net/http does speak there.
func TestLoud(t *testing.T) {
	said := make(chan string, 10)
	former := log.Writer()
	defer log.SetOutput(former)
	log.SetOutput(writerFunc(func(p []byte) { said <- string(p) }))
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = c.Read(make([]byte, 4096))
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naPLANTED")
		_, _ = c.Read(make([]byte, 1))
	}()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(answer.Body)
	answer.Body.Close()
	select {
	case line := <-said:
		if !strings.Contains(line, "PLANTED") {
			t.Errorf("net/http says %q", line)
		}
	case <-time.After(time.Minute):
		t.Error("net/http says nothing any more: TestQuiet proves nothing")
	}
}

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}
