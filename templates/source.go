package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/funcs"
	"github.com/callhours/callhours/templates/trees"
)

// source is the text of one file, or of one template in another file.
type source struct {
	*trees.Source
	name string // as text/template names it in its messages
	zone funcs.Zones
}

// read reads a template file; nil with the mistakes if it cannot be used.
func read(dir fs.FS, file, name string, zone funcs.Zones) (*source, []diag.Mistake) {
	at := diag.Pos{File: name, Line: 1, Col: 1}
	info, err := fs.Stat(dir, file)
	if err == nil && info.Size() > MaxSource {
		return nil, []diag.Mistake{tooLargeMistake(at, info.Size())}
	}
	var text []byte
	if err == nil {
		text, err = fs.ReadFile(dir, file)
	}
	if err != nil {
		return nil, []diag.Mistake{diag.Mistakef(diag.Pos{File: name}, "cannot be read: %s", reason(err))}
	}
	// Editors on Windows write byte order marks, and joining files repeats them.
	return newSource(name, at, strings.TrimLeft(string(text), "\ufeff"), zone)
}

// newSource refuses texts that are no template whatever they say: nil with the mistakes.
func newSource(name string, at diag.Pos, text string, zone funcs.Zones) (*source, []diag.Mistake) {
	if len(text) > MaxSource {
		return nil, []diag.Mistake{tooLargeMistake(at, int64(len(text)))}
	}
	s := &source{trees.NewSource(at, text), name, zone}
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			return nil, []diag.Mistake{
				diag.Mistakef(s.Pos(parse.Pos(i)), "expected UTF-8, found the byte %#02x; save it as UTF-8", text[i]),
			}
		}
	}
	return s, nil
}

// reason is the part of a file error that does not repeat the name.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

func tooLargeMistake(at diag.Pos, size int64) diag.Mistake {
	return diag.Mistakef(at, "a template has at most %d bytes, found %d", MaxSource, size)
}

// parse is the trees of the text by name, the text's own under s.name. Functions are not resolved
// here.
func (s *source) parse() (map[string]*trees.Tree, []diag.Mistake) {
	t := parse.New(s.name)
	t.Mode = parse.SkipFuncCheck | parse.ParseComments
	parsed := map[string]*parse.Tree{}
	if _, err := t.Parse(s.Text, "", "", parsed); err != nil {
		return nil, []diag.Mistake{s.parseMistake(err)}
	}
	own := map[string]*trees.Tree{}
	for _, name := range slices.Sorted(maps.Keys(parsed)) {
		t := trees.New(parsed[name], s.Source)
		if t.Size.Deepest != nil {
			return nil, []diag.Mistake{diag.Mistakef(s.Pos(t.Size.Deepest.Position()),
				"more than %d {{if}}, {{else if}}, {{range}}, {{with}} and parentheses within each other; write it in simpler parts", trees.MaxNesting)}
		}
		if t.Size.Variables > MaxVariables {
			return nil, []diag.Mistake{diag.Mistakef(s.Pos(t.Root.Pos),
				"a template defines at most %d variables, found %d; write it in simpler parts", MaxVariables,
				t.Size.Variables)}
		}
		own[name] = t
	}
	var mistakes []diag.Mistake
	for _, t := range own {
		c := checker{source: s}
		c.list(t.Root)
		funcs.Instrument(t.Tree, t.Name != s.name)
		mistakes = append(mistakes, c.mistakes...)
		s.Warnings = append(s.Warnings, c.warnings...)
	}
	return own, mistakes
}

// parseMistake translates an error of text/template's parser.
func (s *source) parseMistake(err error) diag.Mistake {
	message := strings.TrimPrefix(err.Error(), "template: "+s.name+":")
	number, message, _ := strings.Cut(message, ":")
	line, _ := strconv.Atoi(number)
	message = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(message), "template: "))
	at := s.Place(max(line, 1), 0)
	at.Col = 0
	if open, found := s.openAction(); found && (message == "unexpected EOF" || strings.HasPrefix(message, "unclosed")) {
		return diag.Mistakef(s.Pos(open.offset), "%s", open.message())
	}
	if m, ok := s.misnamed(line, message); ok {
		return m
	}
	for _, w := range parseFaults {
		if m := w.pattern.FindStringSubmatch(message); m != nil {
			expanded := w.pattern.ReplaceAllString(message, w.say)
			if len(m) > 1 {
				at = s.find(line, m[1], at)
			}
			return diag.Mistakef(at, "%s", expanded)
		}
	}
	return diag.Mistakef(at, "%s", message)
}

