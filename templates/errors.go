package templates

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/jsonsafe"
)

// Error is why an execution ended early: a place in a template and what is wrong there.
type Error struct {
	diag.Mistake
	Cause error // what a function, the output or the context said; nil where text/template itself found the fault
}

// Unwrap gives the cause, which is ErrLimit for an execution that was cut off.
func (e *Error) Unwrap() error { return e.Cause }

// failure is what a template says that calls fail.
type failure string

func (f failure) Error() string { return string(f) }

func fail(message string) (string, error) { return "", failure(message) }

// IsFail tells an execution that its author ended by fail from one that went wrong.
func IsFail(err error) bool {
	_, ok := errors.AsType[failure](err)
	return ok
}

// explain puts an error of text/template into the words of who wrote the template.
func (t *Template) explain(err error, data any) error {
	failed, ok := errors.AsType[template.ExecError](err)
	if !ok {
		return &Error{diag.Mistakef(diag.Pos{File: t.main.Source.At.File}, "%s", err), err}
	}
	text := failed.Err.Error()
	at, said := t.place(text)
	if cause := errors.Unwrap(failed.Err); cause != nil {
		name := ""
		if m := calling.FindStringSubmatch(strings.TrimSuffix(said, cause.Error())); m != nil &&
			!strings.HasPrefix(m[1], "__") {
			name = m[1] + ": "
		}
		message := cause.Error()
		if _, ok := errors.AsType[runtime.Error](cause); ok {
			message = "its arguments do not fit"
		}
		return &Error{diag.Mistakef(at, "%s%s", name, oneLine(withoutTypes(message))), cause}
	}
	return &Error{diag.Mistakef(at, "%s", oneLine(wordsFor(said, data))), nil}
}

var (
	location = regexp.MustCompile(`^(\d+):(\d+): executing "(?:[^"\\]|\\.)*" at `)
	calling  = regexp.MustCompile(`error calling (\w+): $`)
)

// place finds the place in what text/template says, and the rest: <expression>: message.
func (t *Template) place(text string) (diag.Pos, string) {
	for _, tree := range t.trees {
		rest, ok := strings.CutPrefix(text, "template: "+tree.ParseName+":")
		if !ok {
			continue
		}
		if m := location.FindStringSubmatch(rest); m != nil {
			line, _ := strconv.Atoi(m[1])
			col, _ := strconv.Atoi(m[2])
			return tree.Source.Place(line, col), rest[len(m[0]):]
		}
	}
	return diag.Pos{File: t.main.Source.At.File}, text
}

// faults are the sentences of text/template about an <expression>, and ours.
var faults = []struct {
	pattern *regexp.Regexp
	say     func(expression string, m []string, data any) string
}{
	{
		regexp.MustCompile(`^(?s)<(.*)>: map has no entry for key (".*")$`),
		func(e string, m []string, data any) string {
			name, _ := strconv.Unquote(m[2])
			return upTo(e, m[2]) + " is not set" + didYouMean(name, keysAt(data, owner(e, m[2])))
		},
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: can't evaluate field (\w+) in type (.*)$`),
		func(e string, m []string, data any) string {
			if m[3] == "interface {}" || !strings.Contains(m[3], ".") {
				return fmt.Sprintf("%s is not known: %s has no fields", upTo(e, m[2]),
					cmp.Or(owner(e, m[2]), word(m[3])))
			}
			return upTo(e, m[2]) + " is not known" + has(owner(e, m[2]), m[2], fieldsOf(data, m[3]))
		},
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: nil data; no entry for key (".*")$`),
		func(e string, m []string, _ any) string { return nothing(e, m[2]) },
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: nil pointer evaluating .*\.(\w+)$`),
		func(e string, m []string, _ any) string { return nothing(e, m[2]) },
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: wrong type for value; expected (\S+(?: \{\})?); got (.*)$`),
		func(e string, m []string, _ any) string {
			return fmt.Sprintf("%s: want %s, found %s", e, word(m[2]), word(m[3]))
		},
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: invalid value; expected (.*)$`),
		func(e string, m []string, _ any) string {
			return fmt.Sprintf("%s: want %s, found nothing", e, word(m[2]))
		},
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: expected (\w+); found (.*)$`),
		func(_ string, m []string, _ any) string {
			return fmt.Sprintf("want %s, found %s", word(m[2]), m[3])
		},
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: wrong number of args for (\w+): want (at least )?(\d+) got (\d+)$`),
		func(_ string, m []string, _ any) string {
			n, _ := strconv.Atoi(m[4])
			return fmt.Sprintf("%s wants %s%s, found %s", m[2], m[3], arguments(n), m[5])
		},
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: range can't iterate over .*$`),
		func(e string, _ []string, _ any) string { return e + ": {{range}} wants a list, a map or a number" },
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: (\w+) has arguments but cannot be invoked as function$`),
		func(e string, _ []string, _ any) string { return e + " is a value, arguments cannot follow it" },
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: (\w+) is not a method but has arguments$`),
		func(e string, _ []string, _ any) string { return e + " is a value, arguments cannot follow it" },
	},
}

