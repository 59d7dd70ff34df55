package funcs

import (
	"fmt"
	"reflect"
	"strings"
	"text/template/parse"

	"github.com/callhours/callhours/templates/jsonsafe"
	"github.com/callhours/callhours/templates/trees"
	"github.com/callhours/callhours/templates/vocabulary"
)

// OptionalFunc is the function that reads a value that may be absent: a value and names in quotes.
const OptionalFunc = "__may"

// absenceTests are the functions whose arguments may be absent.
var absenceTests = map[string]bool{"and": true, "or": true, "not": true, "default": true, "coalesce": true}

// IsAbsenceTest reports whether the arguments of a function may be absent, as that of {{if}} may.
func IsAbsenceTest(name string) bool { return absenceTests[name] }

// makeOptional is the read of a value that may be absent: by optional, which returns nothing where
// text/template's own way is an error.
func makeOptional(n parse.Node) parse.Node {
	var names []string
	var from parse.Node
	switch n := n.(type) {
	case *parse.FieldNode:
		names, from = n.Ident, &parse.DotNode{NodeType: parse.NodeDot, Pos: n.Pos}
	case *parse.VariableNode:
		if len(n.Ident) < 2 {
			return n
		}
		v := n.Copy().(*parse.VariableNode)
		v.Ident = n.Ident[:1]
		names, from = n.Ident[1:], v
	default:
		return n
	}
	args := []parse.Node{parse.NewIdentifier(OptionalFunc).SetPos(n.Position()), from}
	for _, name := range names {
		args = append(args,
			&parse.StringNode{NodeType: parse.NodeString, Pos: n.Position(), Quoted: `"` + name + `"`, Text: name})
	}
	return &parse.PipeNode{NodeType: parse.NodePipe, Pos: n.Position(), Cmds: []*parse.CommandNode{
		{NodeType: parse.NodeCommand, Pos: n.Position(), Args: args},
	}}
}

// makeOperandsOptional lets values be absent in a pipeline. tested says that {{if}} or {{with}}
// tests its result.
func makeOperandsOptional(p *parse.PipeNode, tested bool) {
	for i, cmd := range p.Cmds {
		f, isFunction := cmd.Args[0].(*parse.IdentifierNode)
		switch {
		case isFunction && absenceTests[f.Ident]:
			for j := 1; j < len(cmd.Args); j++ {
				cmd.Args[j] = makeOptional(cmd.Args[j])
			}
		case len(cmd.Args) == 1 && (i == len(p.Cmds)-1 && tested || i+1 < len(p.Cmds) && CallsAbsenceTest(p.Cmds[i+1])):
			cmd.Args[0] = makeOptional(cmd.Args[0])
		}
		for _, arg := range cmd.Args {
			if inner, ok := arg.(*parse.PipeNode); ok && !isOptional(inner) {
				// Parentheses that hold nothing but what is asked about change nothing.
				makeOperandsOptional(inner, len(inner.Cmds) == 1 &&
					(isFunction && absenceTests[f.Ident] || tested && len(p.Cmds) == 1 && len(cmd.Args) == 1))
			}
		}
	}
}

// CallsAbsenceTest reports whether a command calls a function whose arguments may be absent.
func CallsAbsenceTest(cmd *parse.CommandNode) bool {
	f, ok := cmd.Args[0].(*parse.IdentifierNode)
	return ok && absenceTests[f.Ident]
}

func isOptional(p *parse.PipeNode) bool { return trees.IsCall(p.Cmds[0].Args[0], OptionalFunc) }

// optional reads names one after the other, each of the former's value; nothing where a map has no
// such key.
func (r *Run) optional(from any, names ...string) (any, error) {
	for i, name := range names {
		if err := r.spend(perName); err != nil {
			return nil, err
		}
		v := reflect.ValueOf(from)
		if method := methodOf(v, name); method.IsValid() {
			given := method.Call(nil)
			if len(given) > 1 && !given[1].IsNil() {
				return nil, given[1].Interface().(error)
			}
			from = given[0].Interface()
			continue
		}
		for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		switch v.Kind() {
		case reflect.Invalid:
			return nil, nil
		case reflect.Map:
			from = nil
			if v.Type().Key().Kind() == reflect.String {
				if e := v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key())); e.IsValid() {
					from = e.Interface()
				}
			}
			continue
		case reflect.Struct:
			if f := v.FieldByName(name); f.IsValid() && f.CanInterface() {
				from = f.Interface()
				continue
			}
			path := "." + strings.Join(names[:i+1], ".")
			return nil,
				fmt.Errorf("%s is not known%s", path,
					vocabulary.MemberHint(strings.TrimSuffix(path, "."+name), name, jsonsafe.Members(v.Type())))
		default:
			return nil,
				fmt.Errorf(".%s is not known: %s has no fields", strings.Join(names[:i+1], "."), jsonsafe.Describe(from))
		}
	}
	if v := reflect.ValueOf(from); v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, nil
	}
	return from, nil
}

// methodOf finds a method without arguments that gives one value, and perhaps an error, as
// text/template knows them.
func methodOf(v reflect.Value, name string) reflect.Value {
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return reflect.Value{}
	}
	m := v.MethodByName(name)
	if !m.IsValid() || m.Type().NumIn() > 0 {
		return reflect.Value{}
	}
	if n := m.Type().NumOut(); n == 1 || n == 2 && m.Type().Out(1) == reflect.TypeFor[error]() {
		return m
	}
	return reflect.Value{}
}
