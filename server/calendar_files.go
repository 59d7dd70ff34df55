package server

import (
	"sync"

	"github.com/callhours/callhours/calendars/feeds"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/contain"
)

// fileOwners is how many tenants' calendar files are looked at and read at a time; most wait for a
// disk. Large files are read one tenant after the other.
const fileOwners = 32

// unreadCalendar is a calendar whose files are to be read.
type unreadCalendar struct {
	config   *config.Calendar
	calendar *calendar
	err      error // why they could not be read
	panicked error // while they were
}

// fileTurns limits how many owners' files are read at a time. An owner leaves its place while it
// waits for or reads a large file, so that only owners of large files wait for large files.
type fileTurns struct {
	places chan struct{}
	large  chan struct{}
}

func (t *fileTurns) takeLarge() (done func()) {
	<-t.places
	t.large <- struct{}{}
	return func() {
		<-t.large
		t.places <- struct{}{}
	}
}

// readFiles reads the calendars' files: the operator's first, then those of all tenants at once. It
// reports each owner without mistakes to the draft, if there is one.
func (b *builder) readFiles(d *draft) {
	byOwner := map[string][]*unreadCalendar{}
	for _, c := range b.unread {
		byOwner[c.config.Owner] = append(byOwner[c.config.Owner], c)
	}
	turns := &fileTurns{make(chan struct{}, fileOwners), make(chan struct{}, 1)}
	isRight := b.readOwn(byOwner[""], turns) // else nobody's files are used
	delete(byOwner, "")
	if isRight {
		d.openWithout(byOwner)
	}
	var tenants sync.WaitGroup
	for owner, own := range byOwner {
		tenants.Go(func() {
			_ = contain.Do(func() error { // what panics in it is a mistake of its own
				if b.readOwn(own, turns) && isRight {
					d.open(owner)
				}
				return nil
			})
		})
	}
	tenants.Wait()
	for _, c := range b.unread {
		switch {
		case c.panicked != nil:
			b.wrong(c.config.Pos, "calendar %q: %s", c.config.Name, c.panicked)
		case c.err != nil:
			b.missing(c.config, "", c.err)
		}
	}
}

// readOwn reads the files of one owner's calendars, and reports whether none of them is a mistake.
func (b *builder) readOwn(own []*unreadCalendar, turns *fileTurns) (isRight bool) {
	turns.places <- struct{}{}
	defer func() { <-turns.places }()
	loader := feeds.NewLoader(turns.takeLarge)
	isRight = true
	for _, c := range own {
		c.panicked = contain.Do(func() error {
			to := c.calendar
			to.Known, c.err = loader.Load(c.config.Owner, b.reuse.known(c.config), to.Files, to.File,
				to.Limits)
			return nil
		})
		isRight = isRight && c.panicked == nil && (c.err == nil || b.isSpared(c.config))
	}
	return isRight
}
