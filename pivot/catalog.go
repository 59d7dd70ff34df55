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

// set holds the version alone; all of them for one that is not known.
func (v Version) set() versions {
	if i := slices.Index(Versions(), v); i >= 0 {
		return 1 << i
	}
	return allVersions
}

// String names the versions of the set: "4.3 and master".
func (vs versions) String() string { return enumerate(vs.names(), "and") }

func (vs versions) names() []string {
	var names []string
	for i, v := range Versions() {
		if vs&(1<<i) != 0 {
			names = append(names, string(v))
		}
	}
	return names
}

// catalog is what is known of Kazoo's modules. The schema of an action itself, callflows.action, is none of them, and
// neither are the parts of audio_macro: Kazoo takes them and then has nothing to run.
type catalog struct {
	modules map[string]*object
	causes  []string            // why a call was not answered
	instant map[string]bool     // modules that take no time
	meant   map[string][]string // modules by what people call them who know others
}

// object is what an object may have for members: the data of a module, or a value within it.
type object struct {
	in     versions // of a module
	keys   []string // of a module: the names of children that it looks for; "<any>" and its like stand for many
	fields []field
	choice *choice
	rest   *rest // of other members; nil: they are ignored, and a warning
}

// field is a member of an object.
type field struct {
	name     string
	values   []value
	in       versions // that know the field
	required versions // that refuse an object without it
	expected bool     // an action does nothing without it,
	unless   string   // if this one is not given either
}

// choice is a number of sets of fields of which exactly one is given.
type choice struct {
	in   versions
	sets [][]string
}

// rest is what members may be that are no fields.
type rest struct {
	header bool    // they are named like headers
	values []value // nil: anything
}

// kind is what a value is.
type kind uint8

const (
	aText kind = iota
	aWord
	anInteger
	aBoolean
	anObject
	aList
	aURL
	aPlainURL
	aLink
	anEmail
	aLanguage
	isDigits
	anAction
)

// kinds are those that the catalog names by a word.
var kinds = map[string]kind{
	"text": aText, "integer": anInteger, "boolean": aBoolean, "object": anObject, "list": aList,
	"url": aURL, "plain-url": aPlainURL, "link": aLink, "mail": anEmail, "language": aLanguage, "digits": isDigits,
	"action": anAction,
}

// value is one thing that a member or an element may be.
type value struct {
	kind     kind
	in       versions
	min, max int     // of characters, elements, or the number itself; see bounded
	bounded  bool    // whether min and max count
	word     string  // of aWord
	of       []value // of the elements of aList
	unique   bool    // of aList: no element stands there twice
	object   *object // of anObject; nil: any
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
