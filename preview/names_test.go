package preview

import (
	"fmt"
	"strings"
	"testing"
)

func TestIDNames(t *testing.T) {
	t.Parallel()
	id := func(digit string) string { return strings.Repeat(digit, 32) }
	name := idNames(map[string]any{
		"front_desk": id("a"), "people": map[string]any{"Ada": id("b"), "ada.lovelace": id("c")}, "default": id("b"),
		"users": []any{id("d"), id("e"), id("a")}, "keys": map[string]any{"1": id("f")}, "menu": "not an id",
		"-": id("0"), "number": 7,
	})
	for given, want := range map[string]string{
		id("a"): "Front desk", id("b"): "Ada", id("c"): "Ada lovelace", id("d"): "Users 1", id("e"): "Users 2",
		id("f"): "Keys 1", id("0"): "", id("9"): "", "not an id": "", "": "",
	} {
		if got := name(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
	many := map[string]any{}
	for i := range maxNamed {
		many[fmt.Sprintf("k%05d", i)] = id("1")
	}
	many["zz"] = id("2")
	if got := idNames(many)(id("2")); got != "" {
		t.Errorf("beyond the bound: got %q", got)
	}
}
