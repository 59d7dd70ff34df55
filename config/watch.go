package config

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/callhours/callhours/internal/files"
)

// Watch checks the files of a configuration for changes, and reads those that may have changed. The
// zero Watch is ready; it is not safe for concurrent use.
type Watch struct {
	states   map[string]fileState // by path
	deferred map[string]time.Time // owners whose files are not looked at, until then
}

// fileState is a file as of its last check.
type fileState struct {
	info fs.FileInfo
	contentSum
	read time.Time
}

const (
	// settleTime is how old a file must be when it is read, so that a later write to it changes its
	// time: some file systems count in seconds, and a server's clock may differ.
	settleTime = 5 * time.Second
	// rereadInterval is how often files are read although nothing shows a change.
	rereadInterval = time.Minute
)

// Sums are what [Inputs.OwnerSums] would be for the same files if they were read from disk now.
// Owners whose files take too long are left alone for a while.
func (w *Watch) Sums(in *Inputs, now time.Time) map[string]OwnerSum {
	next, cache, slow := make(map[string]fileState, len(in.files)), newDirCache(), map[string]bool{}
	for owner, until := range w.deferred {
		if now.Before(until) {
			slow[owner] = true
		} else {
			delete(w.deferred, owner)
		}
	}
	probe := *in // which has as much time as if nothing had been read
	probe.disk.time = &files.Budget{}
	probe.disk.skip = func(dir string) error {
		if slow[in.fromMain(dir)] {
			return errSkipped
		}
		return nil
	}
	sums := probe.ownerSums(owners{in: &probe}, slow, func(f *Input) (contentSum, error) {
		if f.Path == in.argument && files.IsDescriptor(f.Path) { // it can be read only cache
			return f.content(), nil
		}
		if f.skipped && f.stamp != "" {
			return sumContent(nil, errors.New(infoStamp(probe.statAll(f.stampPaths, f.home)))), nil
		}
		if f.skipped { // what is found in its directory tells
			return f.content(), nil
		}
		s, err := w.check(probe.disk.confinedTo(f.home), f.Path, now)
		next[f.Path] = s
		return s.contentSum, err
	}, func(l DirQuery) listing { return probe.listDisk(l, cache) })
	w.states = next
	for owner, sum := range sums {
		if sum.IsSlow() && !slow[owner] {
			w.Leave(owner, now)
		}
	}
	return sums
}

// Leave has the files of an owner not looked at for a while, as if that took too long.
func (w *Watch) Leave(owner string, now time.Time) {
	if w.deferred == nil {
		w.deferred = map[string]time.Time{}
	}
	w.deferred[owner] = now.Add(rereadInterval)
}

func (w *Watch) check(d disk, path string, now time.Time) (fileState, error) {
	info, err := d.tree().Stat(path)
	before, known := w.states[path]
	if err == nil && known && before.info != nil && sameInfo(before.info, info) &&
		before.read.Sub(info.ModTime()) > settleTime && now.Sub(before.read) < rereadInterval {
		return before, nil
	}
	body, _, err := d.read(path)
	return fileState{info: info, contentSum: sumContent(body, err), read: now}, err
}

// sameInfo reports whether nothing shows that a file has changed.
func sameInfo(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && a.Mode() == b.Mode() &&
		(os.SameFile(a, b) || a.Sys() == nil)
}

// content is that of the file, used or not.
func (f *Input) content() contentSum {
	if f.skipped {
		return sumContent(nil, errors.New(f.stamp))
	}
	if f.rejected {
		return sumContent(f.Bytes, nil)
	}
	return sumContent(f.Bytes, f.Err)
}

// contentSum identifies what a file holds, or why it cannot be read.
type contentSum [sha256.Size]byte

func sumContent(body []byte, err error) contentSum {
	if err != nil {
		return sha256.Sum256([]byte("\x00" + err.Error()))
	}
	return sha256.Sum256(append([]byte{1}, body...))
}
