package routes

import (
	"fmt"
	"slices"
	"testing"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/growth"
)

// TestSharedOnce: what a list of numbers and names take does not grow with the conditions that name them.
func TestSharedOnce(t *testing.T) {
	var texts []diag.Text
	var keys []string
	for i := range 5000 {
		texts = append(texts, diag.Text{S: fmt.Sprintf("+1415%07d", i)})
		keys = append(keys, fmt.Sprintf("n%d", i))
	}
	cost := func(conditions int) int {
		return growth.Bytes(func() {
			s := NewShared()
			for range conditions {
				b := &builder{route: &Route{}, shared: s, leaves: map[string]int{}}
				b.condition(&Condition{
					Calendars: []string{"hours"}, Events: Events{Names: &Names{Field: "on", Keys: keys}},
					Caller: Numbers{Lists: []List{{"l", texts}}},
				})
			}
		})
	}
	cost(1)
	if one, many := cost(1), cost(200); many > 2*one {
		t.Errorf("one condition allocates %d bytes, 200 %d", one, many)
	}
	s := NewShared()
	if s.names(keys) != s.names(slices.Clone(keys)) {
		t.Error("the same keys in another place are other names")
	}
	set := &numbers{}
	list, _ := s.list(texts, "")
	set.lists = append(set.lists, list)
	if !set.has("14150000007") || set.has("14150009999") {
		t.Error("a listed number is not found, or another one is")
	}
	if allocs := testing.AllocsPerRun(10, func() { set.has("+14150000007") }); allocs > 0 {
		t.Errorf("a look-up allocates %v times", allocs)
	}
}
