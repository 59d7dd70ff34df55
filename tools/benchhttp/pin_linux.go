package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// pins says which CPUs the servers have and which this program: with both on all of them, a server
// that is asked for too much keeps the generator from asking.
type pins struct{ servers, own unix.CPUSet }

// pin gives the first CPU to the servers and the others to this program; nil where there is only
// one.
func pin() (*pins, error) {
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil || all.Count() < 2 {
		return nil, err
	}
	p := &pins{own: all}
	for cpu := 0; p.servers.Count() == 0; cpu++ {
		if all.IsSet(cpu) {
			p.servers.Set(cpu)
			p.own.Clear(cpu)
		}
	}
	threads, err := os.ReadDir("/proc/self/task") // a thread has the CPUs of the one that starts it
	if err != nil {
		return nil, err
	}
	for _, t := range threads {
		if err := unix.SchedSetaffinity(number(t.Name()), &p.own); err != nil {
			return nil, err
		}
	}
	runtime.GOMAXPROCS(p.own.Count())
	return p, nil
}

// start starts a program on the servers' CPUs: it has those of the thread that starts it.
func (p *pins) start(begin func() error) error {
	if p == nil {
		return begin()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.SchedSetaffinity(0, &p.servers); err != nil {
		return err
	}
	err := begin()
	if back := unix.SchedSetaffinity(0, &p.own); back != nil {
		return back
	}
	return err
}

func (p *pins) String() string {
	if p == nil {
		return "servers and generator share the CPUs"
	}
	list := func(set unix.CPUSet) string {
		var all []string
		for cpu := range 8 * len(set) * int(unix.SizeofPtr) {
			if set.IsSet(cpu) {
				all = append(all, fmt.Sprint(cpu))
			}
		}
		return strings.Join(all, ",")
	}
	return fmt.Sprintf("servers on CPU %s, generator on %s", list(p.servers), list(p.own))
}
