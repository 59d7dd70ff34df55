package server

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars/zones"
	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/durable"
	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/internal/suspect"
)

// Installation is a configuration and where its files are: what a server is started from, and loads
// again.
type Installation struct {
	Path string // of the main file
	// where it and all others are; nil: the operating system's. Of others no accepted copy is kept.
	Files fs.FS
	Now   func() time.Time // the program's clock
	// Exclusive takes the lock of state_dir, which then belongs to this process alone. Another that
	// has it makes Start a reader of that directory, and a strict one fail.
	Exclusive bool
	// Credentials is the directory of those that systemd gives the process; see [config.Options].
	Credentials string
	Program     string // that loads, such as "callhours/1.2": another one tries again what ended this
}

// Loaded is what came of reading an installation's files.
type Loaded struct {
	Generation   *Generation   // nil: everything is refused
	Mistakes     diag.Mistakes // what is wrong with the files, by place
	Rejected     []string      // tenants whose former files are used instead, or none if there are none; sorted
	FromAccepted bool          // all files are the accepted copy's

	inputs *config.Inputs // the files as they are
	// what is wrong with files that are not read again, by owner, as of config.OwnerSum
	refusals map[string]refusal
	kept     diag.Mistakes // of them, what was found earlier
	built    *Generation   // of them, whatever is wrong with it; nil: nothing
	err      error         // why the main file cannot be read

	found     diag.Mistakes // all that is wrong, as often as it was found
	blame     *blame        // of the tenants in whose files it is
	unchecked []*builder    // which find more of it; see attempt
	draft     *draft        // of Generation, which nobody answers by yet; nil: it is whole

	notes    []error        // what people should know of a first start
	stateDir string         // as far as the files say it
	marks    *suspect.Marks // of what is being loaded; nil: there is nothing to fall back on
	waiting  bool           // something of it is to be tried later
	lock     *durable.Lock  // of the state directory; nil: there is none, or nobody asked for it
	lockErr  error          // why it is not held; nil: it is
}

// Err says why everything is refused; nil if it is not.
func (l *Loaded) Err() error {
	switch {
	case l.Generation != nil:
		return nil
	case l.err != nil:
		return l.err
	}
	return l.Mistakes.Err()
}

// Start loads the installation for a server that starts. What is wrong with the files of one tenant
// is mended with those of the accepted copy, and anything else by taking the whole copy. Without a
// copy tenants whose files are wrong are left out. strict does nothing of that. notes are what
// people should know of the copy.
func (i Installation) Start(strict bool) (l Loaded, notes []error) { return i.start(strict, nil) }

// StartServing is Start for a server that opens its listeners first. serve is given, once at most,
// the Loaded that a [Server] is made of, as soon as the configuration is known to be right but for
// what calendar files hold and sample calls show. It calls New, which is not to be called with that
// Loaded after it has returned, and waits for nothing. What StartServing returns is for that
// server's Options.Rest.
func (i Installation) StartServing(serve func(Loaded)) (l Loaded, notes []error) {
	return i.start(false, serve)
}

