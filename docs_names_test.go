package callhours_test

import (
	"context"
	"fmt"
	"go/build"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// TestDocsNames checks that everything the pages name exists: linked files and headings, files and
// directories in backticks, commands and flags of callhours, targets of make.
func TestDocsNames(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	pages = append(pages, "README.md", "CONTRIBUTING.md", "SECURITY.md")
	program, err := builder(t.Context(), t.TempDir())()
	if err != nil {
		t.Fatal(err)
	}
	c := nameChecker{commands: &commandTable{ctx: t.Context(), program: program}, used: map[string]bool{}}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range c.problems(page, string(text)) {
			t.Error(problem)
		}
	}
	for _, prefix := range elsewhere {
		if !c.used[prefix] {
			t.Errorf("no page names anything that begins with %q; remove it from the list", prefix)
		}
	}
}

// elsewhere are the beginnings of names in the pages that belong to an installation or to another program.
var elsewhere = []string{
	"tenants/", "acme/", "tenant/", "office/", // an installation's
	"state_dir/", "accepted/", "events/", "feeds/", "reading/", // in state_dir
	"--enable-feature", "--ulimit", // Prometheus' and Docker's
	"Asia/Mumbai", // a mistake that docs/calendars.md shows
}

// nameChecker finds names in pages that name nothing.
type nameChecker struct {
	commands *commandTable
	used     map[string]bool // prefixes of elsewhere that a page has used
}

var (
	codeSpan = regexp.MustCompile("`([^`]+)`")
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	pathLike = regexp.MustCompile(`^\.?[\w*][\w.*…-]*(/[\w.*…-]*)+$|^[\w*-]+\.(go|md|pgo|txtar)$`)
	// anyName is a part of a path that stands for any name, such as NAME and HASH.
	anyName = regexp.MustCompile(`[A-Z]{3,}|…`)
)

// problems lists the names on a page that name nothing, each with its line.
func (c nameChecker) problems(page, text string) []string {
	var found []string
	report := func(line int, err error) {
		if err != nil {
			found = append(found, fmt.Sprintf("%s:%d: %v", page, line, err))
		}
	}
	all, err := blocks(text)
	if err != nil {
		return []string{page + ":" + err.Error()}
	}
	for _, b := range all {
		for i, line := range strings.Split(b.text, "\n") {
			if command, ok := strings.CutPrefix(strings.TrimPrefix(line, "$ "), "callhours "); ok {
				report(b.line+i, c.commands.check(command))
			}
		}
	}
	seen := map[string]bool{}
	for _, anchor := range anchors(text) {
		if seen[anchor] {
			report(1, fmt.Errorf("two headings are #%s", anchor))
		}
		seen[anchor] = true
	}
	line := 1
	for _, paragraph := range paragraphs(text) {
		for _, m := range link.FindAllStringSubmatch(paragraph, -1) {
			report(line, checkLink(page, m[1]))
		}
		dir := "."
		for _, m := range codeSpan.FindAllStringSubmatch(paragraph, -1) {
			report(line, c.checkSpan(page, strings.Join(strings.Fields(m[1]), " "), &dir))
		}
		line += strings.Count(paragraph, "\n")
	}
	return found
}

// paragraphs splits a page into what is read as one: a heading, a row of a table, an item of a list,
// a paragraph. Together they are the page, but that lines of fenced blocks are empty.
func paragraphs(text string) []string {
	var all []string
	fenced := false
	for line := range strings.SplitAfterSeq(text, "\n") {
		bare := strings.TrimSpace(line)
		isFence := strings.HasPrefix(bare, "```")
		if isFence {
			fenced = !fenced
		}
		if fenced || isFence {
			line, bare = "\n", ""
		}
		begins := bare == "" || strings.HasPrefix(bare, "|") || strings.HasPrefix(bare, "- ") || strings.HasPrefix(bare, "#")
		if begins || len(all) == 0 || strings.TrimSpace(all[len(all)-1]) == "" || strings.HasPrefix(all[len(all)-1], "#") {
			all = append(all, line)
		} else {
			all[len(all)-1] += line
		}
	}
	return all
}

