package funcs

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/templates/jsonsafe"
)

// TestNumbersAreSprigs holds that a function of numbers gives for nothing, true and false, numbers
// and short texts, and for what is none of them, what sprig's gives.
func TestNumbersAreSprigs(t *testing.T) {
	t.Parallel()
	seven := 7
	values := []any{
		nil, true, false, 0, 1, -7, math.MaxInt, int8(-3), int16(4), int32(5), int64(math.MinInt64), uint(6), uint8(7),
		uint16(8), uint32(9), uint64(math.MaxUint64), uintptr(3), float32(1.5), 2.5, -0.5, 1e300, math.NaN(),
		math.Inf(1),
		"", "0", "12", "-12", "+4", "0x1f", "010", "1.0", "1.5", "1e3", ".5", "12.", " 1", "1_000", "x", "true", "∞",
		"Inf",
		strings.Repeat("1", longestNumeral), json.Number("12"), json.Number("x"), time.Monday, time.May, time.Second,
		&seven, (*int)(nil), time.Unix(9, 0), &time.Time{},
		[]any{1, 2},
		[]any{},
		[]string{"1"},
		map[string]any{"a": 1},
		map[string]any(nil), jsonsafe.Raw("5"),
		struct{ Start int }{4},
		&struct{ Start int }{4}, complex(1, 0),
		errors.New("5"),
	}
	call := func(f reflect.Value, args ...any) (given any, err error) {
		in := make([]reflect.Value, len(args))
		for i, a := range args {
			if in[i] = reflect.ValueOf(a); a == nil {
				in[i] = reflect.Zero(reflect.TypeFor[any]())
			}
		}
		out := f.Call(in)
		if len(out) > 1 {
			err, _ = reflect.TypeAssert[error](out[1])
		}
		return out[0].Interface(), err
	}
	same := func(a, b any) bool { return fmt.Sprintf("%T %v", a, a) == fmt.Sprintf("%T %v", b, b) }
	bound := func(name string) reflect.Value {
		return reflect.ValueOf(functions[name].bind(&Run{literals: &Literals{}, ctx: t.Context(), left: 1 << 40}))
	}
	for _, v := range values {
		argsOf := map[string][][]any{"round": {{v, 0}, {v, 2}, {v, 1, 0.2}}}
		for _, name := range []string{"int", "int64", "float64", "floor", "ceil", "add1", "add", "max", "min", "mul"} {
			argsOf[name] = append(argsOf[name], []any{v})
		}
		for _, name := range []string{"add", "sub", "mul", "max", "min", "div", "mod"} {
			argsOf[name] = append(argsOf[name], []any{v, 3}, []any{3, v}, []any{v, v})
		}
		for _, name := range []string{"add", "mul", "max", "min"} {
			argsOf[name] = append(argsOf[name], []any{1, v, 2, v, "3"})
		}
		if _, ok := v.(string); ok {
			argsOf["atoi"] = [][]any{{v}}
		}
		for name, calls := range argsOf {
			for _, args := range calls {
				got, err := call(bound(name), args...)
				if name == "div" || name == "mod" {
					if divisor, _ := call(bound("int64"), args[1]); divisor == int64(0) {
						if err == nil {
							t.Errorf("%s %v: want an error", name, args)
						}
						continue
					}
				}
				want, _ := call(reflect.ValueOf(sprigs[name]), args...)
				if err != nil || !same(got, want) {
					t.Errorf("%s %#v: got %v, %v, want %v", name, args, got, err, want)
				}
			}
		}
	}
}

// What a call may allocate for each byte that it counts, and without counting: some values of its
// own, and a message.
const (
	maxForEach = 24
	maxForNone = 24 << 10
)

// TestNothingIsFree gives each function something large in each place where it could stand, and
// many of them where many may: what the function allocates it counts before, whatever it does with
// it, and whether it fails or not. One that writes or copies what it is given, and counts nothing,
// fails.
func TestNothingIsFree(t *testing.T) {
	if growth.UnderRace {
		t.Skip("it measures memory; the run without the race detector does")
	}
	operands := hugeOperands()
	fill := []any{1, "a", []any{1}, map[string]any{"a": 1}, time.Unix(9, 0)}
	tried := 0
	for _, f := range All() {
		bind := functions[f.Name].bind
		if bind == nil { // those of text/template, which look at lengths and whether there is something
			continue
		}
		of := reflect.TypeOf(bind(&Run{}))
		for i := range of.NumIn() {
			for _, what := range slices.Sorted(maps.Keys(operands)) {
				operand, ok := fitted(operands[what], of, i)
				if !ok {
					continue
				}
				for _, many := range []int{1, 3, 5000} {
					if many > 1 && (!of.IsVariadic() || i < of.NumIn()-1) {
						continue
					}
					for _, filler := range fill {
						args := argumentsFor(of, i, operand, many, filler)
						if args == nil {
							continue
						}
						tried++
						spent := 0
						cost := func() int {
							r := &Run{literals: NewLiterals(nowhere), ctx: t.Context(), env: sampleEnv(), left: MaxWork}
							g := reflect.ValueOf(bind(r))
							var before, after runtime.MemStats
							runtime.ReadMemStats(&before)
							callSafely(g, args)
							runtime.ReadMemStats(&after)
							spent = MaxWork - r.left
							return int(after.TotalAlloc - before.TotalAlloc)
						}
						bytes := cost()
						most := func() int { return maxForNone + maxForEach*spent + 64*len(args) }
						for again := 0; again < 3 && bytes > most(); again++ {
							bytes = min(bytes, cost())
						}
						if bytes > most() {
							t.Errorf("%s with %d of %s as argument %d beside %v: allocates %d bytes, and counts %d",
								f.Name, many, what, i+1, filler, bytes, spent)
						}
					}
				}
			}
		}
	}
	if tried < 1000 {
		t.Errorf("tried %d", tried)
	}
}

