// Package vocabulary knows what the data of templates is called (.Call.CallerName, .Event.Summary),
// and what was meant by names that it does not have: those of Kazoo's parameters, of other template
// languages, and misspelt ones. Each Hint is the end of a message, or "".
//
// It knows names alone: no trees, no values, no functions but get. It keeps no state.
package vocabulary

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
)

// roots are the names that the data of a template has.
var roots = []string{".Branch", ".Call", ".Data", ".Event", ".Events", ".Match", ".Now", ".Route", ".Tenant", ".Until"}

// IsRoot reports whether the data of a template has a name, such as ".Call".
func IsRoot(name string) bool { return slices.Contains(roots, name) }

// fieldsByObject are the fields of what templates read besides data.
var fieldsByObject = map[string][]string{
	".Call": {
		"AccountID", "CallID", "CallerName", "CallerNumber", "Dialed", "Digits", "Direction", "From", "FromRealm",
		"Language", "Request",
		"RequestRealm", "To", "ToRealm", "UserIDs", "Withheld",
	},
	".Event":  {"AllDay", "Calendar", "Categories", "Description", "End", "Location", "Start", "Summary", "UID"},
	".Route":  {"Language", "Name", "Timezone"},
	".Branch": {"Name", "State"},
	".Match":  {"Name", "Value"},
}

// fieldElsewhere are names of Kazoo's parameters, and of other languages, as bare gives them,
// and the fields that they are.
var fieldElsewhere = map[string]string{
	"calleridnumber": "CallerNumber", "callerid": "CallerNumber", "caller": "CallerNumber", "cidnumber": "CallerNumber",
	"ani":          "CallerNumber",
	"calleridname": "CallerName", "cidname": "CallerName", "cnam": "CallerName",
	"fromuser": "From", "touser": "To", "requestuser": "Request", "dnis": "Dialed", "did": "Dialed",
	"accountsid": "AccountID",
	"callsid":    "CallID", "starttime": "Start", "startdate": "Start", "endtime": "End", "enddate": "End",
	"title":   "Summary",
	"subject": "Summary", "wholeday": "AllDay", "tz": "Timezone",
}

// callFunctions are what .Call has for parameters by their names, by what people take for them.
var callFunctions = map[string]string{
	"var": "Var", "vars": "Var", "variable": "Var", "variables": "Var", "customapplicationvars": "Var", "cav": "Var",
	"header": "Header", "headers": "Header", "customsipheaders": "Header", "sipheaders": "Header",
	"param": "Param", "params": "Param", "parameter": "Param", "parameters": "Param", "customchannelvars": "Param",
	"collection": "Collection", "collections": "Collection", "requestheader": "RequestHeader",
	"requestheaders": "RequestHeader",
}

// bareName is a name in lower case without what parts its words.
func bareName(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(name))
}

// fieldFor is the field of an object such as .Call that was most likely meant by a name; "" for
// none.
func fieldFor(object, name string) string {
	plain := bareName(name)
	for _, field := range fieldsByObject[object] {
		if bareName(field) == plain || fieldElsewhere[plain] == field {
			return field
		}
	}
	return ""
}

// KeyHint says how to write what stands under a key with other signs than names have; "" where get
// does it.
func KeyHint(object, key, further string) string {
	root, base := "", object // $ and what follows it
	if strings.HasPrefix(object, "$.") {
		root, base = "$", object[1:]
	}
	first, _ := utf8.DecodeRuneInString(key)
	field := fieldFor(base, key)
	call := fieldFor(".Call", key)
	names := strings.Split(base, ".") // the first is ""
	last := names[len(names)-1]
	function := callFunctions[bareName(last)]
	known := fieldsByObject[base]
	switch {
	case field != "":
		return fmt.Sprintf("write {{ %s.%s%s }}", object, field, further)
	case object == "." && unicode.IsUpper(first) && call != "":
		return fmt.Sprintf("write {{ .Call.%s }}", call)
	case base == ".Call" && callFunctions[bareName(key)] != "":
		return fmt.Sprintf("write {{ %s.%s %q }}", object, callFunctions[bareName(key)], firstName(further))
	case base == ".Call":
		return fmt.Sprintf(
			"write {{ %s.Var %q }} for a variable of the call, or {{ %s.Param %q }} for a parameter of Kazoo",
			object, key, object, key)
	case function != "" && (len(names) == 2 || len(names) == 3 && names[1] == "Call"):
		return fmt.Sprintf("write {{ %s.Call.%s %q }}", root, function, key)
	case known != nil:
		return fmt.Sprintf("%s has %s", object, strings.Join(known, ", "))
	case len(names) == 2 && last != "" && !IsRoot(base) &&
		rootElsewhere[strings.ToLower(base)] == ".Data":
		return fmt.Sprintf("write {{ %s }}", GetHint(root+".Data", key, further))
	}
	return ""
}

