package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/files"
)

// Options are how Load reads.
type Options struct {
	FS fs.FS // where all paths are looked up, slash-separated; nil: the operating system, paths as given
	// Inputs are used before the disk, and receive what is read from it; nil: empty ones.
	Inputs *Inputs
	// Accepted are the files of the configuration that was accepted last, for the owners of names
	// and accounts and the files of includes. nil: there was none.
	Accepted *Inputs
	// Former is the File that was loaded before, without mistakes. Tenants of which nothing has
	// changed are reused from it. nil: none.
	Former *File
	// ReserveSince is when the files are read, in a reload that nobody requested: what tenants had
	// in Accepted and no longer claim stays reserved. Zero for a reload by hand, which releases it.
	ReserveSince time.Time
	// Tested is the configuration that LoadTests reads tests of, complete or as far as it was
	// understood: a file of tests in a tenant's directory is the tenant's, with its rules for file
	// names. nil: it is the operator's.
	Tested *File
	// Credentials is the directory of what systemd gives the process by LoadCredential; "": it gives
	// nothing, so that {credential: NAME} opens and sends nothing.
	Credentials string
	// CheckZone reports what is wrong with the name of a time zone, and what to write instead; nil:
	// a check with the Go library.
	CheckZone func(name string) error
}

// Load reads a configuration: the main file and, once each, everything that it includes.
//
// The error is diag.Mistakes, sorted, when there are mistakes, and another error when the main file
// cannot be read. With mistakes the File holds what was understood, so that other packages can
// check their parts in the same run; it is nil when nothing was. Such a File must not be served
// from.
func Load(path string, o Options) (*File, error) {
	in := o.Inputs
	if in == nil {
		in = NewInputs(o.FS)
	}
	l := &loader{
		inputs:       in,
		file:         &File{Path: path, Inputs: in},
		accepted:     o.Accepted,
		reserveSince: o.ReserveSince,
		translations: map[string]map[string]*Plan{},
		zoneErrors:   map[string]error{},
		checkZone:    o.CheckZone,
		credentials:  o.Credentials,
	}
	if l.checkZone == nil {
		l.checkZone = checkKnownZone
	}
	defer func() { in.dirCache, in.keptOwners, in.disk.skip = nil, nil, nil }() // later listings are fresh
	l.file.Dir, in.argument = in.disk.dir(path), path
	main := in.read(path, "")
	in.update(path, func(input *Input) { input.Source = true })
	if main.Err != nil {
		return nil, fmt.Errorf("%s: %w", path, main.Err)
	}
	root, mistakes := (&converter{file: path}).parse(maxMain, main.Bytes)
	l.mistakes = append(l.mistakes, mistakes...)
	if root == nil {
		return nil, l.mistakes.Err()
	}

	top := l.newMain(root)
	sources := append([]*source{top}, top.include(o.Former)...)
	// Names may be used before the file that defines them, so each kind is
	// read from all files in turn.
	for _, s := range sources {
		s.readPart(s.readSecrets)
	}
	top.checkGrants()
	for _, s := range sources {
		s.grantSecrets(top)
	}
	top.readPart(top.readGlobal)
	for _, s := range sources {
		s.readPart(s.readLists)
		s.readPart(s.readCalendars)
	}
	for _, s := range sources {
		s.readPart(s.readPlans)
	}
	top.readPart(top.readBuiltinPlans)
	for _, s := range sources {
		s.readPart(s.readRoutes)
	}
	top.readPart(func() { l.crossCheck(top) })
	for _, s := range sources {
		s.reportRest()
	}
	slices.SortStableFunc(l.file.Warnings, func(a, b Warning) int { return a.Compare(b.Pos) })
	l.mistakes = dropFollowUps(l.mistakes)
	l.file.Mistakes = l.mistakes
	in.former, in.prefetched = nil, nil // nothing more is read
	return l.file, l.mistakes.Err()
}

// loader is one run of Load.
type loader struct {
	inputs          *Inputs
	accepted        *Inputs   // see Options
	reserveSince    time.Time // see Options
	file            *File
	misspelledParts []string                // parts of the main file whose key is misspelt
	grants          map[string]*grant       // what the main file says of tenants, by name
	zoneErrors      map[string]error        // what is wrong with a time zone, by name
	checkZone       func(name string) error // see Options
	credentials     string                  // see Options
	hours           []Secret                // the token that opens the hours of all routes; none without one
	mistakes        diag.Mistakes

	translations map[string]map[string]*Plan // of the built-in plans, by base language and name
}

func (l *loader) warn(pos diag.Pos, kind, format string, args ...any) {
	l.file.Warnings = append(l.file.Warnings, Warning{diag.Mistakef(pos, format, args...), kind})
}

// readPart reads a part of a source. A panic becomes a mistake in the source's file.
func (s *source) readPart(read func()) {
	if err := contain.Do(func() error { read(); return nil }); err != nil {
		s.mistakes = append(s.mistakes, diag.Mistakef(diag.Pos{File: cmp.Or(s.path, s.file.Path)}, "%s", err))
	}
}

