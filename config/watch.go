package config

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/callhours/callhours/internal/files"
)

// Watch looks at the files of a configuration again and again, and reads those that may have changed. The zero Watch is
// ready; it is not safe for concurrent use.
type Watch struct {
	seen map[string]seen // by path
}

// seen is a file as it was looked at last.
type seen struct {
	info fs.FileInfo
	content
	read time.Time
}

const (
	// settled is how old a file must be when it is read, so that a later write to it shows in its time: some file
	// systems count in seconds, and a server's clock is not ours.
	settled = 5 * time.Second
	// rereadInputs is how often files are read although nothing shows that they have changed.
	rereadInputs = time.Minute
)

// Sum is what [Inputs.Sum] would be for the same files if they were read from disk now.
func (w *Watch) Sum(in *Inputs, now time.Time) [sha256.Size]byte {
	next, once := make(map[string]seen, len(in.files)), newLists()
	sum := in.sum(func(f *Input) content {
		if f.Path == in.typed && files.IsDescriptor(f.Path) { // it can be read only once
			return f.content()
		}
		if f.unread && f.stamp != "" {
			return contentOf(nil, errors.New(stampOf(in.infos(f.stamped, f.home))))
		}
		if f.unread { // what is found in its directory tells
			return f.content()
		}
		s := w.look(in.disk.within(f.home), f.Path, now)
		next[f.Path] = s
		return s.content
	}, func(l Look) listing { return in.lookAgain(l, once) })
	w.seen = next
	return sum
}

func (w *Watch) look(d disk, path string, now time.Time) seen {
	info, err := d.tree().Stat(path)
	before, known := w.seen[path]
	if err == nil && known && before.info != nil && same(before.info, info) &&
		before.read.Sub(info.ModTime()) > settled && now.Sub(before.read) < rereadInputs {
		return before
	}
	body, _, err := d.read(path)
	return seen{info: info, content: contentOf(body, err), read: now}
}

// same reports whether nothing shows that a file has changed.
func same(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && a.Mode() == b.Mode() &&
		(os.SameFile(a, b) || a.Sys() == nil)
}

// content is that of the file, used or not.
func (f *Input) content() content {
	if f.unread {
		return contentOf(nil, errors.New(f.stamp))
	}
	if f.refused {
		return contentOf(f.Bytes, nil)
	}
	return contentOf(f.Bytes, f.Err)
}

// content tells what files hold apart; why one cannot be read counts as content.
type content [sha256.Size]byte

func contentOf(body []byte, err error) content {
	if err != nil {
		return sha256.Sum256([]byte("\x00" + err.Error()))
	}
	return sha256.Sum256(append([]byte{1}, body...))
}
