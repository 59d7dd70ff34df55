// Package people keeps those who may act on routes and are not written in the configuration: who
// they are, what they may do, and by what they are recognized: a link, a PIN, telephones. It keeps
// hashes of links and PINs only, and a record of every change, with its author.
//
// A [Store] asks the database each time: whoever is revoked is unknown to the next question, in
// every process. Nothing is remembered, and nothing here is called while a call is answered.
package people

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"github.com/callhours/callhours/internal/diag"
)

// Permission is something that a person may do with a route.
type Permission string

// The permissions. See is everybody's.
const (
	See       Permission = "see"        // its state and hours
	SeePeople Permission = "see-people" // who is on call
	Close     Permission = "close"      // close it by hand
	Open      Permission = "open"       // open it by hand
	Branch    Permission = "branch"     // choose one of its branches
	Message   Permission = "message"    // say something of one's own to callers
	Refresh   Permission = "refresh"    // have its calendars read again
	History   Permission = "history"    // look at its calls and changes
)

// Permissions are all of them, in the order in which they are shown.
func Permissions() []Permission {
	return []Permission{See, SeePeople, Close, Open, Branch, Message, Refresh, History}
}

// AllRoutes stands for every route of the person's tenant, also for those that are added later.
const AllRoutes = "*"

// Person is somebody who may act. Times are zero for what has not happened.
type Person struct {
	ID     string
	Tenant string // "": the operator's people, who act on routes without a tenant
	Name   string // one of the tenant's people who are not revoked
	// what the person reads, as a BCP 47 tag; "": the tenant's language
	Language string
	Phones   []string                // E.164 or extensions, sorted; of nobody else of the tenant
	May      map[string][]Permission // by the route's name without the tenant, or AllRoutes
	HasPIN   bool

	CreatedBy string
	CreatedAt time.Time
	UsedAt    time.Time
	RevokedBy string
	RevokedAt time.Time
}

// Allows reports whether the person may do something with a route of the tenant, by its name
// without the tenant. A person who is revoked may nothing.
func (p Person) Allows(permission Permission, route string) bool {
	return p.RevokedAt.IsZero() && (slices.Contains(p.May[route], permission) ||
		slices.Contains(p.May[AllRoutes], permission))
}

// New is somebody to be added.
type New struct {
	Tenant   string
	Name     string
	Language string                  // "": the tenant's
	Phones   []string                // in any spelling with spaces, dashes and brackets
	May      map[string][]Permission // empty: See, on all routes
	PIN      string                  // "": none
}

// Limits of what is kept of somebody.
const (
	maxName   = 100 // characters
	maxPhones = 20
	maxRoutes = 1000
	minPIN    = 6 // digits
	maxPIN    = 12
)

var (
	phoneGrammar = regexp.MustCompile(`^\+[1-9][0-9]{5,14}$|^[0-9]{2,8}$`)
	phoneFiller  = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "/", "", ".", "", "\u00a0", "")
	digits       = regexp.MustCompile(`^[0-9]+$`)
)

// ParseName cleans a person's name, or says why it cannot be one.
func ParseName(text string) (string, error) {
	name := strings.Join(strings.Fields(norm.NFC.String(text)), " ")
	switch {
	case name == "":
		return "", errors.New(`expected a name, such as "Anna Berger"`)
	case !utf8.ValidString(name):
		return "", errors.New("the name is not UTF-8")
	case utf8.RuneCountInString(name) > maxName:
		return "", fmt.Errorf("the name has %d characters; the limit is %d", utf8.RuneCountInString(name), maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", fmt.Errorf("the name %s contains a character that cannot be shown", diag.Quote(name))
	}
	return name, nil
}

// ParsePhone reads a telephone number or an extension.
func ParsePhone(text string) (string, error) {
	phone := phoneFiller.Replace(text)
	if !phoneGrammar.MatchString(phone) {
		return "", fmt.Errorf("expected phone %s as +493012345678 (with the country) or as an extension such as 1001",
			diag.Quote(text))
	}
	return phone, nil
}

// ParsePermissions reads a list of permissions, separated by commas or spaces. See is always among
// them.
func ParsePermissions(text string) ([]Permission, error) {
	found := map[Permission]bool{See: true}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		if !slices.Contains(Permissions(), Permission(word)) {
			var known []string
			for _, p := range Permissions() {
				known = append(known, string(p))
			}
			return nil, fmt.Errorf("unknown permission %s%s", diag.Quote(word), diag.Suggest(word, known))
		}
		found[Permission(word)] = true
	}
	return inOrder(found), nil
}