// source is a file of YAML that is being read, with the names that are defined for it.
type source struct {
	*loader
	top          fields
	path         string
	dir          string
	home         string  // in which a tenant's file may name files; "" for none
	tenant       *Tenant // nil: everybody's
	rejected     bool    // for a wrong claim; nothing more is read of it
	tenantFields fields  // what the file says of its tenant
	reused       *reuse  // the tenant is reused from there; nil: it is read
	accountsCut  bool    // the file has more accounts than it may; tenant has the first ones
	// the tenant's accounts as they are written; and in lower case those of the file, see mayDrop;
	// nil: not asked for yet
	tenantAccounts, claimed map[string]bool
	baseData                *Data // global and the tenant's data, merged

	language, phoneRegion string // of routes that name none

	calendars scope[*Calendar]
	plans     scope[*Plan]
	lists     scope[*List]
	secrets   scope[Secret]
	routes    scope[*Route]

	misspelledHere    []string // parts of the file whose key is misspelt
	secretsIncomplete bool     // something is wrong with its files of secrets

	counter    mistakeCounter // mistakes
	mergedKeys int            // keys of data, see merge
	// steps in the programs of regular expressions, see patternTexts
	regexSteps int
	numbers    map[string][]Text // of the lists' files that were read, by path
	namedFiles namedFiles        // what was read of them and of secrets
}

// namedFiles counts the files that a tenant's file names.
type namedFiles struct {
	seen, read map[string]bool // by path
	bytes      int
	full       bool // it is more than the tenant may; no more is read
}

// scope holds what is defined under a name: a tenant's own definitions, then everybody's.
type scope[T any] struct {
	own   map[string]T
	outer map[string]T
}

func (s scope[T]) find(name string) (T, bool) {
	if found, ok := s.own[name]; ok {
		return found, true
	}
	found, ok := s.outer[name]
	return found, ok
}

// names returns all names, sorted.
func (s scope[T]) names() []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(s.own)), maps.Keys(s.outer))
	slices.Sort(names)
	return slices.Compact(names)
}

// inner returns a tenant's scope inside this one.
func (s scope[T]) inner() scope[T] { return scope[T]{own: map[string]T{}, outer: s.own} }

// tenantPath is the path of the tenant's file on whose behalf a source reads; "" for the
// operator's.
func (s *source) tenantPath() string {
	if s.tenant == nil {
		return ""
	}
	return s.path
}

// read gives a file that the configuration names, and reports that it cannot be read.
func (s *source) read(path Text) (*Input, bool) {
	if !s.mayRead(path) {
		return nil, false
	}
	input, ok := s.readAs(path, s.tenantPath())
	return input, ok && s.countRead(path, input)
}

func (l *loader) newMain(root *node) *source {
	s := &source{loader: l, dir: l.file.Dir}
	s.calendars.own, s.plans.own, s.lists.own = map[string]*Calendar{}, map[string]*Plan{}, map[string]*List{}
	s.secrets.own, s.routes.own = map[string]Secret{}, map[string]*Route{}
	s.top = s.fields(root, inMain)
	s.grants = s.top.grants()
	s.recordIncludes()
	s.baseData = s.top.data("data")
	s.language, s.phoneRegion = s.top.language(""), s.top.phoneRegion("")
	return s
}

// resolve returns the path of a file that this source names.
func (s *source) resolve(t Text) string {
	if t.S == "" {
		return ""
	}
	return s.inputs.disk.join(s.dir, t.S)
}

// paths resolves file names and globs, each file once. A name without wildcards stays even if there
// is no such file.
func (s *source) paths(names []Text, key string) []Text {
	var out []Text
	seen := map[string]bool{}
	for _, name := range names {
		if name.S == "" {
			continue // reported where it was read
		}
		full := s.resolveAllowed(name, key)
		if full == "" {
			continue
		}
		found := []string{full}
		if strings.ContainsAny(name.S, wildcards) {
			looked := s.inputs.glob(full, s.tenantPath())
			found = looked.names
			if errors.Is(looked.err, errTooManyNames) || errors.Is(looked.err, files.ErrLongPattern) {
				s.mistake(name.Pos, "%s %s: %v", key, quote(name.S), looked.err)
				return out
			} else if looked.err != nil {
				s.mistake(name.Pos, "%s %s: a [ in a glob needs a closing ]", key, quote(name.S))
			} else if len(looked.unreadable) > 0 && key != "include" {
				s.mistake(name.Pos, "%s %s: the directory %s: %v; make it readable", key, quote(name.S),
					quote(looked.unreadable[0].dir), looked.unreadable[0].err)
			} else if len(found) == 0 && len(looked.unreadable) == 0 {
				s.warn(name.Pos, "glob_matches_nothing", "%s %s matches no file", key, quote(name.S))
			}
		}
		for _, path := range found {
			if !seen[path] {
				seen[path] = true
				out = append(out, Text{Pos: name.Pos, S: path})
			}
		}
	}
	return out
}

// prefix is the tenant's part of full names.
func (s *source) prefix() string {
	if s.tenant == nil {
		return ""
	}
	return s.tenant.Name + "/"
}

// tenantName is "" for everybody's.
func (s *source) tenantName() string {
	if s.tenant == nil {
		return ""
	}
	return s.tenant.Name
}

// owner is "" for everybody's.
func (s *source) owner() string {
	if s.tenant == nil {
		return ""
	}
	return s.tenant.Owner
}

// namedEntries returns the entries of a mapping with valid names.
func (s *source) namedEntries(n *node, key, what string) []entry {
	return slices.DeleteFunc(slices.Clone(s.entries(n, key)), func(e entry) bool { return !s.checkName(e.key, what) })
}
