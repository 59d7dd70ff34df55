package feeds

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/ical"
)

// Subscription is what one calendar needs from a Store. Source's URL or File is set.
type Subscription struct {
	Calendar string // its full name
	Source   Source // with a File only its Owner counts
	File     string // a path or glob, as Load takes it
	Files    fs.FS  // where File is; nil: the operating system's
	// Holidays is the place whose public holidays are in File; "" for another calendar. Such a file is worked out by
	// us, so that it changes when its time does, and at no other.
	Holidays string
	// Known is what was read of File a moment ago, so that nothing waits for it; nil if it was not.
	Known   *calendars.Calendar
	Refresh time.Duration
	Limits  ical.Limits

	// ShrinkGuard holds a body back that lost more than so many per cent of the former one's
	// events, until it was seen again; 0: only one that lost them all.
	ShrinkGuard int
	ExpireAfter time.Duration // a copy older than this is unknown; 0: never
}

// key is what makes two feeds one.
func (s *Subscription) key() string {
	if s.File == "" {
		return s.Source.Key()
	}
	return "file " + strconv.Quote(s.Source.Owner) + " " + s.File
}

// earlierFiles are the names of copies in earlier versions of callhours, which did not tell owners
// apart, or went by the tenant's name.
func (s *Subscription) earlierFiles() []string {
	named := s.Source
	named.Owner, _, _ = strings.Cut(s.Calendar, "/")
	return []string{s.terms().copyFile(s.Source.sharedKey()), s.terms().copyFile(named.Key())}
}

// location is the source without its secrets.
func (s *Subscription) location() string {
	switch {
	case s.File == "":
		return s.Source.String()
	case s.Holidays != "":
		return "public holidays of " + s.Holidays
	}
	return s.File
}

// terms are what the calendars that share a copy of a feed have in common besides its source: how a
// body is read, and when it is believed.
type terms struct {
	Limits      ical.Limits
	ShrinkGuard int
}

func (s *Subscription) terms() terms { return terms{s.Limits, s.ShrinkGuard} }

// copyFile is the name of a feed's copy on disk: a hash, since names can be read by others.
func (t terms) copyFile(key string) string {
	if t != (terms{}) {
		key += fmt.Sprintf(" %+v", t)
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// copyName is the name of the copy that the calendar uses.
func (s *Subscription) copyName() string {
	return copyName(s.Source.Owner, s.terms().copyFile(s.key()))
}

// copyName is the name of an owner's copy: a tenant's is in a directory of its own.
func copyName(owner, file string) string {
	if owner == "" {
		return file
	}
	return hashFields("directory", owner) + "/" + file
}

// isCopyName reports whether a text may be the name of a copy; "" may.
func isCopyName(name string) bool {
	own, file, ok := strings.Cut(name, "/")
	return isHash(own) && isHash(file) && (!ok || own != "" && file != "")
}

func isHash(text string) bool { return strings.Trim(text, "0123456789abcdef") == "" }

// How often a feed is fetched, unless a calendar sets it; the last two bound what the feed itself
// hints.
const (
	defaultRefresh = 15 * time.Minute
	minHint        = 5 * time.Minute
	maxHint        = time.Hour
)
