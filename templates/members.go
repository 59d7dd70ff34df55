package templates

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fieldsByOwner are the fields of what templates read besides data.
var fieldsByOwner = map[string][]string{
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

// fieldFor is the field of an owner such as .Call that was most likely meant by a name; "" for none.
func fieldFor(owner, name string) string {
	plain := bareName(name)
	for _, field := range fieldsByOwner[owner] {
		if bareName(field) == plain || fieldElsewhere[plain] == field {
			return field
		}
	}
	return ""
}

// memberCure says how to write what stands under a key with other signs than names have; "" where get does it.
func memberCure(owner, key, further string) string {
	root, base := "", owner // $ and what follows it
	if strings.HasPrefix(owner, "$.") {
		root, base = "$", owner[1:]
	}
	first, _ := utf8.DecodeRuneInString(key)
	field := fieldFor(base, key)
	call := fieldFor(".Call", key)
	names := strings.Split(base, ".") // the first is ""
	last := names[len(names)-1]
	function := callFunctions[bareName(last)]
	known := fieldsByOwner[base]
	switch {
	case field != "":
		return fmt.Sprintf("write {{ %s.%s%s }}", owner, field, further)
	case owner == "." && unicode.IsUpper(first) && call != "":
		return fmt.Sprintf("write {{ .Call.%s }}", call)
	case base == ".Call" && callFunctions[bareName(key)] != "":
		return fmt.Sprintf("write {{ %s.%s %q }}", owner, callFunctions[bareName(key)], firstName(further))
	case base == ".Call":
		return fmt.Sprintf(
			"write {{ %s.Var %q }} for a variable of the call, or {{ %s.Param %q }} for a parameter of Kazoo",
			owner, key, owner, key)
	case function != "" && (len(names) == 2 || len(names) == 3 && names[1] == "Call"):
		return fmt.Sprintf("write {{ %s.Call.%s %q }}", root, function, key)
	case known != nil:
		return fmt.Sprintf("%s has %s", owner, strings.Join(known, ", "))
	case len(names) == 2 && last != "" && !slices.Contains(roots, base) &&
		rootElsewhere[strings.ToLower(base)] == ".Data":
		return fmt.Sprintf("write {{ %s }}", getCure(root+".Data", key, further))
	}
	return ""
}

// getCure reads a key by get, and what follows it.
func getCure(owner, key, further string) string {
	cure := fmt.Sprintf("get %s %q", owner, key)
	if further != "" {
		cure = "(" + cure + ")" + further
	}
	return cure
}

// firstName is the first of the names that follow a key, such as .x.y; "NAME" where none does.
func firstName(further string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(further, "."), ".")
	if name == "" {
		return "NAME"
	}
	return name
}

// functionOfCall says how to write the names behind .Call where they take one of its functions for a map, as in
// .Call.Var.step; "" for others.
func functionOfCall(names []string) string {
	if len(names) < 2 {
		return ""
	}
	function := callFunctions[bareName(names[0])]
	if function == "" {
		return ""
	}
	return fmt.Sprintf(".Call.%s is no map; write .Call.%s %q", names[0], function, names[1])
}
