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
	// unused is how long copies are kept that nobody uses, and goneUnused those of owners that are
	// gone.
	unused     = 30 * 24 * time.Hour
	goneUnused = 24 * time.Hour
	// maxCleared is how many files are removed while a change of the subscriptions waits for that.
	maxCleared = 4096
)

// errEnough ends a walk whose callers have seen enough.
var errEnough = errors.New("enough")

// each walks through what stands in a directory of copies, and in those of owners. name is relative
// to it; an owner's directory comes after its files.
func (c copies) each(sub string, do func(name string, e fs.DirEntry) error) error {
	dir := filepath.Join(c.dir, sub)
	return files.Each(dir, func(e fs.DirEntry) error {
		if !e.IsDir() || !isHash(e.Name()) {
			return do(e.Name(), e)
		}
		err := files.Each(filepath.Join(dir, e.Name()), func(own fs.DirEntry) error {
			return do(e.Name()+"/"+own.Name(), own)
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return do(e.Name(), e)
	})
}

// mend removes what a crash has left half written. Nothing is being written meanwhile.
func (c copies) mend() error {
	_, err := c.remove([]string{bodies, events, pointers}, 0, func(_, name string, _ fs.DirEntry) bool {
		return strings.HasPrefix(name, durable.Partial)
	})
	return err
}

// clear removes what is a month old and what the subscriptions do not use, nor did before their
// sources changed; what owners have left that are gone, after a day. more reports whether there was
// too much to be removed at once.
func (c copies) clear(now time.Time, list []*Subscription) (more bool, err error) {
	inUse, owners := map[string]bool{}, map[string]bool{}
	for _, sub := range list {
		own := sub.copyName()
		for _, name := range []string{
			own, path.Base(own), c.pointed(sub), pointerName(sub), c.formerlyPointed(sub),
			formerPointer(sub),
		} {
			inUse[name] = true
		}
		owners[path.Dir(own)] = true
	}
	return c.remove([]string{bodies, events, pointers}, maxCleared, func(sub, name string, e fs.DirEntry) bool {
		own := path.Dir(name)
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
		if e.IsDir() || own != "." && !owners[own] {
			return now.Sub(info.ModTime()) > goneUnused
		}
		return now.Sub(info.ModTime()) > unused
	})
}

// remove removes files from directories, and directories of owners that are empty by then; most
// of them at most, 0 being all.
func (c copies) remove(from []string, most int, useless func(sub, name string, e fs.DirEntry) bool) (more bool,
	err error,
) {
	if c.dir == "" || c.isReadOnly() {
		return false, nil
	}
	var errs []error
	removed := 0
	for _, sub := range from {
		err := c.each(sub, func(name string, e fs.DirEntry) error {
			if !useless(sub, name, e) {
				return nil
			}
			if most > 0 && removed == most {
				return errEnough
			}
			removed++
			err := c.disk.Remove(filepath.Join(c.dir, sub, name))
			if e.IsDir() { // it may have files that are not to go yet
				return nil
			}
			if err == nil || errors.Is(err, fs.ErrNotExist) {
				c.quotas.removed(sub, name)
				return nil
			}
			if errors.Is(err, files.ErrHung) {
				return err
			}
			errs = append(errs, err)
			return nil
		})
		if errors.Is(err, errEnough) {
			return true, errors.Join(errs...)
		}
		if errs = append(errs, err); errors.Is(err, files.ErrHung) {
			break
		}
	}
	return false, errors.Join(errs...)
}

// clearRest goes on with what clear has left, while changes of the subscriptions come between.
func (s *Store) clearRest() {
	for more := true; more; {
		s.subscribing.Lock()
		s.mu.Lock()
		list := make([]*Subscription, 0, len(s.subscribed))
		for _, own := range s.subscribed {
			list = append(list, own.Subscription)
		}
		s.mu.Unlock()
		err := s.guard.Do(metrics.PanicState, "copies of feeds", func() (err error) {
			more, err = s.copies.clear(s.options.Now(), list)
			return err
		})
		s.subscribing.Unlock()
		if err != nil {
			s.options.Log.Warn("copies that nobody uses cannot be removed", slog.String("error", diag.ErrorLine(err)))
			return
		}
	}
}
