package console

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/preview"
)

// mostSaid is how many mistakes stand on the page, and how many warnings.
const mostSaid = 300

type configurationPage struct {
	preview.Status
	Mistakes, Warnings []said
	More               int  // mistakes and warnings beyond those
	Done               bool // it was reloaded just now
}

// said is a message with its place drawn.
type said struct {
	preview.Said
	Place string
	Drawn string // the line with a caret below the place; "" where it is not known
}

func (c *Console) configuration(w http.ResponseWriter, r *http.Request) {
	status := c.options.Status()
	m := configurationPage{
		Status: status, Mistakes: drawn(status.Mistakes[:min(len(status.Mistakes), mostSaid)]),
		Warnings: drawn(status.Warnings[:min(len(status.Warnings), mostSaid)]),
		More:     max(0, len(status.Mistakes)-mostSaid) + max(0, len(status.Warnings)-mostSaid),
		Done:     r.URL.Query().Has("reloaded"),
	}
	c.show(r.Context(), w, http.StatusOK, "configuration", page{Title: "Configuration", Here: "configuration", Main: m})
}

func drawn(list []preview.Said) []said {
	var out []said
	for _, s := range list {
		one := said{Said: s, Place: diag.Pos{File: s.File, Line: s.Line, Col: s.Column}.String()}
		if s.Text != "" {
			one.Drawn = pointed(s)
		}
		out = append(out, one)
	}
	return out
}

// pointed is a line with its number, and below it a caret at the column.
func pointed(s preview.Said) string {
	number := fmt.Sprintf("%4d \u2502 ", s.Line)
	text := number + s.Text
	if s.Column == 0 || s.Column > utf8.RuneCountInString(s.Text)+1 {
		return text
	}
	before := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, string([]rune(s.Text)[:s.Column-1]))
	return text + "\n     \u2502 " + before + "^"
}

// reload reads the configuration again; the page then says what came of it.
func (c *Console) reload(w http.ResponseWriter, r *http.Request) {
	if err := c.options.Reload(r.Context()); err != nil {
		if status := c.options.Status(); len(status.Mistakes) == 0 {
			c.say(r.Context(), w, http.StatusUnprocessableEntity, "Not reloaded", err.Error())
			return
		}
		http.Redirect(w, r, "/config", http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, "/config?reloaded=1", http.StatusSeeOther)
}