// GetHint reads a key by get, and what follows it.
func GetHint(object, key, further string) string {
	hint := fmt.Sprintf("get %s %q", object, key)
	if further != "" {
		hint = "(" + hint + ")" + further
	}
	return hint
}

// firstName is the first of the names that follow a key, such as .x.y; "NAME" where none does.
func firstName(further string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(further, "."), ".")
	if name == "" {
		return "NAME"
	}
	return name
}

// CallHint says how to write the names behind .Call where they take one of its functions for a map,
// as in .Call.Var.step; "" for others.
func CallHint(names []string) string {
	if len(names) < 2 {
		return ""
	}
	function := callFunctions[bareName(names[0])]
	if function == "" {
		return ""
	}
	return fmt.Sprintf(".Call.%s is not a map; write .Call.%s %q", names[0], function, names[1])
}

// rootElsewhere are names of other template languages, and what they are here.
var rootElsewhere = map[string]string{
	".values": ".Data", ".vars": ".Data", ".var": ".Data", ".variables": ".Data", ".config": ".Data",
	".params": ".Data", ".settings": ".Data", ".options": ".Data",
	".caller": ".Call", ".from": ".Call.From", ".to": ".Call.To", ".request": ".Call", ".summary": ".Event.Summary",
	".title": ".Event.Summary",
	".time":  ".Now", ".date": ".Now", ".today": ".Now", ".company": ".Tenant", ".account": ".Call.AccountID",
	".state": ".Branch.State",
}

// RootHint ends the message about a name that a template's data does not have.
func RootHint(name string) string {
	bare := strings.TrimPrefix(name, ".")
	if function := callFunctions[bareName(bare)]; function == bare { // .Var, which is .Call's
		return "; write .Call." + function + ` "NAME"`
	}
	if write, ok := rootElsewhere[strings.ToLower(name)]; ok {
		return "; did you mean " + strconv.Quote(write) + "?"
	}
	if field := fieldFor(".Call", bare); field != "" {
		return "; did you mean " + strconv.Quote(".Call."+field) + "?"
	}
	return diag.Suggest(name, roots)
}

// MemberHint ends a message about a name that an object does not have, which has the known ones. Of
// a call all names are said: they are many, and not in the template.
func MemberHint(object, name string, known []string) string {
	meant, kind := fieldMeant(name, known), ""
	switch {
	case strings.HasSuffix(object, ".Call"):
		if function := callFunctions[bareName(name)]; function != "" {
			return fmt.Sprintf("; write .Call.%s %q", function, "NAME")
		}
		kind = "a call"
		if field := fieldFor(".Call", name); field != "" {
			meant = "; did you mean " + strconv.Quote(field) + "?"
		}
	case slices.Contains(known, "Summary"):
		kind = "an event"
	}
	hint := cmp.Or(meant, diag.Suggest(name, known))
	if kind != "" && len(known) > 0 && (kind == "a call" || hint == "") {
		return "; " + kind + " has " + strings.Join(slices.Sorted(slices.Values(known)), ", ") + meant
	}
	return hint
}

// fieldMeant is diag.DidYouMean, but for a name that is the beginning of others, such as Caller of
// CallerName and CallerNumber.
func fieldMeant(name string, known []string) string {
	var longer []string
	for _, k := range slices.Sorted(slices.Values(known)) {
		if len(name) >= 4 && len(k) > len(name) && strings.EqualFold(k[:len(name)], name) && k[len(name)] >= 'A' &&
			k[len(name)] <= 'Z' {
			longer = append(longer, strconv.Quote(k))
		}
	}
	if len(longer) == 0 || len(longer) > 3 {
		return diag.DidYouMean(name, known)
	}
	return "; did you mean " + strings.Join(longer, " or ") + "?"
}
