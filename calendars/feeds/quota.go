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
	// minFileSize is what a file counts at least, since it takes a block and a name.
	minFileSize = 16 << 10
)

// errOverQuota says that a copy is not kept on disk because its tenant has too much there.
var errOverQuota = fmt.Errorf(
	"the copies of the tenant's feeds take more than %d MiB on disk; have fewer or smaller feeds", ownerDisk>>20)

// logOverQuota logs once an hour that copies of a tenant are not kept on disk.
func (o *owner) logOverQuota(log *slog.Logger, f *feed, now time.Time) {
	const repeat = time.Hour
	if !o.quotaLogged.IsZero() && now.Sub(o.quotaLogged) < repeat {
		return
	}
	o.quotaLogged = now
	log.Warn("copies of a tenant's feeds are not kept on disk; they will not survive a restart",
		slog.Any("calendars", f.names()), slog.String("error", errOverQuota.Error()))
}

// quotas count what the copies of tenants take on disk. The nil quotas count nothing.
type quotas struct {
	limit  int64 // of one tenant's, in bytes
	mu     sync.Mutex
	owners map[string]*quota // by directory
}

// quota is what one tenant's copies take on disk.
type quota struct {
	mu            sync.Mutex
	measured      bool
	files         map[string]quotaFile // by directory of the kind, and name
	bytes         int64
	order         int             // of the last one that was written
	subscriptions []*Subscription // whose copies are in use
	pointers      map[string]string
}

// quotaFile is a file that counts.
type quotaFile struct {
	bytes int64
	order int // when it was written, among the others
}

func newQuotas() *quotas { return &quotas{limit: ownerDisk, owners: map[string]*quota{}} }

// get is the quota of an owner's directory.
func (qs *quotas) get(dir string) *quota {
	qs.mu.Lock()
	defer qs.mu.Unlock()
	if qs.owners[dir] == nil {
		qs.owners[dir] = &quota{files: map[string]quotaFile{}}
	}
	return qs.owners[dir]
}

// setInUse replaces the subscriptions whose copies are in use.
func (qs *quotas) setInUse(list []*Subscription) {
	if qs == nil {
		return
	}
	lists := map[string][]*Subscription{}
	for _, sub := range list {
		if dir := path.Dir(sub.copyName()); dir != "." && sub.File == "" {
			lists[dir] = append(lists[dir], sub)
		}
	}
	qs.mu.Lock()
	for dir := range qs.owners {
		if lists[dir] == nil {
			delete(qs.owners, dir) // measured anew when it is back
		}
	}
	qs.mu.Unlock()
	for dir, subs := range lists {
		q := qs.get(dir)
		q.mu.Lock()
		q.subscriptions, q.pointers = subs, nil
		q.mu.Unlock()
	}
}

// setPointer records which copy a calendar uses.
func (qs *quotas) setPointer(sub *Subscription, name string) {
	dir := path.Dir(sub.copyName())
	if qs == nil || dir == "." {
		return
	}
	q := qs.get(dir)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.pointers != nil {
		q.pointers[sub.Calendar] = name
	}
}

// remove uncounts a file.
func (qs *quotas) remove(sub, name string) {
	dir := path.Dir(name)
	if qs == nil || dir == "." {
		return
	}
	q := qs.get(dir)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.put(path.Join(sub, name), quotaFile{})
}

// put counts a file anew; the zero quotaFile is none.
func (q *quota) put(file string, p quotaFile) {
	q.bytes += p.bytes - q.files[file].bytes
	if q.files[file] = p; p == (quotaFile{}) {
		delete(q.files, file)
	}
}

// reserve counts a file that is about to be written, and removes files that its owner no longer
// uses where there is no room for it, the oldest first. undo is for a file that could not be
// written. The error is errOverQuota, or why the files cannot be counted.
func (c copies) reserve(sub, name string, length int) (undo func(), err error) {
	dir := path.Dir(name)
	if dir == "." || c.quotas == nil {
		return func() {}, nil
	}
	q := c.quotas.get(dir)
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := c.measure(q, dir); err != nil {
		return nil, err
	}
	file := path.Join(sub, name)
	before, bytes := q.files[file], int64(max(length, minFileSize))
	over := func() bool { return q.bytes-before.bytes+bytes > c.quotas.limit }
	if over() {
		for _, old := range c.unusedFiles(q) {
			if old == file || !over() {
				continue
			}
			if err := c.disk.Remove(filepath.Join(c.dir, old)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			q.put(old, quotaFile{})
		}
	}
	if over() {
		return nil, errOverQuota
	}
	q.order++
	q.put(file, quotaFile{bytes, q.order})
	return func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.put(file, before)
	}, nil
}

// measure counts once what an owner has on disk.
func (c copies) measure(q *quota, dir string) error {
	if q.measured {
		return nil
	}
	type found struct {
		file string
		info fs.FileInfo
	}
	var list []found
	for _, sub := range []string{bodies, events} {
		err := files.Each(filepath.Join(c.dir, sub, dir), func(e fs.DirEntry) error {
			if info, err := e.Info(); err == nil { // else it is gone meanwhile
				list = append(list, found{path.Join(sub, dir, e.Name()), info})
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
		q.order++
		q.put(f.file, quotaFile{max(f.info.Size(), minFileSize), q.order})
	}
	q.measured = true
	return nil
}

// unusedFiles are the files of an owner that no calendar uses or used before its source changed, in
// the order in which they were written.
func (c copies) unusedFiles(q *quota) []string {
	if q.pointers == nil {
		q.pointers = map[string]string{}
		for _, sub := range q.subscriptions {
			q.pointers[sub.Calendar] = c.pointer(sub)
		}
	}
	inUse := map[string]bool{}
	for _, sub := range q.subscriptions {
		inUse[sub.copyName()], inUse[q.pointers[sub.Calendar]] = true, true
	}
	var list []string
	for file := range q.files {
		if name := path.Join(path.Base(path.Dir(file)), path.Base(file)); !inUse[name] {
			list = append(list, file)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Compare(q.files[a].order, q.files[b].order) })
	return list
}
