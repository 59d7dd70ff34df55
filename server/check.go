package server

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/render"
)

// trySamples finds what is wrong with the answers for sample calls.
func (b *builder) trySamples(g *Generation) {
	for _, f := range render.Check(context.Background(), g.routes, b.now, nil) {
		if f.Warning {
			g.warnings = append(g.warnings, config.Warning{Mistake: f.Mistake, Kind: f.Kind})
			continue
		}
		for _, r := range f.Routes {
			f.Other = r.Pos
			b.mistakes = append(b.mistakes, f.Mistake)
			g.faulty[r] = true
		}
	}
	for _, m := range render.UnreadData(g.routes) {
		if !config.IsBuiltin(m.Pos) {
			g.warnings = append(g.warnings, config.Warning{Mistake: m, Kind: "data_unread"})
		}
	}
}

// Check gives what the packages find wrong with a configuration in which mistakes were found
// already, so that all of them can be said at once. It looks only at what stands by itself: nothing
// follows from what the mistakes left out.
func Check(file *config.File, files fs.FS, now time.Time) diag.Mistakes {
	b := builder{file: file, files: files, now: now}
	return b.check()
}

func (b *builder) check() diag.Mistakes {
	b.read()
	b.readFiles(nil)
	var whole []*render.Route
	for _, r := range b.file.Routes {
		var answers render.Options
		b.contain(r.Pos, fmt.Sprintf("route %q", r.Name), func() { answers = b.route(r) })
		if answers.Route == nil {
			continue
		}
		route, _ := render.New(answers)
		whole = append(whole, route)
	}
	for _, f := range render.Check(context.Background(), whole, b.now, nil) {
		// Everything else may follow from data that is missing because its line is wrong.
		if !f.Warning && strings.Contains(f.Message, " is not known; ") && !strings.Contains(f.Message, ".Data") {
			f.Other = f.Routes[0].Pos
			b.mistakes = append(b.mistakes, f.Mistake)
		}
	}
	return b.mistakes
}
