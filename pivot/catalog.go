package pivot

import (
	_ "embed"
	"slices"
	"sync"
)

// maxModule is how many characters the name of a module may have.
const maxModule = 64

// Version is a line of Kazoo's releases. The zero Version stands for all of them at once.
type Version string

// The versions, oldest first.
const (
	Kazoo43     Version = "4.3"
	KazooMaster Version = "master" // of 2600hz/kazoo, where 4.3 branched off, and of its forks
	Kazoo5      Version = "5"
)

// Versions lists the versions, oldest first.
func Versions() []Version { return []Version{Kazoo43, KazooMaster, Kazoo5} }

// versions is a set of them, a bit for each.
type versions uint8

const allVersions versions = 1<<3 - 1

// versions is the set of this version; of all versions for an unknown one.
func (v Version) versions() versions {
	if i := slices.Index(Versions(), v); i >= 0 {
		return 1 << i
	}
	return allVersions
}

// String names the versions of the set: "4.3 and master".
func (vs versions) String() string { return joinNames(vs.names(), "and") }

func (vs versions) names() []string {
	var names []string
	for i, v := range Versions() {
		if vs&(1<<i) != 0 {
			names = append(names, string(v))
		}
	}
	return names
}

// catalog describes Kazoo's modules. The schema of an action itself, callflows.action, is not a
// module, and neither are the parts of audio_macro, which Kazoo accepts and then cannot run.
type catalog struct {
	modules map[string]*object
	causes  []string            // why a call was not answered
	instant map[string]bool     // modules that take no time
	aliases map[string][]string // modules by their names in other systems
}

// object is what an object may have for members: the data of a module, or a value within it.
type object struct {
	versions versions // of a module
	keys     []string // of a module: the names of children that it looks for; "<any>" and its like stand for many
	fields   []field
	choice   *choice
	others   *otherMembers // nil: other members are ignored, with a warning
}

// field is a member of an object.
type field struct {
	name     string
	values   []value
	versions versions // that know the field
	required versions // that refuse an object without it
	expected bool     // an action does nothing without it,
	unless   string   // if this one is not given either
}

// choice is a number of sets of fields, exactly one of which must be given.
type choice struct {
	versions versions
	sets     [][]string
}

// otherMembers says what members without a field may be.
type otherMembers struct {
	headerNames bool    // they are named like headers
	values      []value // nil: anything
}

// valueKind is what a value is.
type valueKind uint8

const (
	textKind valueKind = iota
	wordKind
	integerKind
	booleanKind
	objectKind
	listKind
	urlKind
	plainURLKind
	linkKind
	emailKind
	languageKind
	digitsKind
	actionKind
)

// kindNames are the kinds by their word in the catalog.
var kindNames = map[string]valueKind{
	"text": textKind, "integer": integerKind, "boolean": booleanKind, "object": objectKind, "list": listKind,
	"url": urlKind, "plain-url": plainURLKind, "link": linkKind, "mail": emailKind, "language": languageKind,
	"digits": digitsKind,
	"action": actionKind,
}

// value is one thing that a member or an element may be.
type value struct {
	kind     valueKind
	versions versions
	min, max int     // of characters, elements, or the number itself; see bounded
	bounded  bool    // whether min and max count
	word     string  // of wordKind
	elements []value // what the elements of a listKind may be
	unique   bool    // of listKind: no duplicates
	object   *object // of objectKind; nil: any
}

const noBound = 1<<63 - 1

//go:embed catalog.txt
var catalogText string

// builtIn is the catalog, read once.
var builtIn = sync.OnceValue(func() *catalog {
	c, err := parseCatalog(catalogText)
	if err != nil {
		panic(err) // it is built in, and read by every test
	}
	return c
})
