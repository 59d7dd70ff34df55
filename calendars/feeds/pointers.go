package feeds

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"

	"github.com/callhours/callhours/internal/files"
)

// pointer names the copy that a calendar uses, so that after a change of its address it still has
// its former events. It belongs to the owner: another owner may have a calendar and a tenant of the
// same names.
type pointer struct{ copy, owner string }

// setPointer records which copy a calendar uses.
func (c copies) setPointer(sub *Subscription, name string) error {
	if c.dir == "" || c.isReadOnly() {
		return nil
	}
	text := name + "\n"
	if sub.Source.Owner != "" {
		text += sub.Source.Owner + "\n"
	}
	err := c.disk.Write(filepath.Join(c.dir, pointers), pointerName(sub), []byte(text))
	if err == nil {
		c.quotas.setPointer(sub, name)
	}
	if err == nil && pointerName(sub) != earlierPointerName(sub) {
		_ = c.removePointer(earlierPointerName(sub)) // it may stay: it counts for the same source alone
	}
	return err
}

// pointer is the copy that a calendar used last; "" for none.
func (c copies) pointer(sub *Subscription) string {
	if p := c.readPointer(pointerName(sub)); p.owner == sub.Source.Owner {
		return p.copy
	}
	return ""
}

// earlierPointer is the same as written by earlier versions of callhours, which named pointers by
// the calendar alone. It may be another owner's.
func (c copies) earlierPointer(sub *Subscription) string {
	if p := c.readPointer(earlierPointerName(sub)); p.owner == "" {
		return p.copy
	}
	return ""
}

// readPointer reads a pointer by its name; the zero pointer if there is none.
func (c copies) readPointer(name string) pointer {
	if c.dir == "" {
		return pointer{}
	}
	content, err := files.Read(filepath.Join(c.dir, pointers, name), maxPointer)
	to, owner, _ := strings.Cut(string(content), "\n")
	to, owner = strings.TrimSpace(to), strings.TrimSuffix(owner, "\n")
	if err != nil || !isCopyName(to) {
		return pointer{}
	}
	return pointer{to, owner}
}

// removePointers removes the pointers of calendars that tenants no longer have: otherwise renaming
// calendars again and again would fill the directory. Copies are named by their sources, and are
// nobody else's.
func (c copies) removePointers(former map[string]*subscriber, list []*Subscription) {
	if c.dir == "" || c.isReadOnly() {
		return
	}
	type calendar struct{ owner, name string }
	present := map[calendar]bool{}
	for _, sub := range list {
		present[calendar{sub.Source.Owner, sub.Calendar}] = true
	}
	for _, sub := range former {
		if owner := sub.Source.Owner; owner != "" && sub.File == "" && !present[calendar{owner, sub.Calendar}] {
			_ = c.removePointer(pointerName(sub.Subscription)) // removeUnused tries again
		}
	}
}

func (c copies) removePointer(name string) error {
	return c.disk.Remove(filepath.Join(c.dir, pointers, name))
}

// pointerName is the name of a calendar's pointer.
func pointerName(sub *Subscription) string {
	if sub.Source.Owner == "" {
		return earlierPointerName(sub)
	}
	return hashFields("pointer", sub.Source.Owner, sub.Calendar)
}

// earlierPointerName is the pointer's name in earlier versions of callhours, by the calendar alone;
// the operator's still have it.
func earlierPointerName(sub *Subscription) string {
	sum := sha256.Sum256([]byte(sub.Calendar))
	return hex.EncodeToString(sum[:])
}
