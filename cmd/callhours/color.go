package main

import (
	"bytes"
	"io"
	"regexp"
)

// colored writes lines to a terminal, with colors for the words that matter. Control characters
// of the text have been escaped before, so that all sequences are from here.
type colored struct {
	to      io.Writer
	midline bool // what is written next does not begin a line
}

const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
)

// highlights finds the words: results of tests, severities, and the states of spans of hours.
var highlights = regexp.MustCompile(`^(ok|FAIL|warning:|problem:|error:)(?: |$)|` +
	`^(?:[A-Z][a-z]{2} \d{4}-\d\d-\d\d| {14}) +\d\d:\d\d +(?:\S+ \()?(open|closed|unknown)(?:\)|\s)`)

func colorOf(word string) string {
	switch word {
	case "ok", "open":
		return green
	case "FAIL", "error:", "problem:", "unknown":
		return red
	}
	return yellow
}

func (c *colored) Write(p []byte) (int, error) {
	var out bytes.Buffer
	for line := range bytes.Lines(p) {
		if at := highlights.FindSubmatchIndex(line); at != nil && !c.midline {
			from, to := at[2], at[3]
			if from < 0 {
				from, to = at[4], at[5]
			}
			word := string(line[from:to])
			out.Write(line[:from])
			out.WriteString(colorOf(word) + word + plain)
			line = line[to:]
		}
		out.Write(line)
		c.midline = !bytes.HasSuffix(line, []byte("\n"))
	}
	if _, err := c.to.Write(out.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}
