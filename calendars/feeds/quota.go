package feeds

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/callhours/callhours/internal/files"
)

const (
	// ownerDisk is how much the copies of a tenant's feeds, and their compiled events, take on
	// disk. The operator's are not counted, as in memory.
	ownerDisk = 512 << 20
	// leastOnDisk is what a file counts at least, since it takes a block and a name.
	leastOnDisk = 16 << 10
)

// errNoRoom says that a copy is not kept on disk because its tenant has too much there.
var errNoRoom = fmt.Errorf(
	"the copies of the tenant's feeds take more than %d MiB on disk; have fewer or smaller feeds", ownerDisk>>20)

// crowded says in the log that copies of a tenant's find no room on disk, once an hour.
func (o *owner) crowded(log *slog.Logger, f *feed, now time.Time) {
	const repeat = time.Hour
	if !o.full.IsZero() && now.Sub(o.full) < repeat {
		return
	}
	o.full = now
	log.Warn("copies of a tenant's feeds are not kept on disk; they will not survive a restart",
		slog.Any("calendars", f.names()), slog.String("error", errNoRoom.Error()))
}

// quotas count what the copies of tenants take on disk. The nil quotas count nothing.
type quotas struct {
	most   int64 // of one tenant's, in bytes
	mu     sync.Mutex
	owners map[string]*quota // by directory
}

// quota is what one tenant's copies take on disk.
type quota struct {
	mu       sync.Mutex
	measured bool
	files    map[string]placed // by directory of the kind, and name
	bytes    int64
	order    int             // of the last one that was written
	list     []*Subscription // whose copies are in use
	pointers map[string]string
}

// placed is a file that counts.
type placed struct {
	bytes int64
	order int // when it was written, among the others
}

func newQuotas() *quotas { return &quotas{most: ownerDisk, owners: map[string]*quota{}} }

// of is what is counted of an owner's directory.
func (r *quotas) of(dir string) *quota {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owners[dir] == nil {
		r.owners[dir] = &quota{files: map[string]placed{}}
	}
	return r.owners[dir]
}

// use says which copies are in use from now on.
func (r *quotas) use(list []*Subscription) {
	if r == nil {
		return
	}
	lists := map[string][]*Subscription{}
	for _, sub := range list {
		if own := path.Dir(sub.copyName()); own != "." && sub.File == "" {
			lists[own] = append(lists[own], sub)
		}
	}
	r.mu.Lock()
	for own := range r.owners {
		if lists[own] == nil {
			delete(r.owners, own) // measured anew when it is back
		}
	}
	r.mu.Unlock()
	for own, subs := range lists {
		q := r.of(own)
		q.mu.Lock()
		q.list, q.pointers = subs, nil
		q.mu.Unlock()
	}
}

// pointed notes which copy a calendar uses.
func (r *quotas) pointed(sub *Subscription, name string) {
	own := path.Dir(sub.copyName())
	if r == nil || own == "." {
		return
	}
	q := r.of(own)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.pointers != nil {
		q.pointers[sub.Calendar] = name
	}
}

// removed notes that a file is not there any more.
func (r *quotas) removed(sub, name string) {
	own := path.Dir(name)
	if r == nil || own == "." {
		return
	}
	q := r.of(own)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.put(path.Join(sub, name), placed{})
}

// put counts a file anew; the zero placed is none.
func (q *quota) put(file string, p placed) {
	q.bytes += p.bytes - q.files[file].bytes
	if q.files[file] = p; p == (placed{}) {
		delete(q.files, file)
	}
}

// take counts a file that is about to be written, and removes what its owner does not use any more
// where there is no room for it, the oldest first. undo is for a file that could not be written.
// The error is errNoRoom, or says why nobody knows what there is.
func (c copies) take(sub, name string, length int) (undo func(), err error) {
	own := path.Dir(name)
	if own == "." || c.quotas == nil {
		return func() {}, nil
	}
	r := c.quotas.of(own)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := c.measure(r, own); err != nil {
		return nil, err
	}
	file := path.Join(sub, name)
	before, bytes := r.files[file], int64(max(length, leastOnDisk))
	over := func() bool { return r.bytes-before.bytes+bytes > c.quotas.most }
	if over() {
		for _, old := range c.useless(r) {
			if old == file || !over() {
				continue
			}
			if err := c.disk.Remove(filepath.Join(c.dir, old)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			r.put(old, placed{})
		}
	}
	if over() {
		return nil, errNoRoom
	}
	r.order++
	r.put(file, placed{bytes, r.order})
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.put(file, before)
	}, nil
}

// measure looks once at what an owner has on disk.
func (c copies) measure(r *quota, own string) error {
	if r.measured {
		return nil
	}
	type found struct {
		file string
		info fs.FileInfo
	}
	var list []found
	for _, sub := range []string{bodies, events} {
		err := files.Each(filepath.Join(c.dir, sub, own), func(e fs.DirEntry) error {
			if info, err := e.Info(); err == nil { // else it is gone meanwhile
				list = append(list, found{path.Join(sub, own, e.Name()), info})
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	slices.SortFunc(list, func(a, b found) int {
		return cmp.Or(a.info.ModTime().Compare(b.info.ModTime()), cmp.Compare(a.file, b.file))
	})
	for _, f := range list {
		r.order++
		r.put(f.file, placed{max(f.info.Size(), leastOnDisk), r.order})
	}
	r.measured = true
	return nil
}

// useless are the files of an owner that no calendar uses, nor did before its source changed, in
// the order in which they were written.
func (c copies) useless(r *quota) []string {
	if r.pointers == nil {
		r.pointers = map[string]string{}
		for _, sub := range r.list {
			r.pointers[sub.Calendar] = c.pointed(sub)
		}
	}
	inUse := map[string]bool{}
	for _, sub := range r.list {
		inUse[sub.copyName()], inUse[r.pointers[sub.Calendar]] = true, true
	}
	var list []string
	for file := range r.files {
		if name := path.Join(path.Base(path.Dir(file)), path.Base(file)); !inUse[name] {
			list = append(list, file)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Compare(r.files[a].order, r.files[b].order) })
	return list
}
