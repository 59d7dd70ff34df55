package feeds

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"

	"github.com/callhours/callhours/internal/files"
)

// pointer says which copy a calendar uses, so that after a change of its address it still has its
// former events. It is the owner's: another one may call its calendar the same, and its tenant as
// well.
type pointer struct{ copy, owner string }

// point notes which copy a calendar uses.
func (c copies) point(sub *Subscription, name string) error {
	if c.dir == "" || c.isReadOnly() {
		return nil
	}
	text := name + "\n"
	if sub.Source.Owner != "" {
		text += sub.Source.Owner + "\n"
	}
	err := c.disk.Write(filepath.Join(c.dir, pointers), pointerName(sub), []byte(text))
	if err == nil {
		c.quotas.pointed(sub, name)
	}
	if err == nil && pointerName(sub) != formerPointer(sub) {
		_ = c.unpoint(formerPointer(sub)) // that it stays does no harm: it is believed of the same source alone
	}
	return err
}

// pointed is the copy that a calendar used last; "" for none.
func (c copies) pointed(sub *Subscription) string {
	if p := c.readPointer(pointerName(sub)); p.owner == sub.Source.Owner {
		return p.copy
	}
	return ""
}

// formerlyPointed is the same under versions of callhours that went by the calendar's name. It may
// be another owner's.
func (c copies) formerlyPointed(sub *Subscription) string {
	if p := c.readPointer(formerPointer(sub)); p.owner == "" {
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

// forgetPointers removes the pointers of calendars that tenants do not have any more: otherwise
// those who rename their calendars again and again would fill the directory. Copies are named by
// their sources, and nobody else's.
func (c copies) forgetPointers(former map[string]*subscribed, list []*Subscription) {
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
			_ = c.unpoint(pointerName(sub.Subscription)) // clear tries again
		}
	}
}

func (c copies) unpoint(name string) error {
	return c.disk.Remove(filepath.Join(c.dir, pointers, name))
}

// pointerName is the name of a calendar's pointer.
func pointerName(sub *Subscription) string {
	if sub.Source.Owner == "" {
		return formerPointer(sub)
	}
	return keyOf("pointer", sub.Source.Owner, sub.Calendar)
}

// formerPointer is its name under versions of callhours that went by the calendar's name alone,
// as it is for the operator's.
func formerPointer(sub *Subscription) string {
	sum := sha256.Sum256([]byte(sub.Calendar))
	return hex.EncodeToString(sum[:])
}