// checkSpan checks what stands between backticks. dir is where a file without a directory is looked for, and becomes
// that of each file that is found.
func (c nameChecker) checkSpan(page, span string, dir *string) error {
	words := strings.Fields(span)
	if len(words) == 0 || c.isElsewhere(span) {
		return nil
	}
	switch first := words[0]; {
	case first == "callhours":
		return c.commands.check(strings.TrimPrefix(span, "callhours"))
	case first == "make" && len(words) > 1 && !anyName.MatchString(words[1]):
		return checkTargets(words[1:2])
	case strings.HasPrefix(first, "--"):
		return c.commands.checkAnyFlag(first)
	case len(words) > 1 && strings.HasPrefix(words[1], "--") && c.commands.help(first) != "":
		return c.commands.check(span)
	case len(words) == 1 && pathLike.MatchString(span):
		return checkPath(page, span, dir)
	}
	return nil
}

func (c nameChecker) isElsewhere(span string) bool {
	for _, prefix := range elsewhere {
		if strings.HasPrefix(span, prefix) {
			c.used[prefix] = true
			return true
		}
	}
	return false
}

// checkPath finds a path from the root, from the page, or beside the file that was named before it.
// A Go package, a module, a time zone and a network look like paths too.
func checkPath(page, span string, dir *string) error {
	pattern := anyName.ReplaceAllString(strings.TrimSuffix(span, "/"), "*")
	for _, from := range []string{".", filepath.Dir(page), *dir} {
		if files, err := filepath.Glob(filepath.Join(from, pattern)); err == nil && len(files) > 0 {
			*dir = filepath.Dir(files[0])
			return nil
		}
	}
	if mod, err := os.ReadFile("go.mod"); err == nil && strings.Contains(string(mod), "\t"+span+" v") {
		return nil
	}
	if _, err := build.Import(span, ".", build.FindOnly); err == nil && strings.Contains(span, "/") {
		return nil
	}
	_, prefixErr := netip.ParsePrefix(span)
	if _, err := time.LoadLocation(span); err == nil || prefixErr == nil {
		return nil
	}
	return fmt.Errorf("there is no file or directory %s", span)
}

