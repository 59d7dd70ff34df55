package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"testing/fstest"
)

// TestMemoryOfContainers: the limit is found as containers and units of systemd have it, and
// GOMEMLIMIT goes first.
func TestMemoryOfContainers(t *testing.T) {
	const none = math.MaxInt64
	for _, c := range []struct {
		name       string
		files      map[string]string
		gomemlimit string
		want       int64
	}{
		{name: "another system", want: none},
		{
			name:  "v2, a container",
			files: map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "536870912\n"},
			want:  483183819,
		},
		{
			name:  "v2, no limit",
			files: map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, want: none,
		},
		{
			name: "v2, a container whose cgroup is named from outside",
			files: map[string]string{
				"proc/self/cgroup":         "0::/../../pod1/c2\n",
				"sys/fs/cgroup/memory.max": "1000000000\n",
			}, want: 900000000,
		},
		{name: "v2, a unit", files: map[string]string{
			"proc/self/cgroup":           "0::/system.slice/callhours.service\n",
			"sys/fs/cgroup/cgroup.procs": "", "sys/fs/cgroup/system.slice/memory.max": "max\n",
			"sys/fs/cgroup/system.slice/callhours.service/memory.max": "1000000000\n",
		}, want: 900000000},
		{name: "v2, a slice that has less", files: map[string]string{
			"proc/self/cgroup":                                        "0::/system.slice/callhours.service\n",
			"sys/fs/cgroup/system.slice/memory.max":                   "800000000\n",
			"sys/fs/cgroup/system.slice/callhours.service/memory.max": "1000000000\n",
		}, want: 720000000},
		{name: "v1, a container that sees its own cgroup only", files: map[string]string{
			"proc/self/cgroup":                           "9:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n0::/docker/1\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "1000000000\n",
		}, want: 900000000},
		{
			name: "v1, no limit",
			files: map[string]string{
				"proc/self/cgroup":                           "4:memory:/\n",
				"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
			}, want: none,
		},
		{
			name:       "GOMEMLIMIT",
			files:      map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "536870912\n"},
			gomemlimit: "off", want: none,
		},
		{
			name:  "no numbers",
			files: map[string]string{"proc/self/cgroup": "0\n\n0::\n", "sys/fs/cgroup/memory.max": "much\n"},
			want:  none,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("GOMEMLIMIT", c.gomemlimit)
			defer debug.SetMemoryLimit(debug.SetMemoryLimit(none))
			root := fstest.MapFS{}
			for name, text := range c.files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			setMemoryLimit(root)
			if got := debug.SetMemoryLimit(-1); got != c.want {
				t.Errorf("the limit is %d, want %d", got, c.want)
			}
		})
	}
}

// TestCollectsInTime: the collections of a small heap are rarer, and come all the same before the
// limit of memory is reached.
func TestCollectsInTime(t *testing.T) {
	t.Setenv("GOGC", "")
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	next := func() int64 { // how large the heap may become before it is collected
		runtime.GC()
		goal := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
		metrics.Read(goal)
		return int64(goal[0].Value.Uint64())
	}
	limitGarbageCollection()
	if got := next(); got < garbage {
		t.Errorf("the heap is collected at %d MiB, want that %d MiB may be allocated", got>>20, garbage>>20)
	}
	const limit = garbage
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(limit))
	if got := next(); got >= limit {
		t.Errorf("the heap is collected at %d MiB, want that all memory stays within %d MiB", got>>20, limit>>20)
	}
}
