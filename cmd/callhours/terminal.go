package main

import (
	"cmp"
	"encoding/json"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// isTerminal is whether somebody sits in front of it.
func isTerminal(to io.Writer) bool {
	f, ok := exact(to).(*os.File)
	return ok && isTerminalFile(f)
}

// isTerminalFile is whether a file is a terminal.
func isTerminalFile(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), getTermios)
	return err == nil
}

// hasColor is whether text to there may be colored: on a terminal, unless NO_COLOR is set
// (no-color.org) or the terminal cannot.
func hasColor(to io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && cmp.Or(os.Getenv("TERM"), "dumb") != "dumb" && isTerminal(to)
}

// newEncoder writes JSON values to the standard output, indented where somebody reads them.
func newEncoder(to io.Writer, indented bool) *json.Encoder {
	out := json.NewEncoder(to)
	out.SetEscapeHTML(false)
	if indented {
		out.SetIndent("", "  ")
	}
	return out
}
