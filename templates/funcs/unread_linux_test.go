package funcs

import (
	"reflect"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// TestTextsAreCountedBeforeTheyAreRead gives each function, in each place where a text could stand,
// one of which only the beginning can be read: whoever reads on faults. There is less left to spend
// than that text has, so that a function either says so or has no need of all of it.
func TestTextsAreCountedBeforeTheyAreRead(t *testing.T) {
	const readable, all, left = 16 << 10, 1 << 20, 8 << 10
	page, err := syscall.Mmap(-1, 0, all, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Munmap(page) }()
	for i := range readable {
		page[i] = 'x'
	}
	if err := syscall.Mprotect(page[readable:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	text := unsafe.String(&page[0], len(page))
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	faults := func(f func()) (faulted bool) {
		defer func() {
			if fault, ok := recover().(interface{ Addr() uintptr }); ok {
				at := uintptr(unsafe.Pointer(&page[0]))
				faulted = fault.Addr() >= at && fault.Addr() < at+all
			}
		}()
		f()
		return false
	}
	if !faults(func() { _ = strings.Contains(text, "y") }) || !faults(func() { _ = strings.Clone(text) }) {
		t.Fatal("all of the text can be read")
	}
	tried := 0
	for _, f := range All() {
		bind := functions[f.Name].bind
		if bind == nil {
			continue
		}
		of := reflect.TypeOf(bind(&Run{}))
		for i := range of.NumIn() {
			for wrapped, operand := range map[string]any{
				"": text, "a list with ": []any{text}, "a map with ": map[string]any{"a": text},
				"a list of ":     []string{text},
				"an event with ": struct{ Summary string }{text},
			} {
				v, ok := fitted(operand, of, i)
				if !ok {
					continue
				}
				for _, filler := range []any{1, "a", []any{1}, map[string]any{"a": 1}, time.Unix(9, 0)} {
					for _, many := range []int{1, 2} {
						args := argumentsFor(of, i, v, many, filler)
						if args == nil || many > 1 && (!of.IsVariadic() || i < of.NumIn()-1) {
							continue
						}
						tried++
						r := &Run{literals: NewLiterals(nowhere), ctx: t.Context(), env: sampleEnv(), left: left}
						if g := reflect.ValueOf(bind(r)); faults(func() { g.Call(args) }) {
							t.Errorf("%s reads all of %sa text as argument %d beside %v, and has counted %d bytes",
								f.Name, wrapped, i+1, filler, left-r.left)
						}
					}
				}
			}
		}
	}
	if tried < 500 {
		t.Errorf("tried %d", tried)
	}
}