func (i Installation) start(strict bool, serve func(Loaded)) (l Loaded, notes []error) {
	if i.Files != nil {
		l = i.load(loading{begin: beginOnce(func(l *Loaded) { serve(*l) }, serve != nil)})
		l.findRest()
		return l, nil
	}
	how := loading{inputs: config.NewInputs(nil), starts: !strict}
	how.inputs.Open(i.Path)
	var own stateLock
	if dir := how.inputs.StateDir(i.Path); !strict && dir != "" {
		// Without an accepted copy there is nothing to serve instead, and so nothing is held back.
		if how.known, _ = readAccepted(dir, i.Path, true); how.known != nil {
			if i.Exclusive {
				own.take(dir)
			}
			how.marks = i.marksIn(dir, isNotOurs(own.lockErr) || !i.Exclusive)
		}
	}
	how.begin = beginOnce(func(l *Loaded) {
		if dir := l.Generation.file.StateDir; i.Exclusive && own.lock == nil && dir != "" {
			own.take(dir)
		}
		l.lock, l.lockErr, l.marks = own.lock, own.lockErr, how.marks
		serve(*l)
	}, serve != nil)
	l = i.load(how)
	how.inputs = nil
	if l.stateDir != "" {
		if i.Exclusive && (own.lock == nil || own.lock.Dir() != l.stateDir) {
			own.take(l.stateDir)
		}
	}
	defer func() { l.lock, l.lockErr, l.marks = own.lock, own.lockErr, how.marks }()
	isShared := isNotOurs(own.lockErr)
	switch lockErr := own.lockErr; {
	case errors.Is(lockErr, files.ErrHung):
		notes = append(notes, fmt.Errorf("state_dir %w; nothing is written there until it does", lockErr))
	case isShared && strict:
		return Loaded{err: fmt.Errorf("state_dir %w; stop that process, or set another state_dir", lockErr)}, nil
	case isShared:
		notes = append(notes,
			fmt.Errorf("state_dir %w; its copies are read, and nothing is written there until that process ends",
				lockErr))
	case errors.Is(lockErr, durable.ErrNoLocks):
		notes = append(notes, fmt.Errorf("state_dir %w", lockErr))
	}
	if strict {
		return l, notes
	}
	kept, err := readAccepted(l.stateDir, i.Path, isShared)
	if err != nil {
		notes = append(notes, err)
	}
	if kept == nil {
		if l.Generation == nil && l.err == nil {
			how.inputs, how.first, how.former = l.inputs, true, l.built
			l = i.load(how)
		}
		l.findRest()
		return l, append(notes, l.notes...)
	}
	if l.Generation != nil && !hasLess(l.inputs, kept) {
		return l, notes
	}
	if again := i.load(loading{
		accepted: kept, former: l.built, cautious: true, hold: i.Now(), known: how.known,
		marks: how.marks, starts: true, begin: how.begin,
	}); again.Generation != nil {
		return again, notes
	} else if l.Generation != nil { // nothing is wrong but what is gone
		l = again
	}
	whole := i.attempt(kept, func(string) bool { return true },
		loading{accepted: kept, former: l.built, starts: true, begin: how.begin})
	if err := errors.Join(whole.err, whole.mistakes.Err()); err != nil {
		// An earlier version may have accepted what is beyond the bounds of this one.
		if rest := i.load(loading{
			accepted: kept, former: l.built, cautious: true, hold: i.Now(), known: how.known,
			marks: how.marks, starts: true, begin: how.begin, leavesOut: true,
		}); rest.Generation != nil {
			return rest, append(notes, fmt.Errorf("tenants %s are left out: their accepted files cannot be used either",
				strings.Join(rest.blame.leftOut(), ", ")))
		}
		l.findRest()
		return l, append(notes, fmt.Errorf("the accepted copy cannot be used either: %w", err))
	}
	l.findRest()
	l.Generation, l.FromAccepted = whole.generation, true
	return l, notes
}

// gone says which includes match no file any more, where nobody has said that this is meant: a
// directory that is not mounted looks like it. It is a mistake of each tenant whose file one found,
// whose accepted files go on, and of nobody else: a glob may be of one tenant's directory, which
// that tenant can empty.
func (l *Loaded) gone(main string, how loading) (said, each diag.Mistakes) {
	if !how.cautious {
		return nil, nil
	}
	found := l.inputs.EmptiedGlobs(how.accepted)
	for _, glob := range slices.Sorted(maps.Keys(found)) {
		m := diag.Mistakef(diag.Pos{File: main}, "include %q matches no file any more; put the files back, "+
			"or reload by SIGHUP or POST /-/reload if that is meant", glob)
		said = append(said, m)
		for _, file := range found[glob] {
			m.Other = diag.Pos{File: file}
			each = append(each, m)
		}
	}
	return said, each
}

// attempt is what came of building from some inputs.
type attempt struct {
	generation *Generation
	mistakes   diag.Mistakes // as often as they were found
	unchecked  *builder      // which finds more of them, but reads calendar files for that; nil: nothing does
	err        error
	stateDir   string
}

func (i Installation) attempt(inputs *config.Inputs, spared func(of string) bool, how loading) (a attempt) {
	if err := contain.Do(func() error { a = i.build(inputs, spared, how); return nil }); err != nil {
		return attempt{err: fmt.Errorf("%s: %w", i.Path, err), stateDir: inputs.StateDir(i.Path)}
	}
	return a
}

func (i Installation) build(inputs *config.Inputs, spared func(of string) bool, how loading) attempt {
	var before *config.File
	if how.former != nil {
		before = how.former.file
	}
	file, err := config.Load(i.Path,
		config.Options{
			Inputs: inputs, Accepted: how.accepted, Former: before, ReserveSince: how.hold,
			CheckZone: zones.Check, Credentials: i.Credentials,
		})
	var mistakes diag.Mistakes
	switch {
	case file == nil && errors.As(err, &mistakes):
		return attempt{mistakes: mistakes, stateDir: inputs.StateDir(i.Path)}
	case file == nil:
		return attempt{err: err, stateDir: inputs.StateDir(i.Path)}
	}
	if i.Files != nil {
		file.StateDir = "" // there is no directory beside it
	}
	b := builder{
		file: file, files: i.Files, now: i.Now(), clock: i.Now, spared: spared, former: how.former, starts: how.starts,
		begin: how.begin,
	}
	if err != nil && how.begin != nil {
		return attempt{mistakes: file.Mistakes, unchecked: &b, stateDir: file.StateDir}
	}
	if err != nil {
		return attempt{mistakes: append(file.Mistakes, b.check()...), stateDir: file.StateDir}
	}
	g, mistakes := build(b)
	return attempt{generation: g, mistakes: mistakes, stateDir: file.StateDir}
}
