package main

import (
	"io/fs"
	"os"
	"path"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"

	"github.com/callhours/callhours/internal/files"
)

// garbage is how much a process may allocate between two collections at least. Small installations
// keep some 10 MB, and at the usual GOGC would collect every few hundred calls, each time looking
// at all that they keep: a twentieth of what calls cost.
const garbage = 32 << 20

// limitGarbageCollection makes collections of a small heap rarer, unless GOGC says how often they
// shall come. What a larger heap costs does not change, and GOMEMLIMIT goes on to hold. It is
// adjusted after each collection, so that a heap that grows is not taken for a small one.
func limitGarbageCollection() {
	if os.Getenv("GOGC") == "" {
		(&gcTuner{percent: 100}).next()
	}
}

// gcTuner is found unused by the next collection.
type gcTuner struct {
	percent int // as it was set last
	live    [1]metrics.Sample
}

func (c *gcTuner) next() {
	c.live[0].Name = "/gc/heap/live:bytes"
	metrics.Read(c.live[:])
	percent := 100
	if live := int(c.live[0].Value.Uint64()); live > 0 {
		percent = max(100, garbage/(live/100+1))
	}
	if d := percent - c.percent; d > percent/10 || -d > percent/10 { // to set it stops everybody for a moment
		debug.SetGCPercent(percent)
		c.percent = percent
	}
	runtime.SetFinalizer(c, (*gcTuner).next)
}

// setMemoryLimit makes nine tenths of what a container may have the limit that collections work
// towards, unless GOMEMLIMIT says another one. What Go does not count, such as the program itself
// and the page cache, has the rest. root is that of the file system.
func setMemoryLimit(root fs.FS) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	if most := cgroupLimit(root); most > 0 {
		debug.SetMemoryLimit(most / 10 * 9)
	}
}

// cgroupLimit is how much memory the cgroups of the process, of version 1 or 2, allow it: the least
// that its own and those around it say; 0 where none does. Inside a container the mounted tree
// often begins at the container's own cgroup, whatever its path outside is.
func cgroupLimit(root fs.FS) int64 {
	var least int64
	in := files.Tree{FS: root}
	list, _, _ := in.Read("proc/self/cgroup", maxKernelFile) // other systems have none
	for line := range strings.Lines(string(list)) {
		number, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, own, _ := strings.Cut(rest, ":")
		tree, file := "sys/fs/cgroup", "memory.max"
		if number != "0" {
			if !slices.Contains(strings.Split(controllers, ","), "memory") {
				continue
			}
			tree, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		}
		for dir := path.Join("/", own); ; dir = path.Dir(dir) {
			// the root has none, and what is around a container is not seen
			text, _, _ := in.Read(path.Join(tree, dir, file), maxKernelFile)
			n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
			if err == nil && n < unlimited && (least == 0 || n < least) {
				least = n
			}
			if dir == "/" {
				break
			}
		}
	}
	return least
}

// maxKernelFile bounds what is read of a file that the kernel writes.
const maxKernelFile = 1 << 20

// unlimited is less than version 1 says where there is no limit, and more than any machine has.
// Version 2 says "max".
const unlimited = 1 << 60
