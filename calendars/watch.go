package calendars

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/metrics"
)

const (
	// pollFiles is how often files are looked at; more of them than filesAtOnce are spread over a longer time, which stays below
	// pollLongest.
	pollFiles   = 2 * time.Second
	pollLongest = 10 * time.Second
	filesAtOnce = 2000
	// rereadFiles is how often they are read although nothing shows that they have changed.
	rereadFiles = 30 * time.Second
)

// pollEvery is how often a file is looked at.
func (s *Store) pollEvery() time.Duration {
	every := pollFiles * time.Duration(len(s.feeds)) / filesAtOnce
	return min(max(pollFiles, every), pollLongest)
}

// readFiles is an attempt for files. As long as their names, sizes and times are the same they are read only now and then.
func (s *Store) readFiles(f *feed, sub *Subscription, now time.Time) brought {
	s.mu.Lock()
	before, reread, last := f.print, f.reread, f.last
	limits := sub.Limits.withDefaults()
	for _, k := range f.kept {
		limits.Bytes = max(limits.Bytes, k.Limits.withDefaults().Bytes)
	}
	s.mu.Unlock()
	print, err := fingerprint(sub.Files, sub.File)
	o := brought{print: print, Fetched: Fetched{Result: metrics.OK}}
	if err == nil && print == before && now.Sub(reread) < rereadFiles {
		return brought{idle: true}
	}
	if err == nil {
		o.files, err = Files(sub.Files, sub.File, limits)
	}
	if err != nil {
		o.print, o.Result, o.Err = "", resultOfFile(err), err
		if last.Err != nil && last.Err.Error() == err.Error() && now.Sub(reread) < rereadFiles {
			return brought{idle: true}
		}
	}
	s.mu.Lock()
	f.reread = now
	s.mu.Unlock()
	return o
}

// fingerprint changes when a file is replaced, written or gone, as far as can be seen without reading it.
func fingerprint(fsys fs.FS, pattern string) (string, error) {
	names, err := match(fsys, pattern)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, name := range names {
		info, err := files.Tree{FS: fsys}.Stat(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%q %d %d\n", name, info.Size(), info.ModTime().UnixNano())
	}
	return b.String(), nil
}

// resultOfFile is how reading a file ended that cannot be used.
func resultOfFile(err error) metrics.FetchResult {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return metrics.NotFound
	case errors.Is(err, fs.ErrPermission):
		return metrics.Forbidden
	case errors.Is(err, ErrTooBig):
		return metrics.TooBig
	}
	return metrics.ServerError
}
