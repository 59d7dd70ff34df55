package funcs

import (
	"slices"
	"strings"
	"testing"

	"github.com/Masterminds/sprig/v3"
)

// TestEverySprigFunctionIsDecided fails when an upgrade of sprig brings a function that nobody has
// looked at.
func TestEverySprigFunctionIsDecided(t *testing.T) {
	t.Parallel()
	known := sprig.TxtFuncMap()
	for name := range known {
		_, allowed := functions[name]
		_, no := refused[name]
		if allowed == no {
			t.Errorf("%s: allowed %t, refused %t; want one of both", name, allowed, no)
		}
	}
	builtIn := strings.Fields("and call eq ge gt html index js le len lt ne not or print printf println slice urlquery")
	for _, name := range builtIn {
		_, allowed := functions[name]
		_, no := refused[name]
		if allowed == no {
			t.Errorf("text/template's %s: allowed %t, refused %t; want one of both", name, allowed, no)
		}
	}
	for name := range refused {
		if known[name] == nil && !slices.Contains(builtIn, name) {
			t.Errorf("%s is refused and does not exist", name)
		}
	}
	for _, f := range All() {
		exists := known[f.Name] != nil
		switch f.Source {
		case "sprig":
		case "go":
			exists = slices.Contains(builtIn, f.Name)
		case "callhours":
			exists = true
		default:
			t.Errorf("%s: unknown source %q", f.Name, f.Source)
		}
		if !exists {
			t.Errorf("%s is not a function of %s", f.Name, f.Source)
		}
	}
}
