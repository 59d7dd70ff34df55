package patterns_test

import (
	"fmt"

	"github.com/callhours/callhours/calendars/patterns"
	"github.com/callhours/callhours/internal/diag"
)

func ExampleList_Match() {
	list, mistakes := patterns.ParseList([]diag.Text{{S: "open*"}, {S: "!*not open*"}})
	if len(mistakes) > 0 {
		fmt.Println(mistakes)
		return
	}
	for _, title := range []string{"Open 9-12!", "Open: not open to the public", "Closed"} {
		fmt.Println(title, list.Match(title))
	}
	fmt.Println(list.Near("Opne 9-12"))
	// Output:
	// Open 9-12! true
	// Open: not open to the public false
	// Closed false
	// open*
}