func inOrder(found map[Permission]bool) []Permission {
	return slices.DeleteFunc(Permissions(), func(p Permission) bool { return !found[p] })
}

// CheckPIN says why a PIN cannot be one: it has too few or too many digits, or is one that
// everybody tries first. The PIN itself is not in the error.
func CheckPIN(pin string) error {
	switch {
	case !digits.MatchString(pin):
		return errors.New("a PIN has digits only")
	case len(pin) < minPIN || len(pin) > maxPIN:
		return fmt.Errorf("a PIN has %d to %d digits, found %d", minPIN, maxPIN, len(pin))
	}
	steps := map[int]bool{} // from one digit to the next
	for i := 1; i < len(pin); i++ {
		steps[int(pin[i])-int(pin[i-1])] = true
	}
	if len(steps) == 1 && (steps[0] || steps[1] || steps[-1]) {
		return errors.New("the PIN is easily guessed; use another one")
	}
	return nil
}

// check gives a person as it is kept, without what the database adds, or says what is wrong.
func (n New) check() (Person, error) {
	p := Person{Tenant: n.Tenant, Language: n.Language, May: map[string][]Permission{}}
	var err error
	if p.Name, err = ParseName(n.Name); err != nil {
		return p, err
	}
	if n.Language != "" {
		if _, err := language.Parse(n.Language); err != nil {
			return p, fmt.Errorf("expected language as a tag such as de or en-us, found %s", diag.Quote(n.Language))
		}
	}
	for _, text := range n.Phones {
		phone, err := ParsePhone(text)
		if err != nil {
			return p, err
		}
		p.Phones = append(p.Phones, phone)
	}
	slices.Sort(p.Phones)
	if p.Phones = slices.Compact(p.Phones); len(p.Phones) > maxPhones {
		return p, fmt.Errorf("%d phones; the limit is %d", len(p.Phones), maxPhones)
	}
	if len(n.May) > maxRoutes {
		return p, fmt.Errorf("%d routes; the limit is %d", len(n.May), maxRoutes)
	}
	for route, list := range n.May {
		found := map[Permission]bool{See: true}
		for _, permission := range list {
			found[permission] = true
		}
		p.May[cmp.Or(route, AllRoutes)] = inOrder(found)
	}
	if len(p.May) == 0 {
		p.May[AllRoutes] = []Permission{See}
	}
	if n.PIN != "" {
		if err := CheckPIN(n.PIN); err != nil {
			return p, err
		}
	}
	return p, nil
}

// Routes are the routes that the person may do something with, sorted; AllRoutes first.
func (p Person) Routes() []string { return slices.Sorted(maps.Keys(p.May)) }

// Certainty is how reliably an author is known.
type Certainty string

// The degrees of Certainty.
const (
	Claimed  Certainty = "claimed"   // a command line says so
	SignedIn Certainty = "signed in" // by a password
	ByLink   Certainty = "link"      // by a link, which may have been passed on
)

// Author is who changes something.
type Author struct {
	Name      string // "root@ops1", "Anna Berger"
	Certainty Certainty
	Origin    string // from where: "command line", an address
}

// String is the author as people read it: "root@ops1 (claimed)".
func (a Author) String() string { return a.Name + " (" + string(a.Certainty) + ")" }

// Change is a record of one.
type Change struct {
	At      time.Time
	Author  Author
	Tenant  string
	Action  string // "person added", "person revoked"
	Subject string // the person's name
	Detail  string // what it was about, without anything secret
}

var (
	// ErrUnknown is the error for a link, PIN or name that is nobody's: it never was anybody's, or the
	// person is revoked.
	ErrUnknown = errors.New("unknown person")
	// ErrTaken is in the error for a name or phone of somebody else of the tenant.
	ErrTaken = errors.New("is taken")
)
