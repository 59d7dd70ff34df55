// Package templates turns template files into callflows: text/template with a short list of
// functions, encoders for the places in JSON where actions stand, and bounds that no template can
// pass.
//
// Load reads the user's *.json.tmpl files and the built-in library, and reports everything that is
// wrong in them at once, each mistake with its place. What it returns never changes and may be used
// from many goroutines.
//
//	library, mistakes := templates.Load(templates.Options{Dir: os.DirFS("templates"), Path: "templates"})
//	…
//	err := library.Template("voicemail").Execute(ctx, &buffer, data, funcs.Env{Now: now})
//
// Each file is a set of its own: what it defines can be called by itself alone, save for what files
// named _*.json.tmpl define, which all others of their directory can call. A template reads .Data,
// .Call and so on from the data that Execute is given; the package knows their names (to refuse a
// misspelt one at load), not their types. The only clock is Env.Now, the only time zone that of
// Env.Now.
//
// A text goes through its rooms in this order: trees parse it and know its places, the checks here
// refuse what no template may say (vocabulary says what was meant), funcs puts counts of steps into
// it, jsonsafe proves that it writes JSON whatever the data is, and what it reads is worked out
// ([Template.Uses]). That the JSON is a callflow is not checked here. Templates whose result is
// text (ParseText) write it as it is.
//
// Bounds: MaxSource, MaxOutput and MaxVariables here, those of an execution in package funcs; what
// passes one ends with an error for which funcs.IsLimit holds.
package templates

import (
	"cmp"
	"embed"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/funcs"
	"github.com/callhours/callhours/templates/trees"
)

// templateExt is what the names of template files end in.
const templateExt = ".json.tmpl"

//go:embed library/*.json.tmpl
var builtIn embed.FS

// Options name the user's templates.
type Options struct {
	Dir  fs.FS  // holds *.json.tmpl files at its top level; nil: only the built-in library
	Path string // how messages name Dir, such as "./templates"
	// Zone finds a time zone by its IANA name for dateInZone; nil: time.LoadLocation. Its error is
	// not shown.
	Zone func(name string) (*time.Location, error)
}

// Library is the templates by name: the user's and the built-in ones.
type Library struct {
	templates map[string]*Template   // by name
	sources   map[string]string      // texts, by name
	pieces    map[string]*trees.Tree // what the user's _*.json.tmpl define, by the name of the definition
	zone      funcs.Zones

	mu     sync.Mutex
	parsed map[parsedKey]*Template // texts in other files that have no mistakes
}

// parsedKey identifies a text in another file. Many routes share one that stands in a plan, or in
// data for all.
type parsedKey struct {
	at     diag.Pos
	text   string
	output output
}

// Load reads and checks every template. A user's template hides the built-in one of its name. The
// library is never nil; a template that has mistakes is in it, so that its name is known, and its
// Execute returns them.
func Load(o Options) (*Library, []diag.Mistake) {
	l := &Library{templates: map[string]*Template{}, sources: map[string]string{}, zone: o.Zone}
	if l.zone == nil {
		l.zone = time.LoadLocation
	}
	library, err := fs.Sub(builtIn, "library")
	if err != nil {
		panic(err) // the embedded directory is there or the package does not build
	}
	_, mistakes := l.add(library, "library")
	if o.Dir != nil {
		var wrong []diag.Mistake
		l.pieces, wrong = l.add(o.Dir, path.Clean(cmp.Or(o.Path, ".")))
		mistakes = append(mistakes, wrong...)
	}
	return l, mistakes
}

