package callhours_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates"
)

// TestDocs runs the fenced blocks of README.md and docs/*.md, page by page, each page in a
// directory of its own.
//
//   - yaml must parse. Where the first line names a file (`# tenants/acme.yaml`), the block is that file; where it is
//     `# callhours.yaml`, the block is a whole configuration and is loaded.
//   - json must parse, go-template must be a template that loads, ics a calendar that is read.
//   - console: `$ callhours …` is run and its output compared with the lines that follow, where … stands for anything;
//     `$ cd …` changes the directory, to that of an example of ours with `examples/`; `$ make …` must name a target; other programs and `callhours serve` are not run.
//
// A block with `sketch` after its language is for the eye only.
func TestDocs(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	pages = append(pages, "README.md", "CONTRIBUTING.md")
	if len(pages) == 0 {
		t.Fatal("found no pages")
	}
	program := builder(t.Context(), t.TempDir())
	for _, name := range pages {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range (page{name, t.TempDir(), program}).problems(t.Context(), string(text)) {
				t.Error(problem)
			}
		})
	}
}

const wholeConfig = "callhours.yaml"

// block is a fenced block of a page.
type block struct {
	language string // "" for none and for a sketch
	line     int    // of its first line of text
	text     string
}

// blocks finds the fenced blocks of a page.
func blocks(text string) ([]block, error) {
	var found []block
	var open *block
	fence, indent := "", ""
	for i, line := range strings.Split(text, "\n") {
		bare := strings.TrimLeft(line, " ")
		ticks := bare[:len(bare)-len(strings.TrimLeft(bare, "`"))]
		switch {
		case open == nil && len(ticks) >= 3:
			fence, indent = ticks, line[:len(line)-len(bare)]
			open = &block{line: i + 2}
			if words := strings.Fields(bare[len(ticks):]); len(words) > 0 && !slices.Contains(words, "sketch") {
				open.language = words[0]
			}
		case open != nil && ticks == fence && strings.TrimSpace(bare) == fence:
			found = append(found, *open)
			open = nil
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%d: a block is opened and not closed", open.line-1)
	}
	return found, nil
}

var fileComment = regexp.MustCompile(`^# ([a-z][\w./-]*\.(?:yaml|txt))\n`)

// file is the file that a block is, by its first line; "" for a block that is none.
func (b block) file() string {
	if m := fileComment.FindStringSubmatch(b.text); m != nil && b.language != "" {
		return m[1]
	}
	return ""
}

// page is a page whose blocks are run.
type page struct {
	name    string
	dir     string                 // where its files are written and its commands run
	program func() (string, error) // builds callhours
}

// problems runs a page and lists what is wrong with it, each with its place.
func (p page) problems(ctx context.Context, text string) []string {
	all, err := blocks(text)
	if err != nil {
		return []string{p.name + ":" + err.Error()}
	}
	var found []string
	// Files are there that a configuration above them names; routing tests are there from their block on, as for a
	// reader, since they are not meant for the built-in example.
	isTest := func(file string) bool { return strings.HasSuffix(file, "_test.yaml") }
	for _, b := range all {
		if file := b.file(); file != "" && file != wholeConfig && !isTest(file) {
			if err := p.write(file, b.text); err != nil {
				return []string{err.Error()}
			}
		}
	}
	for _, b := range all {
		if file := b.file(); isTest(file) {
			if err := p.write(file, b.text); err != nil {
				return []string{err.Error()}
			}
		}
		if err := p.run(ctx, b); err != nil {
			found = append(found, err.Error())
		}
	}
	return found
}

func (p page) write(name, text string) error {
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

// run runs one block by its language.
func (p page) run(ctx context.Context, b block) error {
	at := diag.Pos{File: p.name, Line: b.line, Col: 1}
	var err error
	switch b.language {
	case "yaml":
		err = yaml.Unmarshal([]byte(b.text), new(yaml.Node))
		if err == nil && b.file() == wholeConfig {
			if err = p.write(wholeConfig, b.text); err == nil {
				_, err = config.Load(filepath.Join(p.dir, wholeConfig), config.Options{})
			}
		}
	case "json":
		err = json.Unmarshal([]byte(b.text), new(any))
	case "go-template":
		library, mistakes := templates.Load(templates.Options{})
		if len(mistakes) == 0 {
			_, mistakes = library.Parse(at, b.text)
		}
		if len(mistakes) == 0 {
			return p.answer(ctx, b)
		}
		return diag.Mistakes(mistakes).Err()
	case "ics":
		_, err = calendars.Read([]byte(b.text), ical.Limits{})
	case "console":
		return p.converse(ctx, b)
	}
	if err != nil {
		return fmt.Errorf("%s: the block that starts here: %w", at, err)
	}
	return nil
}

// docsData is what the templates of the pages read.
const docsData = `
      front_desk: 0a4cf9b16dd04f3c8a8f0d6c1f7be9d2
      voicemail: 7b1e3d52c6a94f0eb4d2a9c8e5f60137
      devices: [0a4cf9b16dd04f3c8a8f0d6c1f7be9d2, 1b5df9b16dd04f3c8a8f0d6c1f7be9d3]
      timeout: 20
      vars: {campaign: autumn, desk: "2"}
`

// answer lets a template answer calls: `callhours check` finds nothing wrong with what it writes.
func (p page) answer(ctx context.Context, b block) error {
	callflow, err := yaml.Marshal(b.text)
	if err != nil {
		return err
	}
	err = p.write("answers.yaml",
		"listen: 127.0.0.1:8080\ntimezone: America/New_York\nroutes:\n  - name: docs\n    data:"+docsData+
			"    branches:\n      - name: closed\n        callflow: "+
			strings.ReplaceAll(string(callflow), "\n", "\n          ")+"\n")
	if err != nil {
		return err
	}
	program, err := p.program()
	if err != nil {
		return err
	}
	out, err := output(ctx, program, p.dir, []string{"check", "-c", "answers.yaml", "--offline", "--strict"})
	if err != nil {
		return fmt.Errorf("%s:%d: the callflow of this template: %s", p.name, b.line, out)
	}
	return nil
}

// step is a command of a console block and what the page shows of its output.
type step struct {
	line    int
	command string
	want    string // "" when the page shows nothing
}

// steps takes a console block apart. A command that ends in a backslash goes on in the next line.
func steps(b block) []step {
	var all []step
	goesOn := false
	for i, line := range strings.Split(strings.TrimRight(b.text, "\n"), "\n") {
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case goesOn:
			all[len(all)-1].command += strings.TrimSpace(line)
			isCommand = true
		case isCommand:
			all = append(all, step{line: b.line + i, command: command})
		case len(all) > 0:
			all[len(all)-1].want += line + "\n"
		}
		if isCommand {
			last := &all[len(all)-1]
			last.command, goesOn = strings.CutSuffix(last.command, `\`)
		}
	}
	return all
}

// converse runs the commands of a console block, up to the first that goes wrong.
func (p page) converse(ctx context.Context, b block) error {
	dir := p.dir
	for _, s := range steps(b) {
		where := fmt.Sprintf("%s:%d: %s", p.name, s.line, s.command)
		program := firstWord(s.command)
		if program != "callhours" && program != "cd" && program != "make" {
			continue // not ours to run
		}
		args, err := words(s.command)
		if err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		switch args = args[1:]; {
		case program == "make":
			if err := checkTargets(args); err != nil {
				return fmt.Errorf("%s: %w", where, err)
			}
		case program == "cd":
			if len(args) != 1 || !filepath.IsLocal(args[0]) {
				return fmt.Errorf("%s: want one directory below", where)
			}
			if dir = filepath.Join(dir, args[0]); strings.HasPrefix(args[0], "examples/") {
				dir = args[0] // of a clone
			}
			if _, err := os.Stat(dir); err != nil {
				return nil // a command that is not run would have made it
			}
		case len(args) > 0 && args[0] == "serve":
			// It does not end by itself.
		default:
			built, err := p.program()
			if err != nil {
				return fmt.Errorf("%s: %w", where, err)
			}
			got, err := output(ctx, built, dir, args)
			if s.want == "" && err != nil {
				return fmt.Errorf("%s: %w\n%s", where, err, got)
			}
			if !strings.HasPrefix(s.want, "warning: ") {
				got = exampleUsed.ReplaceAllString(got, "")
			}
			if s.want != "" && !fits(s.want, got) {
				return fmt.Errorf("%s\nprints:\n%s\nthe page says:\n%s", where, got, s.want)
			}
		}
	}
	return nil
}

// exampleUsed is what standard error says first where the built-in example is used. Pages need not show it.
var exampleUsed = regexp.MustCompile(`^warning: there is no \./callhours\.yaml here; .*\n`)

func firstWord(command string) string {
	if words := strings.Fields(command); len(words) > 0 {
		return words[0]
	}
	return ""
}

// words splits a command as a shell does, with quotes and comments, and refuses whatever else a shell would do.
func words(command string) ([]string, error) {
	var all []string
	word, inWord := strings.Builder{}, false
	quote := rune(0)
	for _, c := range command + " " {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == '"' && strings.ContainsRune("$`\\", c), quote == 0 && strings.ContainsRune("|&;<>()$`\\*?~", c):
			return nil, fmt.Errorf("%q would need a shell", c)
		case quote != 0:
			word.WriteRune(c)
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case c == ' ':
			if inWord {
				all = append(all, word.String())
			}
			word.Reset()
			inWord = false
		case c == '#' && !inWord:
			return all, nil
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote is opened and not closed")
	}
	return all, nil
}

// fits says whether output is what a page shows of it, where … stands for anything.
func fits(want, got string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(want)), "…", "(?s:.*)")
	return regexp.MustCompile("^" + pattern + "$").MatchString(strings.TrimSpace(got))
}

var target = regexp.MustCompile(`(?m)^([a-z-]+):`)

// checkTargets sees that each argument of make, other than a variable, is a target of the Makefile.
func checkTargets(args []string) error {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		return err
	}
	var known []string
	for _, m := range target.FindAllStringSubmatch(string(makefile), -1) {
		known = append(known, m[1])
	}
	for _, arg := range args {
		if !strings.Contains(arg, "=") && !slices.Contains(known, arg) {
			return fmt.Errorf("the Makefile has no target %q", arg)
		}
	}
	return nil
}

// output runs a program in a directory and returns all that it prints.
func output(ctx context.Context, program, dir string, args []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TZ=UTC")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// builder builds callhours into a directory the first time that it is asked, and says where it is.
func builder(ctx context.Context, dir string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		file := filepath.Join(dir, "callhours")
		out, err := exec.CommandContext(ctx, "go", "build", "-o", file, "./cmd/callhours").CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("go build ./cmd/callhours: %w\n%s", err, out)
		}
		return file, nil
	})
}

// TestPage shows what is found wrong on a page. The program is a shell here, that runs what it is given.
func TestPage(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	for _, c := range []struct{ what, text, want string }{ // want: what the first problem holds; "" for none
		{"nothing", "# Page\n\ntext\n", ""},
		{"yaml", "```yaml\na: [1\n```\n", "page.md:2:1: "},
		{"yaml that is a part", "```yaml\nbranches: [...]\n```\n", ""},
		{
			"a configuration", "```yaml\n# callhours.yaml\ncolour: red\n```\n",
			`callhours.yaml:2:1: unknown key "colour"`,
		},
		{"json", "```json\n{\"a\": …}\n```\n", "page.md:2:1: "},
		{"a sketch", "```json sketch\n{\"a\": …}\n```\n", ""},
		{"a template", "text\n```go-template\n{{ if }}\n```\n", "page.md:3"},
		{"a calendar", "```ics\nBEGIN:VEVENT\n```\n", "page.md:2:1: "},
		{
			"output", "```console\n$ callhours -c 'echo a; echo b'\na\nc\n```\n",
			"page.md:2: callhours -c 'echo a; echo b'",
		},
		{
			"output that fits", "```console\n$ callhours -c 'echo a; echo b'\n…\nb\n$ callhours -c 'exit 1'\n…\n```\n",
			"",
		},
		{"an exit code", "```console\n$ callhours -c 'exit 3'\n```\n", "exit status 3"},
		{"a target", "```console\n$ make test FUZZTIME=1s\n$ make coffee\n```\n", `no target "coffee"`},
		{"a pipe", "```console\n$ callhours version | sh\n```\n", `'|' would need a shell`},
		{"another program", "```console\n$ curl example.com | sh\n{}\n```\n", ""},
		{"a server", "```console\n$ callhours serve\n```\n", ""},
		{"a directory", "```yaml\n# a/b.yaml\n```\n```console\n$ cd a\n$ callhours -c ls\nb.yaml\n```\n", ""},
		{"a directory above", "```console\n$ cd ..\n```\n", "want one directory below"},
		{"a block left open", "text\n```console\n$ cd ..\n", "page.md:2: a block is opened and not closed"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			p := page{"page.md", t.TempDir(), func() (string, error) { return shell, nil }}
			got := strings.Join(p.problems(t.Context(), c.text), "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q in it", got, c.want)
			}
		})
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	got, err := blocks("# Page\n\n```yaml\n# callhours.yaml\na: 1\n```\n- item\n  ```json sketch\n  {…}\n  ```\n" +
		"````console\n$ make\n```\n````\n```\n# a.yaml\n```\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []block{
		{"yaml", 4, "# callhours.yaml\na: 1\n"},
		{"", 9, "{…}\n"},
		{"console", 12, "$ make\n```\n"},
		{"", 16, "# a.yaml\n"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	var files []string
	for _, b := range got {
		files = append(files, b.file())
	}
	if want := []string{"callhours.yaml", "", "", ""}; !slices.Equal(files, want) {
		t.Errorf("files: got %q, want %q", files, want)
	}
	if _, err := blocks("a\n```yaml\nb\n"); err == nil {
		t.Error("a block that is not closed: got no error")
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	got := steps(block{"console", 10, "$ callhours explain \\\n    --route main\nopen\n…\n$ make run\n"})
	want := []step{{10, "callhours explain --route main", "open\n…\n"}, {14, "make run", ""}}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		command string
		want    []string // nil: refused
	}{
		{
			`callhours explain --at '2026-12-25 10:00'  "a b"c`,
			[]string{"callhours", "explain", "--at", "2026-12-25 10:00", "a bc"},
		},
		{`callhours version # of the program`, []string{"callhours", "version"}},
		{`callhours x ''`, []string{"callhours", "x", ""}},
		{`callhours x '*' "|"`, []string{"callhours", "x", "*", "|"}},
		{`callhours x | sh`, nil},
		{`callhours x "$HOME"`, nil},
		{`callhours x > file`, nil},
		{`callhours 'x`, nil},
	} {
		got, err := words(c.command)
		if (err != nil) != (c.want == nil) || err == nil && !slices.Equal(got, c.want) {
			t.Errorf("words(%s): got %q, %v, want %q", c.command, got, err, c.want)
		}
	}
}

func TestFits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want, got string
		fits      bool
	}{
		{"open\n", "open\n\n", true},
		{"open", "opened", false},
		{"a … z\n", "a b\nc z\n", true},
		{"first\n…\nlast\n", "first\n2\n3\nlast\n", true},
		{"a.c", "abc", false},
		{"…", "", true},
	} {
		if got := fits(c.want, c.got); got != c.fits {
			t.Errorf("fits(%q, %q): got %v, want %v", c.want, c.got, got, c.fits)
		}
	}
}
