package main

import (
	"bufio"
	"io"
	"regexp"
	"testing"
)

// startedEvent finds the addresses of the listeners in the event of the log that a server has
// started, in text and in JSON.
var startedEvent = regexp.MustCompile(
	`msg"?[=:]"?started\b.*[ ,]"?listen"?[=:]"?([^ ",]+).*[ ,]"?admin_listen"?[=:]"?([^ ",]+)`)

// readStarted reads a server's log until the server has started, and gives the URLs of its
// listeners; "" if the log ends before. What it reads is written to kept.
func readStarted(log *bufio.Reader, kept io.StringWriter) (calls, admin string) {
	for {
		line, err := log.ReadString('\n')
		if _, failed := kept.WriteString(line); failed != nil || err != nil {
			return "", ""
		}
		if found := startedEvent.FindStringSubmatch(line); found != nil {
			return "http://" + found[1], "http://" + found[2]
		}
	}
}

// TestStartedEvent: the tests find a server by its log in both formats.
func TestStartedEvent(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		`time=2026-11-23T15:00:00Z level=INFO msg=started version=v1 configuration="a file" listen=127.0.0.1:1 admin_listen=127.0.0.1:2 routes=1`,
		`{"time":"2026-11-23T15:00:00Z","level":"INFO","msg":"started","version":"v1","listen":"127.0.0.1:1","admin_listen":"127.0.0.1:2","routes":1}`,
	} {
		found := startedEvent.FindStringSubmatch(line)
		if found == nil || found[1] != "127.0.0.1:1" || found[2] != "127.0.0.1:2" {
			t.Errorf("%s: found %q", line, found)
		}
	}
}
