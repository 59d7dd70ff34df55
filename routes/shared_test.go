package routes

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/growth"
)

// TestSharedOnce: what a list of numbers and names take does not grow with the conditions that name
// them.
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

// TestSharedWords: what patterns and names take in words, and to be compared with one another, does
// not grow with the routes that share them.
func TestSharedWords(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it measures")
	}
	var titles []diag.Text
	var keys []string
	for i := range 4000 {
		titles = append(titles, diag.Text{S: fmt.Sprintf("%04d%s", i, strings.Repeat("a", 100))})
		keys = append(keys, fmt.Sprintf("n%d", i))
	}
	made := func(s *Shared) (*Route, []diag.Mistake) {
		asks := func(i int) *Condition {
			return &Condition{
				Calendars: []string{"hours"}, CallerName: titles,
				Events: Events{Summary: titles, Location: texts(fmt.Sprint(i)), Names: &Names{Field: "on", Keys: keys}},
			}
		}
		o := ordered(asks(1), asks(2))
		o.Shared = s
		return New(o)
	}
	cost := func(routes int) int {
		return growth.Bytes(func() {
			s, of := NewShared(), NewCriteriaSet("hours")
			for range routes {
				r, mistakes := made(s)
				if len(mistakes) > 0 {
					t.Fatal(mistakes)
				}
				r.Dead()
				of.Add(r)
				for _, a := range r.Criteria("hours") {
					_ = a.Key()
				}
			}
		})
	}
	cost(1)
	if one, many := cost(1), cost(100); many > one+100*32<<10 {
		t.Errorf("one route allocates %d bytes, 100 alike %d", one, many)
	}
	s := NewShared()
	once, _ := s.patternsOf(titles)
	if again, _ := s.patternsOf(slices.Clone(titles)); !same(once, again) {
		t.Error("the same patterns in another place are other ones")
	}
	r, _ := made(NewShared())
	other, _ := made(NewShared())
	if a, b := r.Criteria("hours"), other.Criteria("hours"); a[0].Key() != b[0].Key() || a[0].Key() == a[1].Key() {
		t.Error("the key of an ask does not go by what it admits")
	}
}

// TestMistakesOfShared: what is wrong with patterns is told of the first condition whole, and once
// of each other one.
func TestMistakesOfShared(t *testing.T) {
	t.Parallel()
	s, wrong := NewShared(), texts("!!", "/(/", "x")
	if _, mistakes := s.patternsOf(wrong); len(mistakes) != 2 {
		t.Errorf("%d mistakes are told first, want 2", len(mistakes))
	}
	if _, mistakes := s.patternsOf(wrong); len(mistakes) != 1 {
		t.Errorf("%d mistakes are told again, want 1", len(mistakes))
	}
}

// TestManyCalendars: comparing conditions on many calendars is linear in them.
func TestManyCalendars(t *testing.T) {
	t.Parallel()
	growth.Linear(t, 500, func(n int) int {
		var names []string
		for i := range n {
			names = append(names, fmt.Sprint("c", i))
		}
		is, steps := subset(names, append([]string{"other"}, names...))
		if not, more := subset(append(slices.Clone(names), "another"), names); !is || not {
			t.Error("a subset is not found, or one that is none")
		} else {
			steps += more
		}
		return steps
	})
}
