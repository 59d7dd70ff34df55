package feeds

import (
	"errors"
	"io/fs"
	"log/slog"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/durable"
	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/metrics"
)

const (
	// unusedAge is how long copies are kept that no calendar uses, ownerGoneAge how long those of
	// owners that no longer exist.
	unusedAge    = 30 * 24 * time.Hour
	ownerGoneAge = 24 * time.Hour
	// maxCleared is how many files are removed while a change of the subscriptions waits for it.
	maxCleared = 4096
)

// errStopWalk ends a walk early.
var errStopWalk = errors.New("enough")

// walk calls do for each file in a directory of copies and in those of its owners. name is relative
// to it; an owner's directory follows its files.
func (c copies) walk(sub string, do func(name string, e fs.DirEntry) error) error {
	dir := filepath.Join(c.dir, sub)
	return files.Each(dir, func(e fs.DirEntry) error {
		if !e.IsDir() || !isHash(e.Name()) {
			return do(e.Name(), e)
		}
		err := files.Each(filepath.Join(dir, e.Name()), func(file fs.DirEntry) error {
			return do(e.Name()+"/"+file.Name(), file)
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return do(e.Name(), e)
	})
}

// removePartial removes files that a crash left half written. Nothing may be writing meanwhile.
func (c copies) removePartial() error {
	_, err := c.removeIf([]string{bodies, events, pointers}, 0, func(_, name string, _ fs.DirEntry) bool {
		return strings.HasPrefix(name, durable.Partial)
	})
	return err
}

// removeUnused removes copies that no subscription uses or used before its source changed, once
// they are a month old, and those of owners that no longer exist after a day. more reports that
// there is more to remove.
func (c copies) removeUnused(now time.Time, list []*Subscription) (more bool, err error) {
	inUse, owners := map[string]bool{}, map[string]bool{}
	for _, sub := range list {
		file := sub.copyName()
		for _, name := range []string{
			file, path.Base(file), c.pointer(sub), pointerName(sub), c.earlierPointer(sub),
			earlierPointerName(sub),
		} {
			inUse[name] = true
		}
		owners[path.Dir(file)] = true
	}
	return c.removeIf([]string{bodies, events, pointers}, maxCleared, func(sub, name string, e fs.DirEntry) bool {
		dir := path.Dir(name)
		if inUse[name] || e.IsDir() && owners[name] || strings.HasPrefix(name, durable.Partial) {
			return false
		}
		// a tenant's, of a calendar that it does not have any more
		if sub == pointers && c.readPointer(name).owner != "" {
			return true
		}
		info, err := e.Info()
		if err != nil { // it is gone meanwhile
			return false
		}
		if e.IsDir() || dir != "." && !owners[dir] {
			return now.Sub(info.ModTime()) > ownerGoneAge
		}
		return now.Sub(info.ModTime()) > unusedAge
	})
}

// removeIf removes files from directories, and directories of owners that are empty by then: at
// most limit of them, or all with 0.
func (c copies) removeIf(dirs []string, limit int, isUnused func(sub, name string, e fs.DirEntry) bool) (more bool,
	err error,
) {
	if c.dir == "" || c.isReadOnly() {
		return false, nil
	}
	var errs []error
	removed := 0
	for _, sub := range dirs {
		err := c.walk(sub, func(name string, e fs.DirEntry) error {
			if !isUnused(sub, name, e) {
				return nil
			}
			if limit > 0 && removed == limit {
				return errStopWalk
			}
			removed++
			err := c.disk.Remove(filepath.Join(c.dir, sub, name))
			if e.IsDir() { // it may have files that are not to go yet
				return nil
			}
			if err == nil || errors.Is(err, fs.ErrNotExist) {
				c.quotas.remove(sub, name)
				return nil
			}
			if errors.Is(err, files.ErrHung) {
				return err
			}
			errs = append(errs, err)
			return nil
		})
		if errors.Is(err, errStopWalk) {
			return true, errors.Join(errs...)
		}
		if errs = append(errs, err); errors.Is(err, files.ErrHung) {
			break
		}
	}
	return false, errors.Join(errs...)
}

// removeRemaining continues what removeUnused has left, and lets changes of the subscriptions come
// between.
func (s *Store) removeRemaining() {
	for more := true; more; {
		s.subscribeMu.Lock()
		s.mu.Lock()
		list := make([]*Subscription, 0, len(s.subscribers))
		for _, subscriber := range s.subscribers {
			list = append(list, subscriber.Subscription)
		}
		s.mu.Unlock()
		err := s.guard.Do(metrics.PanicState, "copies of feeds", func() (err error) {
			more, err = s.copies.removeUnused(s.options.Now(), list)
			return err
		})
		s.subscribeMu.Unlock()
		if err != nil {
			s.options.Log.Warn("unused copies cannot be removed", slog.String("error", diag.ErrorLine(err)))
			return
		}
	}
}
