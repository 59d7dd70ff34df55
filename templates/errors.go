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

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/funcs"
	"github.com/callhours/callhours/templates/jsonsafe"
	"github.com/callhours/callhours/templates/vocabulary"
)

// Error is why an execution ended early: a place in a template and what is wrong there.
type Error struct {
	diag.Mistake
	Cause error // what a function, the output or the context said; nil where text/template itself found the fault
}

// Unwrap gives the cause, which is ErrLimit for an execution that was cut off.
func (e *Error) Unwrap() error { return e.Cause }

// explain translates an error of text/template.
func (t *Template) explain(err error, data any) error {
	failed, ok := errors.AsType[template.ExecError](err)
	if !ok {
		return &Error{diag.Mistakef(diag.Pos{File: t.main.Source.At.File}, "%s", err), err}
	}
	at, said := t.place(failed.Err.Error())
	name, message, cause := "", "", errors.Unwrap(failed.Err)
	if cause == nil {
		message = translate(said, data)
	} else {
		if m := calling.FindStringSubmatch(strings.TrimSuffix(said, cause.Error())); m != nil &&
			!strings.HasPrefix(m[1], "__") {
			name = m[1] + ": "
		}
		message = replaceTypes(cause.Error())
		if _, ok := errors.AsType[runtime.Error](cause); ok {
			message = "its arguments do not fit"
		}
	}
	return &Error{diag.Mistakef(at, "%s%s", name, strings.Join(strings.Fields(message), " ")), cause}
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
			return cutAfter(e, m[2]) + " is not set" + diag.DidYouMean(name, mapKeys(data, objectOf(e, m[2])))
		},
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: can't evaluate field (\w+) in type (.*)$`),
		func(e string, m []string, data any) string {
			if m[3] == "interface {}" || !strings.Contains(m[3], ".") {
				return fmt.Sprintf("%s is not known: %s has no fields", cutAfter(e, m[2]),
					cmp.Or(objectOf(e, m[2]), jsonsafe.DescribeType(m[3])))
			}
			return cutAfter(e, m[2]) + " is not known" + vocabulary.MemberHint(objectOf(e, m[2]), m[2], fieldsOf(data, m[3]))
		},
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: nil data; no entry for key (".*")$`),
		func(e string, m []string, _ any) string { return nilMessage(e, m[2]) },
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: nil pointer evaluating .*\.(\w+)$`),
		func(e string, m []string, _ any) string { return nilMessage(e, m[2]) },
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: wrong type for value; expected (\S+(?: \{\})?); got (.*)$`),
		func(e string, m []string, _ any) string {
			return fmt.Sprintf("%s: expected %s, found %s", e, jsonsafe.DescribeType(m[2]), jsonsafe.DescribeType(m[3]))
		},
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: invalid value; expected (.*)$`),
		func(e string, m []string, _ any) string {
			return fmt.Sprintf("%s: expected %s, found nothing", e, jsonsafe.DescribeType(m[2]))
		},
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: expected (\w+); found (.*)$`),
		func(_ string, m []string, _ any) string {
			return fmt.Sprintf("expected %s, found %s", jsonsafe.DescribeType(m[2]), m[3])
		},
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: wrong number of args for (\w+): want (at least )?(\d+) got (\d+)$`),
		func(_ string, m []string, _ any) string {
			n, _ := strconv.Atoi(m[4])
			return fmt.Sprintf("%s needs %s%s, found %s", m[2], m[3], funcs.Arguments(n), m[5])
		},
	},
	{
		regexp.MustCompile(`^(?s)<(.*)>: range can't iterate over .*$`),
		func(e string, _ []string, _ any) string { return e + ": {{range}} needs a list, a map or a number" },
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

func translate(message string, data any) string {
	for _, f := range faults {
		if m := f.pattern.FindStringSubmatch(message); m != nil {
			return f.say(m[1], m, data)
		}
	}
	return replaceTypes(message)
}

// mapKeys are the keys of the map in data that an expression such as .Data.people names; nil where
// it names none.
func mapKeys(data any, expression string) []string {
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
	if len(m) > funcs.MaxElements { // as many names as nobody compares for a message
		return nil
	}
	return slices.Collect(maps.Keys(m))
}

// cutAfter cuts an expression such as .Data.a.b after the name that the fault is about.
func cutAfter(expression, name string) string {
	if _, _, ok := strings.Cut(expression+".", "."+strings.Trim(name, `"`)+"."); ok {
		return objectOf(expression, name) + "." + strings.Trim(name, `"`)
	}
	return expression
}

// objectOf is the part of an expression before a name; "" if the name is not in it.
func objectOf(expression, name string) string {
	before, _, ok := strings.Cut(expression+".", "."+strings.Trim(name, `"`)+".")
	if !ok {
		return ""
	}
	return before
}

// nilMessage is the message about a name that is read of nil.
func nilMessage(expression, name string) string {
	if o := objectOf(expression, name); o != "" {
		return fmt.Sprintf("%s has no value here; guard it with {{with %s}}", o, o)
	}
	return fmt.Sprintf(".%s is read from a missing value; guard it with {{with}}", strings.Trim(name, `"`))
}

// fieldsOf lists what a template can read from the type that text/template names, if the data has
// such a value.
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

// replaceTypes puts our words in place of Go's types.
func replaceTypes(message string) string {
	return typeName.ReplaceAllStringFunc(message, func(found string) string {
		m := typeName.FindStringSubmatch(found)
		if m[1] == "should be" {
			return "should be " + jsonsafe.DescribeType(m[2])
		}
		return jsonsafe.DescribeType(m[2])
	})
}
