package feeds

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"time"

	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/metrics"
)

const (
	// pollFiles is how often files are looked at; more of them than filesAtOnce are spread over a
	// longer time, which stays below pollLongest.
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

// readFiles is an attempt for files. As long as their names, sizes and times are the same they are
// read only now and then. Large ones wait for room before they are read.
func (s *Store) readFiles(ctx context.Context, f *feed, sub *Subscription, now time.Time, space *room) brought {
	s.mu.Lock()
	before, reread, last := f.print, f.reread, f.last
	limits := sub.Limits.WithDefaults()
	for _, k := range f.kept {
		limits.Bytes = max(limits.Bytes, k.Limits.WithDefaults().Bytes)
	}
	s.mu.Unlock()
	if !f.owner.globs.mayLook(now) {
		return brought{idle: true}
	}
	most := math.MaxInt
	if sub.Source.Owner != "" {
		most = maxNames
	}
	names, _, err := match(sub.Files, sub.File, &f.owner.globs, now, most)
	print, size := "", int64(0)
	if err == nil {
		print, size, err = fingerprint(sub.Files, names)
	}
	o := brought{print: print, Fetched: Fetched{Result: metrics.OK}}
	if err == nil && print == before && now.Sub(reread) < rereadFiles {
		return brought{idle: true}
	}
	if err == nil {
		o.files, err = filesInRoom(ctx, sub, names, limits, size, space)
	}
	if ctx.Err() != nil { // what ends with the program says nothing of the files
		return brought{idle: true}
	}
	if err != nil {
		o.Result, o.Err = resultOfFile(err), err
		if !errors.Is(err, ical.ErrTooBig) { // it may be mended without a trace in names, sizes and times
			o.print = ""
		}
		if o.print == "" && last.Err != nil && last.Err.Error() == err.Error() && now.Sub(reread) < rereadFiles {
			return brought{idle: true}
		}
	}
	s.mu.Lock()
	f.reread = now
	s.mu.Unlock()
	return o
}

// filesInRoom is [Files] of a subscription, with room for as many large bodies as they fill. Files
// that have grown since their size was asked are read again with all the room that they may need.
func filesInRoom(
	ctx context.Context, sub *Subscription, names []string, limits ical.Limits, size int64, space *room,
) ([]ical.File, error) {
	n := 0
	if size > smallBody {
		n = int(min((size-1)/int64(limits.Bytes)+1, filesTimes))
	}
	for {
		most := smallBody
		if n > 0 {
			most = n * limits.Bytes
			if err := space.take(ctx, n); err != nil {
				return nil, err
			}
		}
		list, err := filesUpTo(sub.Files, names, limits, most)
		if _, more := errors.AsType[*togetherError](err); !more || n == filesTimes {
			return list, err
		}
		space.free()
		n = filesTimes
	}
}

// fingerprint changes when a file is replaced, written or gone, as far as can be seen without
// reading it. The size is that of all files.
func fingerprint(fsys fs.FS, names []string) (print string, size int64, _ error) {
	sum := sha256.New() // the names themselves may be many, and are kept for each feed
	for _, name := range names {
		info, err := files.Tree{FS: fsys}.Stat(name)
		if err != nil {
			return "", 0, err
		}
		size += info.Size()
		fmt.Fprintf(sum, "%q %d %d\n", name, info.Size(), info.ModTime().UnixNano())
	}
	return string(sum.Sum(nil)), size, nil
}

// resultOfFile is how reading a file ended that cannot be used.
func resultOfFile(err error) metrics.FetchResult {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return metrics.NotFound
	case errors.Is(err, fs.ErrPermission):
		return metrics.Forbidden
	case errors.Is(err, ical.ErrTooBig):
		return metrics.TooBig
	}
	return metrics.ServerError
}