// checkLink checks a link to a file of the repository and to a heading in it.
func checkLink(page, target string) error {
	if strings.Contains(target, "://") {
		return nil
	}
	file, anchor, _ := strings.Cut(target, "#")
	path := page
	if file != "" {
		path = filepath.Join(filepath.Dir(page), file)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("the link %s leads to no file", target)
	}
	if anchor == "" || info.IsDir() {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !slices.Contains(anchors(string(text)), anchor) {
		return fmt.Errorf("the link %s leads to no heading", target)
	}
	return nil
}

// anchors are the fragments by which the headings of a page are linked, as GitHub makes them.
func anchors(text string) []string {
	var all []string
	for _, paragraph := range paragraphs(text) {
		heading, found := strings.CutPrefix(strings.TrimLeft(paragraph, "#"), " ")
		if !found || !strings.HasPrefix(paragraph, "#") {
			continue
		}
		heading, _, _ = strings.Cut(heading, "\n")
		all = append(all, strings.Map(func(c rune) rune {
			switch {
			case c == ' ':
				return '-'
			case unicode.IsLetter(c), unicode.IsDigit(c), c == '-', c == '_':
				return unicode.ToLower(c)
			}
			return -1
		}, heading))
	}
	return all
}

// commandTable has the commands and flags of a program, as its help lists them.
type commandTable struct {
	ctx     context.Context
	program string
	helps   map[string]string // by command; "" for none
}

// help is the help of a command, such as `feeds refresh`; "" if there is no such command.
func (c *commandTable) help(command string) string {
	if text, ok := c.helps[command]; ok {
		return text
	}
	ctx, cancel := context.WithTimeout(c.ctx, time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, c.program, append([]string{"help"}, strings.Fields(command)...)...).Output()
	text := string(out)
	if err != nil || !strings.Contains(text, "callhours "+command) {
		text = ""
	}
	if c.helps == nil {
		c.helps = map[string]string{}
	}
	c.helps[command] = text
	return text
}

var (
	commandWord = regexp.MustCompile(`^[a-z]+$`)
	flagWord    = regexp.MustCompile(`^\[?(--?[a-zA-Z][a-z-]*)`)
	flagInHelp  = regexp.MustCompile(`--?[a-z][a-z-]*`)
)

// check checks a command line without the program's name: the command exists, and has the flags.
func (c *commandTable) check(line string) error {
	words := strings.Fields(line)
	if len(words) == 0 || !commandWord.MatchString(words[0]) {
		return nil // the program alone, or a anyName
	}
	command := words[0]
	if c.help(command) == "" {
		return fmt.Errorf("callhours has no command %q", command)
	}
	if len(words) > 1 && commandWord.MatchString(words[1]) && c.help(command+" "+words[1]) != "" {
		command += " " + words[1]
	}
	known := flagInHelp.FindAllString(c.help(command)+" -h --help", -1)
	for _, word := range words[1:] {
		if strings.ContainsAny(word[:1], "|>#&;") {
			break // another program, or a comment
		}
		if m := flagWord.FindStringSubmatch(word); m != nil && !slices.Contains(known, m[1]) {
			return fmt.Errorf("callhours %s has no flag %s", command, m[1])
		}
	}
	return nil
}

var commandInHelp = regexp.MustCompile(`(?m)^  ([a-z]+) `)

// checkAnyFlag checks that some command has the flag.
func (c *commandTable) checkAnyFlag(word string) error {
	m := flagWord.FindStringSubmatch(word)
	if m == nil || m[1] == "--version" || m[1] == "--help" {
		return nil
	}
	if c.hasFlag("", m[1]) {
		return nil
	}
	return fmt.Errorf("no command of callhours has the flag %s", m[1])
}

// hasFlag reports whether a command, or one below it, has the flag.
func (c *commandTable) hasFlag(command, flag string) bool {
	help := c.help(command)
	if slices.Contains(flagInHelp.FindAllString(help, -1), flag) {
		return true
	}
	_, list, _ := strings.Cut(help, "Available Commands:")
	return slices.ContainsFunc(commandInHelp.FindAllStringSubmatch(list, -1), func(sub []string) bool {
		return c.hasFlag(strings.TrimSpace(command+" "+sub[1]), flag)
	})
}

// TestNames shows what is found wrong on a page.
func TestNames(t *testing.T) {
	t.Parallel()
	help := map[string]string{
		"": "Available Commands:\n  feeds   list\n  serve   run\n", "feeds": "callhours feeds\n --admin URL",
		"feeds refresh": "callhours feeds refresh\n --admin URL", "serve": "callhours serve\n -c, --config file\n --strict",
		"nope": "", "sevre": "", "refresh": "", "feeds now": "", "serve now": "",
	}
	for _, c := range []struct{ text, want string }{ // want: what the first problem says; "" for none
		{"See [the design](docs/design.md#2-the-house), `docs/design.md` and `server/`.", ""},
		{"See [this](docs/nope.md).", "README.md:1: the link docs/nope.md leads to no file"},
		{"# A\n\nSee\n[this](docs/design.md#nope).", "README.md:3: the link docs/design.md#nope leads to no heading"},
		{"[Up](#quick-start)", ""},
		{"# A\n\n## A", "README.md:1: two headings are #a"},
		{"[Up](#nope)", "the link #nope leads to no heading"},
		{"`docs/nope.md`", "there is no file or directory docs/nope.md"},
		{"| a | `examples/systemd` |", "there is no file or directory examples/systemd"},
		{"`server/server.go`, `reload.go`", ""},
		{"`server/server.go`\n\n`reload.go`", "there is no file or directory reload.go"},
		{"`templates/library/NAME.json.tmpl`, `templates/*.go`", ""},
		{"`templates/NAME.toml`", "there is no file or directory templates/NAME.toml"},
		{"`net/http`, `America/New_York`, `198.51.100.0/24`, `golang.org/x/text`, `tenants/acme.yaml`", ""},
		{"`callhours serve -c x.yaml --strict`, `serve --strict`, `--admin`, `callhours`", ""},
		{"`callhours sevre`", `callhours has no command "sevre"`},
		{"`callhours\nserve --dayz`", "callhours serve has no flag --dayz"},
		{"`serve --dayz 3`", "callhours serve has no flag --dayz"},
		{"`--dayz`", "no command of callhours has the flag --dayz"},
		{"`callhours feeds refresh hours --admin x`", ""},
		{"```console\n$ callhours serve | sh -x\n$ callhours nope\n```", `README.md:3: callhours has no command "nope"`},
		{"`make check`, `make TARGET`", ""},
		{"`make coffee`", `no target "coffee"`},
	} {
		checker := nameChecker{&commandTable{ctx: t.Context(), program: "false", helps: help}, map[string]bool{}}
		got := strings.Join(checker.problems("README.md", c.text), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%q: got %q, want %q in it", c.text, got, c.want)
		}
	}
}

func TestAnchors(t *testing.T) {
	t.Parallel()
	got := anchors("# The `office` plan: 2 roles!\ntext\n```text\n# Code\n```\n## under_score\n#not\n\n### End\n")
	if want := []string{"the-office-plan-2-roles", "under_score", "end"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