// parseFaults are the sentences of text/template's parser that say too little, and ours. The first
// group is what the place is found by.
var parseFaults = []struct {
	pattern *regexp.Regexp
	say     string
}{
	{
		regexp.MustCompile(`^unexpected (\{\{end\}\})$`),
		`{{end}} closes nothing; expected an {{if}}, {{range}}, {{with}}, {{define}} or {{block}} before it`,
	},
	{regexp.MustCompile(`^unexpected (\{\{else\}\})$`), `{{else}} is outside {{if}}, {{range}} and {{with}}`},
	{regexp.MustCompile(`^unexpected "?(\})"? in operand$`), `found } alone; expected }} at the end of the action`},
	{regexp.MustCompile(`^undefined variable "(.*)"$`), `variable "$1" is not defined; write {{ $1 := … }} before it`},
	{regexp.MustCompile(`^missing value for (.*)$`), `{{$1}} needs a value, found none`},
	{regexp.MustCompile(`^(.*): missing value for command$`), `expected a value or a function, found none`},
	{
		regexp.MustCompile(`^max expression depth exceeded$`),
		`has more parentheses within each other than can be read; write it in simpler parts`,
	},
	{
		regexp.MustCompile(`^unterminated (raw )?quoted string$`),
		`a quoted text does not end; a quotation mark is missing`,
	},
	{regexp.MustCompile(`^multiple definition of template (".*")$`), `template $1 is defined twice`},
	{regexp.MustCompile(`^bad number syntax: "(.*)"$`), `expected a number, found "$1"`},
	{regexp.MustCompile(`^(\{\{break\}\}|\{\{continue\}\}) outside \{\{range\}\}$`), `$1 is outside {{range}}`},
	{regexp.MustCompile(`^unexpected "(&)" in .*$`), `&& has no meaning here; write {{ if and A B }}`},
	{
		regexp.MustCompile(`^unexpected "(\|)" in .*$`),
		`| leads to a function, as in {{ .Call.From | upper }}; for || write {{ if or A B }}`,
	},
	{regexp.MustCompile(`^unexpected "(=)" in .*$`), `= has no meaning here; write {{ if eq A B }} to compare`},
	{
		regexp.MustCompile(`^unexpected "(:=)" in .*$`),
		`the name of a variable begins with $, as in {{ $$x := .Call.From }}`,
	},
	{regexp.MustCompile(`^unexpected "(!)" in .*$`), `! has no meaning here; write {{ if not A }}, or {{ if ne A B }}`},
	{regexp.MustCompile(`^unexpected "(<)" in .*$`), `< has no meaning here; write {{ if lt A B }}, or le`},
	{regexp.MustCompile(`^unexpected "(>)" in .*$`), `> has no meaning here; write {{ if gt A B }}, or ge`},
	{
		regexp.MustCompile(`^unexpected "(\()" in .*$`),
		`arguments follow a function after a blank, not in parentheses, as in {{ default "x" .Data.y }}`,
	},
	{regexp.MustCompile(`^unexpected "(%)" in .*$`), `% has no meaning here; write texts in double quotes`},
	{
		regexp.MustCompile(`^unexpected "(\{)" in .*$`),
		`found { after {{; an action has two braces, as in {{ .Call.From }}`,
	},
	{
		regexp.MustCompile(`^(?:illegal|bad) number syntax: "(\+)"$`),
		`+ has no meaning here; write {{ add A B }} for numbers, or {{ print A B }} for texts`,
	},
	{regexp.MustCompile(`^malformed character constant: (.*)$`), `write texts in double quotes, found $1`},
	{regexp.MustCompile(`^unterminated character constant$`), `write texts in double quotes, found ' alone`},
	{
		regexp.MustCompile(`^unexpected "(\\)\\" in .*$`),
		`\" has no meaning in an action; write " alone, also where the action stands in a text`,
	},
	{
		regexp.MustCompile(`^unexpected "(\?)" in operand$`),
		`? has no meaning here; write {{ if A }}B{{ else }}C{{ end }}, or {{ .Data.x | default "y" }}`,
	},
	{regexp.MustCompile(`^unexpected "(.)" in command$`), `"$1" has no meaning here`},
	{regexp.MustCompile(`^unexpected "(.*)" in (.*)$`), `"$1" is not expected in $2`},
}

