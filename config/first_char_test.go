package config

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/callhours/callhours/internal/diag"
)

// TestFirstOnce: where the text of a block begins is looked for once, however
// many aliases name the block.
func TestFirstOnce(t *testing.T) {
	t.Parallel()
	const src = "a: &a |\n" + "   \n" + "   x\nb: [*a, *a, *a]\n"
	c := &converter{file: "f"}
	if _, mistakes := c.parse(maxValues, []byte(src)); len(mistakes) > 0 || len(c.blockStarts) != 1 {
		t.Fatalf("mistakes %v, %d blocks looked through; want one", mistakes, len(c.blockStarts))
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Style: yaml.LiteralStyle, Line: 1}
	want := diag.Pos{File: "f", Line: 2, Col: 4}
	c.lines = strings.Split(src, "\n")
	first := c.firstChar(n)
	c.lines = nil // nothing is there to look through again
	if again := c.firstChar(n); first != again || first != want {
		t.Errorf("got %v, then %v; want %v", first, again, want)
	}
}
