//go:build !linux

package main

// pins is for Linux.
type pins struct{}

func pin() (*pins, error) { return nil, nil }

func (p *pins) start(begin func() error) error { return begin() }

func (p *pins) String() string { return "servers and generator share the CPUs" }
