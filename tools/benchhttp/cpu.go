package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cpu is the time that the server's processes have used, as Linux tells it; 0 on other systems.
func (s *server) cpu() time.Duration {
	stats := processes()
	mine := slices.Clone(s.processes)
	var sum time.Duration
	for i := 0; i < len(mine); i++ {
		sum += stats[mine[i]].used
		for pid, p := range stats {
			if p.parent == mine[i] {
				mine = append(mine, pid)
			}
		}
	}
	return sum
}

type process struct {
	parent int
	used   time.Duration
}

// processes are all that run.
func processes() map[int]process {
	all := map[int]process{}
	paths, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil { // it has ended
			continue
		}
		// The name may hold blanks and brackets; behind it stand state and parent, and as 12th and
		// 13th the time used.
		fields := bytes.Fields(content[bytes.LastIndexByte(content, ')')+1:])
		if len(fields) < 13 {
			continue
		}
		pid, parent := number(strings.Split(path, "/")[2]), number(string(fields[1]))
		used := threads(filepath.Dir(path))
		if used == 0 {
			const tick = 10 * time.Millisecond // the same on all machines that Linux tells programs about
			used = time.Duration(number(string(fields[11]))+number(string(fields[12]))) * tick
		}
		all[pid] = process{parent, used}
	}
	return all
}

// threads is the time that those threads of a process have used that have not ended, to the
// nanosecond; 0 where the kernel does not count it.
func threads(dir string) time.Duration {
	paths, _ := filepath.Glob(filepath.Join(dir, "task", "*", "schedstat")) // the pattern is right
	var sum time.Duration
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		used, _, _ := strings.Cut(string(content), " ")
		sum += time.Duration(number(used))
	}
	return sum
}

// number reads a number that Linux wrote.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// ownCPU is the time that this program has used.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// machine says where this was measured.
func machine() string {
	model := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, found := strings.Cut(string(info), "model name"); found {
			line, _, _ := strings.Cut(rest, "\n")
			model = strings.TrimSpace(strings.TrimLeft(line, "\t :"))
		}
	}
	return fmt.Sprintf("%s, %d CPUs, %s, %s", model, runtime.NumCPU(), runtime.GOOS, runtime.Version())
}