// nowhere finds no time zone.
func nowhere(string) (*time.Location, error) { return nil, errors.New("there is none") }

// hugeOperands are larger than a template could make them: data, events and calls are as large as
// their files.
func hugeOperands() map[string]any {
	type event struct {
		Summary    string
		Categories []string
		Start      time.Time
	}
	numbers, entries, texts := make([]any, 9000), map[string]any{}, make([]any, 100)
	for i := range numbers {
		numbers[i], entries[fmt.Sprint("k", i)] = i, i
	}
	for i := range texts {
		texts[i] = strings.Repeat("x", 60_000)
	}
	mapped := map[string]any{}
	for i, s := range texts {
		mapped[fmt.Sprint("k", i)] = s
	}
	var deep any = "x"
	for range 2000 {
		deep = []any{map[string]any{"a": deep}}
	}
	plain := slices.Repeat([]string{strings.Repeat("x", 100)}, 9000)
	many := map[string]any{}
	for i := range 100_000 {
		many[fmt.Sprint("k", i)] = i
	}
	return map[string]any{
		"a map of 9,000 numbers": entries, "a map of 100,000 numbers": many, "a list of 9,000 numbers": numbers,
		"a list of 100 texts of 60 kB": texts, "a map of 100 texts of 60 kB": mapped,
		"a list of 100,000 numbers": slices.Repeat([]any{1}, 100_000),
		"a deep nesting":            deep, "a text of 1 MB": strings.Repeat("x ", 500_000),
		"a text of 60 kB": strings.Repeat("Ax", 30_000), "JSON": jsonsafe.Raw(strings.Repeat("1", 1_000_000)),
		"another list of texts":  plain,
		"an event":               &event{strings.Repeat("x", 1_000_000), plain, time.Unix(9, 0)},
		"an event by itself":     event{strings.Repeat("x", 1_000_000), plain, time.Unix(9, 0)},
		"a list of large events": []event{{Summary: strings.Repeat("x", 1_000_000)}, {Categories: plain}},
		"another map":            map[string]string{"a": strings.Repeat("x", 1_000_000)},
		"bytes":                  []byte(strings.Repeat("x", 1_000_000)),
	}
}

// fitted is an operand as a parameter of a function takes it; false if it does not.
func fitted(operand any, of reflect.Type, i int) (reflect.Value, bool) {
	want := of.In(i)
	if of.IsVariadic() && i == of.NumIn()-1 {
		want = want.Elem()
	}
	v := reflect.ValueOf(operand)
	if want == reflect.TypeFor[reflect.Value]() {
		return reflect.ValueOf(v), true
	}
	return v, v.Type().AssignableTo(want)
}

// argumentsFor gives so many of an operand for a parameter, and a filler or what fits instead for
// the others; nil if the filler has no place.
func argumentsFor(of reflect.Type, at int, operand reflect.Value, many int, filler any) []reflect.Value {
	var args []reflect.Value
	placed := false
	for i := range of.NumIn() {
		variadic := of.IsVariadic() && i == of.NumIn()-1
		if i == at {
			for range many {
				args = append(args, operand)
			}
			continue
		}
		v, ok := fitted(filler, of, i)
		if placed = placed || ok; !ok {
			want := of.In(i)
			if variadic {
				want = want.Elem()
			}
			v = reflect.Zero(want)
		}
		args = append(args, v)
	}
	if !placed && filler != 1 { // once is enough where nothing is to be filled
		return nil
	}
	return args
}

// callSafely calls a function as text/template does: what panics has failed.
func callSafely(f reflect.Value, args []reflect.Value) {
	defer func() { _ = recover() }()
	f.Call(args)
}

func sampleEnv() Env {
	none := func(string) (any, error) { return nil, nil }
	return Env{Now: at(10, 30), Next: none, On: none}
}