// add reads the templates of a directory and returns the definitions that its files share.
func (l *Library) add(dir fs.FS, where string) (map[string]*trees.Tree, []diag.Mistake) {
	names, err := fs.Glob(dir, "*"+templateExt)
	if err == nil {
		_, err = fs.Stat(dir, ".")
	}
	if err != nil {
		return nil, []diag.Mistake{diag.Mistakef(diag.Pos{File: where}, "cannot be read: %s", reason(err))}
	}
	var mistakes []diag.Mistake
	pieces := map[string]*trees.Tree{}
	var files []*source
	for _, name := range names {
		var s *source
		wrong := containPanic(path.Join(where, name), func() (wrong []diag.Mistake) {
			s, wrong = read(dir, name, path.Join(where, name), l.zone)
			return wrong
		})
		mistakes = append(mistakes, wrong...)
		piece := strings.HasPrefix(name, "_")
		switch {
		case s != nil && piece:
			mistakes = append(mistakes, containPanic(path.Join(where, name), func() []diag.Mistake {
				own, wrong := s.parse()
				return append(wrong, share(pieces, own, s)...)
			})...)
		case s != nil:
			files = append(files, s)
		case !piece:
			l.templates[templateName(name)] = &Template{name: templateName(name), mistakes: wrong}
		}
	}
	for _, s := range files {
		name := templateName(path.Base(s.name))
		var t *Template
		wrong := containPanic(s.At.File, func() (wrong []diag.Mistake) {
			t, wrong = build(name, s, pieces, callflow)
			return wrong
		})
		if t == nil {
			t = &Template{name: name, mistakes: wrong}
		}
		mistakes = append(mistakes, wrong...)
		l.templates[name], l.sources[name] = t, s.Text
	}
	return pieces, mistakes
}

// containPanic returns a panic as a mistake in a file.
func containPanic(file string, f func() []diag.Mistake) (wrong []diag.Mistake) {
	if err := contain.Do(func() error { wrong = f(); return nil }); err != nil {
		return []diag.Mistake{diag.Mistakef(diag.Pos{File: file}, "%s", err)}
	}
	return wrong
}

// share adds the definitions of one _*.json.tmpl to the pieces.
func share(pieces, own map[string]*trees.Tree, s *source) []diag.Mistake {
	var mistakes []diag.Mistake
	for _, name := range slices.Sorted(maps.Keys(own)) {
		t := own[name]
		if name == s.name {
			if n := firstOutput(t.Root); n != nil {
				mistakes = append(mistakes, diag.Mistakef(s.Pos(n.Position()),
					"a file whose name begins with _ must contain only {{define}}, found other text"))
			}
			continue
		}
		if other, ok := pieces[name]; ok {
			mistakes = append(mistakes, diag.Mistakef(s.Pos(t.Root.Pos),
				"template %q is already defined in %s", name, other.Source.At.File))
			continue
		}
		pieces[name] = t
	}
	return mistakes
}

// Names lists the templates without their ending, sorted.
func (l *Library) Names() []string { return slices.Sorted(maps.Keys(l.templates)) }

// Template finds a template by its name without the ending; nil if there is none.
func (l *Library) Template(name string) *Template { return l.templates[name] }

// Source gives the text of a template as its file holds it.
func (l *Library) Source(name string) (string, bool) {
	text, ok := l.sources[name]
	return text, ok
}

// Parse makes a template of a callflow that stands in another file, such as the configuration. The
// first character of the text stands at the place at; line k of the text at line at.Line+k-1, each
// line indented like the first (a YAML block scalar). The text sees what the user's _*.json.tmpl
// define. The template is nil if there are mistakes.
func (l *Library) Parse(at diag.Pos, text string) (*Template, []diag.Mistake) {
	return l.parse(at, text, callflow)
}

// ParseText is Parse for a template whose result is text and no JSON, such as a string in data.
func (l *Library) ParseText(at diag.Pos, s string) (*Template, []diag.Mistake) {
	return l.parse(at, s, text)
}

// parse parses each text once.
func (l *Library) parse(at diag.Pos, text string, writes output) (*Template, []diag.Mistake) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := parsedKey{at, text, writes}
	if t := l.parsed[key]; t != nil {
		return t, nil
	}
	s, mistakes := newSource(cmp.Or(at.String(), "template"), at, text, l.zone)
	if s == nil {
		return nil, mistakes
	}
	t, mistakes := build(s.name, s, l.pieces, writes)
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	if l.parsed == nil {
		l.parsed = map[parsedKey]*Template{}
	}
	l.parsed[key] = t
	return t, nil
}

// Forget drops the texts that Parse and ParseText were given. Templates of them stay usable.
func (l *Library) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.parsed = nil
}

func templateName(file string) string { return strings.TrimSuffix(file, templateExt) }
