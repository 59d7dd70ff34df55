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
	// quickPoll is how often files are looked at. More of them than quickFiles are spread over a
	// longer time, up to slowestPoll.
	quickPoll   = 2 * time.Second
	slowestPoll = 10 * time.Second
	quickFiles  = 2000
	// rereadInterval is how often files are read although nothing shows that they have changed.
	rereadInterval = 30 * time.Second
)

// pollInterval is how often each file is looked at.
func (s *Store) pollInterval() time.Duration {
	every := quickPoll * time.Duration(len(s.feeds)) / quickFiles
	return min(max(quickPoll, every), slowestPoll)
}

// readFiles is an attempt for files. While their names, sizes and times stay the same they are read
// only now and then. Large ones wait for memory before they are read.
func (s *Store) readFiles(ctx context.Context, f *feed, sub *Subscription, now time.Time, memory *lease) outcome {
	s.mu.Lock()
	before, reread, last := f.fingerprint, f.lastRead, f.last
	limits := sub.Limits.WithDefaults()
	for _, k := range f.snapshots {
		limits.Bytes = max(limits.Bytes, k.Limits.WithDefaults().Bytes)
	}
	s.mu.Unlock()
	if !f.owner.globs.mayList(now) {
		return outcome{skipped: true}
	}
	maxCost := math.MaxInt
	if sub.Source.Owner != "" {
		maxCost = maxNames
	}
	names, _, err := findFiles(sub.Files, sub.File, &f.owner.globs, now, maxCost)
	print, size := "", int64(0)
	if err == nil {
		print, size, err = fingerprint(sub.Files, names)
	}
	o := outcome{fingerprint: print, Fetched: Fetched{Result: metrics.OK}}
	if err == nil && print == before && (sub.Holidays != "" || now.Sub(reread) < rereadInterval) {
		return outcome{skipped: true}
	}
	if err == nil {
		o.files, err = readWithMemory(ctx, sub, names, limits, size, memory)
	}
	if ctx.Err() != nil { // what ends with the program says nothing of the files
		return outcome{skipped: true}
	}
	if err != nil {
		o.Result, o.Err = resultOfFile(err), err
		if !errors.Is(err, ical.ErrTooBig) { // it may be mended without a trace in names, sizes and times
			o.fingerprint = ""
		}
		if o.fingerprint == "" && last.Err != nil && last.Err.Error() == err.Error() && now.Sub(reread) < rereadInterval {
			return outcome{skipped: true}
		}
	}
	s.mu.Lock()
	f.lastRead = now
	s.mu.Unlock()
	return o
}

// readWithMemory is [Files] of a subscription, with memory for as many large bodies as they fill.
// Files that have grown since their size was taken are read again with all the memory that they may
// need.
func readWithMemory(
	ctx context.Context, sub *Subscription, names []string, limits ical.Limits, size int64, memory *lease,
) ([]ical.File, error) {
	n := 0
	if size > smallBody {
		n = int(min((size-1)/int64(limits.Bytes)+1, filesTimes))
	}
	for {
		limit := smallBody
		if n > 0 {
			limit = n * limits.Bytes
			if err := memory.acquire(ctx, n); err != nil {
				return nil, err
			}
		}
		list, err := filesUpTo(sub.Files, names, limits, limit)
		if _, more := errors.AsType[*totalSizeError](err); !more || n == filesTimes {
			return list, err
		}
		memory.release()
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