// wholeAction is an action on one line, quotedText a text in quotes.
var (
	wholeAction = regexp.MustCompile(`\{\{.*?\}\}`)
	// loneBrace is an action that a single brace closes.
	loneBrace  = regexp.MustCompile(`\{\{[^{}"]*(\})(?:[^}]|$)`)
	quotedText = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

// find is the place of a text on a line if it stands there once, or where it is first found in an
// action; else the known place.
func (s *source) find(line int, text string, known diag.Pos) diag.Pos {
	lines := strings.Split(s.Text, "\n")
	if text == "" || line < 1 || line > len(lines) {
		return known
	}
	if strings.Count(lines[line-1], text) == 1 {
		return s.Place(line, strings.Index(lines[line-1], text))
	}
	if at := loneBrace.FindStringSubmatchIndex(lines[line-1]); text == "}" && at != nil {
		return s.Place(line, at[2])
	}
	// It may stand in JSON as well, or in quotes.
	for _, at := range wholeAction.FindAllStringIndex(lines[line-1], -1) {
		inside := quotedText.ReplaceAllStringFunc(lines[line-1][at[0]:at[1]], func(quoted string) string {
			return strings.Repeat(" ", len(quoted))
		})
		if i := strings.Index(inside[len("{{"):], text); i >= 0 {
			return s.Place(line, at[0]+len("{{")+i)
		}
	}
	return known
}

// action is the beginning of an action that is not closed.
type action struct {
	offset  parse.Pos
	keyword string // "" for an action without its }}
	closer  string // how it is closed elsewhere, such as endif
}

func (a action) message() string {
	if a.keyword == "" {
		return "{{ is not closed; }} is missing"
	}
	if a.closer != "" {
		return fmt.Sprintf("{{%s}} is not closed; write {{end}} for {{%s}}", a.keyword, a.closer)
	}
	return "{{" + a.keyword + "}} is not closed; {{end}} is missing"
}

// actionText is one action: a comment, or a keyword, then quoted texts and anything else up to the
// end.
var actionText = regexp.MustCompile(`^\{\{(?:- )?\s*(?:` +
	`/\*(?s:.*?)\*/\s*|` +
	`([a-z]*)(?:"(?:[^"\\\n]|\\.)*"|` + "`[^`]*`" + `|'(?:[^'\\\n]|\\.)*'|[^"'}` + "`" + `]|\}[^}])*` +
	`)\}\}`)

// openAction finds the innermost block, or the action, that has no end: text/template does not say
// which it is.
func (s *source) openAction() (action, bool) {
	var open []action
	for offset := 0; ; {
		i := strings.Index(s.Text[offset:], "{{")
		if i < 0 {
			break
		}
		offset += i
		m := actionText.FindStringSubmatch(s.Text[offset:])
		if m == nil {
			return action{offset: parse.Pos(offset)}, true
		}
		switch m[1] {
		case "if", "range", "with", "define", "block":
			open = append(open, action{offset: parse.Pos(offset), keyword: m[1]})
		case "endif", "endfor", "endrange", "endwith", "fi", "done":
			if len(open) > 0 {
				open[len(open)-1].closer = m[1]
			}
		case "end":
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
		offset += len(m[0])
	}
	if len(open) == 0 {
		return action{}, false
	}
	return open[len(open)-1], true
}
