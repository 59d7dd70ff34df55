package server

import (
	"reflect"
	"unsafe"
)

// sameness compares values as reflect.DeepEqual does, and remembers what it has compared: data that thousands of routes
// share is gone through once, not once for each of them. It is for values that do not change meanwhile, and for one
// goroutine. The zero value is ready.
type sameness struct {
	known map[refs]bool // of what is being compared too: what contains itself is the same as far as it goes
	steps int           // values looked at
}

// refs are two values that are held by reference.
type refs struct {
	a, b   unsafe.Pointer
	length int // of slices: two of one array may differ in it
	of     reflect.Type
}

// same reports whether two values are the same through and through.
func (s *sameness) same(a, b any) bool { return s.equal(reflect.ValueOf(a), reflect.ValueOf(b)) }

func (s *sameness) equal(a, b reflect.Value) bool {
	s.steps++
	if !a.IsValid() || !b.IsValid() {
		return a.IsValid() == b.IsValid()
	}
	if a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !s.equal(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Interface:
		return s.equal(a.Elem(), b.Elem())
	case reflect.Array:
		return s.elements(a, b)
	case reflect.Pointer, reflect.Map, reflect.Slice:
		return s.referred(a, b)
	case reflect.Func:
		return a.IsNil() && b.IsNil()
	default:
		return a.Equal(b)
	}
}

// referred compares what is held by reference, unless that was done before.
func (s *sameness) referred(a, b reflect.Value) bool {
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
	if same, known := s.known[p]; known {
		return same
	}
	if s.known == nil {
		s.known = map[refs]bool{}
	}
	s.known[p] = true
	same := false
	switch a.Kind() {
	case reflect.Pointer:
		same = s.equal(a.Elem(), b.Elem())
	case reflect.Map:
		same = s.entries(a, b)
	default:
		same = s.elements(a, b)
	}
	s.known[p] = same
	return same
}

func (s *sameness) elements(a, b reflect.Value) bool {
	for i := range a.Len() {
		if !s.equal(a.Index(i), b.Index(i)) {
			return false
		}
	}
	return true
}

func (s *sameness) entries(a, b reflect.Value) bool {
	for of := a.MapRange(); of.Next(); {
		if other := b.MapIndex(of.Key()); !other.IsValid() || !s.equal(of.Value(), other) {
			return false
		}
	}
	return true
}
