package server

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// TestSameness: as reflect.DeepEqual says it, and so that what is shared is gone through once.
func TestSameness(t *testing.T) {
	t.Parallel()
	type node struct {
		Name string
		next *node
		any
	}
	ring := func(names ...string) *node {
		first := &node{Name: names[0]}
		last := first
		for _, name := range names[1:] {
			last.next = &node{Name: name}
			last = last.next
		}
		last.next = first
		return first
	}
	list := []any{1, "a", nil}
	values := []any{
		nil, 1, int64(1), 2, "a", "", 1.5, math.NaN(), true,
		[]any{},
		[]any(nil),
		[]any{1, "a", nil},
		list, list[:2],
		map[string]any{},
		map[string]any(nil),
		map[string]any{"a": 1},
		map[string]any{"b": 1},
		map[string]any{"a": "1"},
		map[string]any{"a": []any{map[string]any{"b": nil}}},
		map[string]any{"a": []any{map[string]any{"b": 0}}},
		node{},
		&node{}, &node{Name: "a"}, &node{Name: "a", any: []int{1}}, &node{Name: "a", any: []int{1}},
		&node{Name: "a", any: []int{2}},
		[2]int{1, 2},
		[2]int{1, 3},
		(*node)(nil), func() {}, (func())(nil),
		ring("a", "b"), ring("a", "b"), ring("a", "c"), ring("a", "b", "a", "b"),
	}
	var s equality
	for _, a := range values {
		for _, b := range values {
			if got, want := s.deepEqual(a, b), reflect.DeepEqual(a, b); got != want {
				t.Errorf("%v (%T) and %v (%T): %v, want %v", a, a, b, b, got, want)
			}
		}
	}
}

// TestSamenessRandomly compares random data that shares parts with copies of it that differ
// somewhere or nowhere.
func TestSamenessRandomly(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var parts []any
	for range 2000 {
		part := func() any {
			if len(parts) == 0 || random.IntN(3) == 0 {
				return random.IntN(3)
			}
			return parts[random.IntN(len(parts))]
		}
		if random.IntN(2) == 0 {
			parts = append(parts, []any{part(), part()})
		} else {
			parts = append(parts, map[string]any{"a": part(), fmt.Sprint(random.IntN(3)): part()})
		}
		if len(parts) > 40 {
			parts = parts[20:]
		}
		a, b := parts[random.IntN(len(parts))], parts[random.IntN(len(parts))]
		var s equality
		if got, want := s.deepEqual(a, b), reflect.DeepEqual(a, b); got != want {
			t.Fatalf("%v and %v: %v, want %v", a, b, got, want)
		}
	}
}

// TestSamenessOfSharedData: routes that share data cost what the data costs once.
func TestSamenessOfSharedData(t *testing.T) {
	t.Parallel()
	data := map[string]any{}
	for i := range 10_000 {
		data[fmt.Sprint(i)] = []any{i}
	}
	type route struct{ Data map[string]any }
	copied := maps.Clone(data)
	var s equality
	for range 1000 {
		if !s.deepEqual(&route{map[string]any{"on": data}}, &route{map[string]any{"on": copied}}) {
			t.Fatal("they are the same")
		}
	}
	if s.steps > 60_000 {
		t.Errorf("%d values are looked at for 10,000 that 1,000 routes share", s.steps)
	}
}
