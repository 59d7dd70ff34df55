package render

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/pivot"
	"github.com/callhours/callhours/templates"
)

// perValue is what looking at a value of data counts for, in bytes.
const perValue = 16

// placed is what was said of the output of a template. The same is said of one place, for whatever
// route and sample.
type placed struct {
	template *templates.Template
	says     string
}

// placer finds where what is wrong with an output was written, for the samples of a branch one
// after the other.
type placer struct {
	*branch
	look   *look
	before map[placed]diag.Pos   // what looks at other routes have found
	view   *View                 // of the sample that is looked at, filled in
	places *templates.Places     // of its output; nil until it is asked for
	paths  map[string][][]string // where texts stand in data
	spent  int                   // what that has cost, as templates count
}

// dataMistake is a fault of a callflow at the value of data that brought it, so that a wrong id is
// said once and where it is written; false where the value comes from elsewhere, or stands in more
// than one place.
func (p *placer) dataMistake(wrong *callflowError) (diag.Mistake, bool) {
	about, ok := errors.AsType[*pivot.Finding](wrong.err)
	b := p.branch
	if !ok || b.dataPlace == nil || about.Offset < 0 || about.Offset >= len(wrong.body) {
		return diag.Mistake{}, false
	}
	var text string
	if err := json.NewDecoder(bytes.NewReader(wrong.body[about.Offset:])).Decode(&text); err != nil || text == "" {
		return diag.Mistake{}, false // it is not the text that is wrong
	}
	paths, known := p.paths[text]
	if !known {
		paths = p.pathsOf(nil, nil, b.plain, text)
		p.paths[text] = paths
	}
	if len(paths) != 1 {
		return diag.Mistake{}, false
	}
	at := b.dataPlace(paths[0]...)
	if at.Line == 0 {
		return diag.Mistake{}, false // a default, which the template declares
	}
	return diag.Mistakef(at, "data %s: %s", strings.Join(paths[0], "."), about.Message), true
}

// pathsOf appends the paths at which a text stands in data: keys, and indexes in decimal.
func (p *placer) pathsOf(found [][]string, at []string, data any, text string) [][]string {
	p.spent += perValue
	switch data := data.(type) {
	case string:
		if data == text {
			found = append(found, slices.Clone(at))
		}
	case map[string]any:
		for key, value := range data {
			found = p.pathsOf(found, append(at, key), value, text)
		}
	case []any:
		for i, value := range data {
			found = p.pathsOf(found, append(at, strconv.Itoa(i)), value, text)
		}
	}
	return found
}

// place is where in the template the part of a callflow was written that an error is about;
// false where that is not known. It is looked for only if find is true.
func (p *placer) place(ctx context.Context, wrong *callflowError, find bool) (diag.Pos, bool) {
	about, ok := errors.AsType[*pivot.Finding](wrong.err)
	if !ok || about.Offset < 0 {
		return diag.Pos{}, false
	}
	key := placed{p.branch.template, wrong.says()}
	if at, ok := p.before[key]; ok {
		return at, true
	}
	if at, ok := p.look.placed[key]; ok {
		return at, true
	}
	if !find {
		return diag.Pos{}, false
	}
	if p.places == nil {
		spent, env := 0, p.view.env
		env.Spent = &spent
		p.places = p.branch.template.Places(ctx, p.view, env)
		p.spent += spent + p.places.Spent
	}
	at, ok := p.places.At(wrong.blanks + about.Offset)
	if ok {
		p.look.placed[key] = at
	}
	return at, ok
}
