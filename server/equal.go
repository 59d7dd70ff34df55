package server

import (
	"reflect"
	"unsafe"
)

// equality compares values as reflect.DeepEqual does, and remembers what it has compared: data that
// thousands of routes share is gone through once, not once for each of them. It is for values that
// do not change meanwhile, and for one goroutine. The zero value is ready.
type equality struct {
	known map[refs]bool // of what is being compared too: what contains itself is the same as far as it goes
	steps int           // values looked at
}

// refs are two values that are held by reference.
type refs struct {
	a, b   unsafe.Pointer
	length int // of slices: two of one array may differ in it
	of     reflect.Type
}

// deepEqual reports whether two values are the same through and through.
func (e *equality) deepEqual(a, b any) bool { return e.equal(reflect.ValueOf(a), reflect.ValueOf(b)) }

func (e *equality) equal(a, b reflect.Value) bool {
	e.steps++
	if !a.IsValid() || !b.IsValid() {
		return a.IsValid() == b.IsValid()
	}
	if a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !e.equal(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Interface:
		return e.equal(a.Elem(), b.Elem())
	case reflect.Array:
		return e.elements(a, b)
	case reflect.Pointer, reflect.Map, reflect.Slice:
		return e.referred(a, b)
	case reflect.Func:
		return a.IsNil() && b.IsNil()
	default:
		return a.Equal(b)
	}
}

// referred compares what is held by reference, unless that was done before.
func (e *equality) referred(a, b reflect.Value) bool {
	if a.IsNil() || b.IsNil() {
		return a.IsNil() == b.IsNil()
	}
	p := refs{a: a.UnsafePointer(), b: b.UnsafePointer(), of: a.Type()}
	if a.Kind() != reflect.Pointer {
		if p.length = a.Len(); p.length != b.Len() {
			return false
		}
	}
	if p.a == p.b {
		return true
	}
	if same, known := e.known[p]; known {
		return same
	}
	if e.known == nil {
		e.known = map[refs]bool{}
	}
	e.known[p] = true
	same := false
	switch a.Kind() {
	case reflect.Pointer:
		same = e.equal(a.Elem(), b.Elem())
	case reflect.Map:
		same = e.entries(a, b)
	default:
		same = e.elements(a, b)
	}
	e.known[p] = same
	return same
}

func (e *equality) elements(a, b reflect.Value) bool {
	for i := range a.Len() {
		if !e.equal(a.Index(i), b.Index(i)) {
			return false
		}
	}
	return true
}

func (e *equality) entries(a, b reflect.Value) bool {
	for of := a.MapRange(); of.Next(); {
		if other := b.MapIndex(of.Key()); !other.IsValid() || !e.equal(of.Value(), other) {
			return false
		}
	}
	return true
}
