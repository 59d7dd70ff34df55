package main

import (
	"io"

	"github.com/callhours/callhours/internal/diag"
)

// exact is a writer of bytes that a file is made of, such as a calendar: commands print through a
// [diag.Terminal].
func exact(w io.Writer) io.Writer {
	if t, ok := w.(*diag.Terminal); ok {
		w = t.To
	}
	if c, ok := w.(*colored); ok {
		w = c.to
	}
	return w
}
