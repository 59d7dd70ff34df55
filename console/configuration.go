package console

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/preview"
)

// maxMessages is how many mistakes stand on the page, and how many warnings.
const maxMessages = 300

type configurationPage struct {
	preview.Status
	Mistakes, Warnings []messageRow
	More               int  // mistakes and warnings beyond those
	Done               bool // it was reloaded just now
}

// messageRow is a message with its place drawn.
type messageRow struct {
	preview.FileMessage
	Place string
	Drawn string // the line with a caret below the place; "" where it is not known
}

func (c *Console) configuration(w http.ResponseWriter, r *http.Request) {
	status := c.options.Status()
	m := configurationPage{
		Status: status, Mistakes: messageRows(status.Mistakes[:min(len(status.Mistakes), maxMessages)]),
		Warnings: messageRows(status.Warnings[:min(len(status.Warnings), maxMessages)]),
		More:     max(0, len(status.Mistakes)-maxMessages) + max(0, len(status.Warnings)-maxMessages),
		Done:     r.URL.Query().Has("reloaded"),
	}
	c.show(w, r, http.StatusOK, "configuration", page{
		Title: c.language(r).Text("Configuration"), Here: "configuration", Main: m,
	})
}

func messageRows(list []preview.FileMessage) []messageRow {
	var out []messageRow
	for _, s := range list {
		one := messageRow{FileMessage: s, Place: diag.Pos{File: s.File, Line: s.Line, Col: s.Column}.String()}
		if s.Text != "" {
			one.Drawn = caretLine(s)
		}
		out = append(out, one)
	}
	return out
}

// What is drawn of a long line: so many characters, so many of them before the caret.
const (
	maxDrawn       = 96
	maxDrawnBefore = 32
)

// caretLine is a line with its number, and below it a caret at the column. Of a long line it is the
// part around that.
func caretLine(s preview.FileMessage) string {
	number, line := fmt.Sprintf("%4d \u2502 ", s.Line), []rune(s.Text)
	column := s.Column - 1
	if column < 0 || column > len(line) {
		return number + string(clipRunes(line, 0))
	}
	from := 0
	if len(line) > maxDrawn && column > maxDrawnBefore {
		from = column - maxDrawnBefore
	}
	shown := clipRunes(line, from)
	before := slices.Clone(shown[:column-from])
	for i, r := range before {
		if r != '\t' {
			before[i] = ' '
		}
	}
	return number + string(shown) + "\n     \u2502 " + string(before) + "^"
}

// clipRunes is the part of a line that is drawn, with an ellipsis where more of it is.
func clipRunes(line []rune, from int) []rune {
	shown := slices.Clone(line[from:min(len(line), from+maxDrawn)])
	if from > 0 {
		shown[0] = '…'
	}
	if len(line) > from+maxDrawn {
		shown[maxDrawn-1] = '…'
	}
	return shown
}

// reload reads the configuration again; the page then says what came of it.
func (c *Console) reload(w http.ResponseWriter, r *http.Request) {
	if err := c.options.Reload(r.Context()); err != nil {
		if status := c.options.Status(); len(status.Mistakes) == 0 {
			c.showMessage(w, r, http.StatusUnprocessableEntity, c.language(r).Text("Not reloaded"), err.Error())
			return
		}
		http.Redirect(w, r, "/config", http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, "/config?reloaded=1", http.StatusSeeOther)
}
