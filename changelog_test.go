package callhours_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// changelogProblems are what is wrong with the groups and entries of a changelog. Rebases bring back
// lines that another commit has moved, and git reports no conflict then.
func changelogProblems(text string) []string {
	groups := []string{"### Breaking changes", "### Features", "### Changes", "### Enhancements", "### Fixes"}
	label := regexp.MustCompile(`^- \[[A-Z]+\] `)
	var problems, entries []string
	group, count := "", map[string]int{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "## "):
			group, count = "", map[string]int{}
		case strings.HasPrefix(line, "### "):
			group = line
			if count[group]++; count[group] > 1 || !slices.Contains(groups, group) {
				problems = append(problems, "a group that is unknown or there twice: "+line)
			}
		case strings.HasPrefix(line, "- "):
			if group == "" || label.MatchString(line) {
				problems = append(problems, "an entry outside of the groups, or with a label: "+line)
			}
			if slices.Contains(entries, line) {
				problems = append(problems, "an entry that is there twice: "+line)
			}
			entries = append(entries, line)
		}
	}
	return problems
}

func TestChangelog(t *testing.T) {
	text, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range changelogProblems(string(text)) {
		t.Errorf("CHANGELOG.md: %s", p)
	}
}

func TestChangelogProblems(t *testing.T) {
	text := "## unreleased\n\n- [BUGFIX] a: b. #1\n### Changes\n\n- a: b. #1\n\n### Fixes\n\n- a: b. #1\n\n### Others\n"
	if got := changelogProblems(text); len(got) != 3 {
		t.Errorf("found %q", got)
	}
}