func wordsFor(said string, data any) string {
	for _, f := range faults {
		if m := f.pattern.FindStringSubmatch(said); m != nil {
			return f.say(m[1], m, data)
		}
	}
	return withoutTypes(said)
}

// has ends a message about a name that an object does not have. Of a call all names are said: they are
// many, and not in the template.
func has(owner, name string, known []string) string {
	suggestion := fieldMeant(name, known)
	kind := ""
	switch {
	case strings.HasSuffix(owner, ".Call"):
		if function := callFunctions[bareName(name)]; function != "" {
			return fmt.Sprintf("; write .Call.%s %q", function, "NAME")
		}
		kind = "a call"
		if field := fieldFor(".Call", name); field != "" {
			suggestion = "; did you mean " + strconv.Quote(field) + "?"
		}
	case slices.Contains(known, "Summary"):
		kind = "an event"
	}
	if kind != "" && len(known) > 0 && (kind == "a call" || suggestion == "") {
		meant := ""
		if strings.Contains(suggestion, "did you mean") {
			meant = suggestion
		}
		suggestion = "; " + kind + " has " + strings.Join(slices.Sorted(slices.Values(known)), ", ") + meant
	}
	return suggestion
}

// fieldMeant is diag.Suggest, but for a name that is the beginning of others, such as Caller of
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
		return diag.Suggest(name, known)
	}
	return "; did you mean " + strings.Join(longer, " or ") + "?"
}

// keysAt are the keys of the map in data that an expression such as .Data.people names; nil where it names none.
func keysAt(data any, expression string) []string {
	names := strings.Split(strings.TrimPrefix(expression, "$"), ".")
	if len(names) < 2 || names[0] != "" || names[1] != "Data" {
		return nil
	}
	v := reflect.Indirect(reflect.ValueOf(data))
	if v.Kind() != reflect.Struct {
		return nil
	}
	field := v.FieldByName("Data")
	if !field.IsValid() || !field.CanInterface() {
		return nil
	}
	m, _ := reflect.TypeAssert[map[string]any](field)
	for _, name := range names[2:] {
		m, _ = m[name].(map[string]any)
	}
	return slices.Collect(maps.Keys(m))
}

// upTo cuts an expression such as .Data.a.b after the name that the fault is about.
func upTo(expression, name string) string {
	if _, _, ok := strings.Cut(expression+".", "."+strings.Trim(name, `"`)+"."); ok {
		return owner(expression, name) + "." + strings.Trim(name, `"`)
	}
	return expression
}

// owner is the part of an expression before a name; "" if the name is not in it.
func owner(expression, name string) string {
	before, _, ok := strings.Cut(expression+".", "."+strings.Trim(name, `"`)+".")
	if !ok {
		return ""
	}
	return before
}

// nothing is said of a name that is asked of a value that is not there.
func nothing(expression, name string) string {
	if o := owner(expression, name); o != "" {
		return fmt.Sprintf("%s is nothing here; guard it with {{with %s}}", o, o)
	}
	return fmt.Sprintf(".%s is asked of nothing; guard it with {{with}}", strings.Trim(name, `"`))
}

// fieldsOf lists what a template can read from the type that text/template names, if the data has such a value.
func fieldsOf(data any, name string) []string {
	seen := map[reflect.Type]bool{}
	var find func(v reflect.Value, depth int) []string
	find = func(v reflect.Value, depth int) []string {
		for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return nil
			}
			v = v.Elem()
		}
		if !v.IsValid() || depth == 0 {
			return nil
		}
		switch v.Kind() {
		case reflect.Struct:
			if seen[v.Type()] {
				return nil
			}
			seen[v.Type()] = true
			if v.Type().String() == strings.TrimPrefix(name, "*") {
				return jsonsafe.Members(v.Type())
			}
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					if names := find(v.Field(i), depth-1); names != nil {
						return names
					}
				}
			}
		case reflect.Slice:
			if v.Len() > 0 {
				return find(v.Index(0), depth-1)
			}
		}
		return nil
	}
	return find(reflect.ValueOf(data), 5)
}

var typeName = regexp.MustCompile(`(type|should be) ([*\[\]\w.]+(?: ?\{\})?)`)

// withoutTypes puts our words in place of Go's types.
func withoutTypes(message string) string {
	return typeName.ReplaceAllStringFunc(message, func(found string) string {
		m := typeName.FindStringSubmatch(found)
		if m[1] == "should be" {
			return "should be " + word(m[2])
		}
		return word(m[2])
	})
}

// word is what people call a Go type.
func word(goType string) string {
	switch {
	case goType == "string":
		return "a text"
	case goType == "bool":
		return "true or false"
	case strings.HasPrefix(goType, "interface"), goType == "any":
		return "a value"
	case strings.HasPrefix(goType, "int"), strings.HasPrefix(goType, "uint"), strings.HasPrefix(goType, "float"):
		return "a number"
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	case strings.HasPrefix(goType, "map["):
		return "a map"
	case strings.TrimPrefix(goType, "*") == reflect.TypeFor[time.Time]().String():
		return "a time"
	}
	return "an object"
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
