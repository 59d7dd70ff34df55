package funcs

import (
	"reflect"
	"strings"
	"text/template/parse"

	"github.com/callhours/callhours/templates/jsonsafe"
	"github.com/callhours/callhours/templates/trees"
	"github.com/callhours/callhours/templates/vocabulary"
)

// MayFunc is the function that reads what may be absent: a value and names in quotes.
const MayFunc = "__may"

// asksOnly are the functions that may be given what is absent.
var asksOnly = map[string]bool{"and": true, "or": true, "not": true, "default": true, "coalesce": true}

// AsksOnly reports whether a function may be given what is absent, as {{if}} may.
func AsksOnly(name string) bool { return asksOnly[name] }

// mayBeAbsent lets a value that {{if}}, {{with}} or one of a few functions asks about be absent: it
// is read by may, which gives nothing, where text/template's own way is an error.
func mayBeAbsent(n parse.Node) parse.Node {
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
	args := []parse.Node{parse.NewIdentifier(MayFunc).SetPos(n.Position()), from}
	for _, name := range names {
		args = append(args,
			&parse.StringNode{NodeType: parse.NodeString, Pos: n.Position(), Quoted: `"` + name + `"`, Text: name})
	}
	return &parse.PipeNode{NodeType: parse.NodePipe, Pos: n.Position(), Cmds: []*parse.CommandNode{
		{NodeType: parse.NodeCommand, Pos: n.Position(), Args: args},
	}}
}

// lenient lets values be absent in a pipeline. asked says that {{if}} or {{with}} asks about what
// it gives.
func lenient(p *parse.PipeNode, asked bool) {
	for i, cmd := range p.Cmds {
		f, isFunction := cmd.Args[0].(*parse.IdentifierNode)
		switch {
		case isFunction && asksOnly[f.Ident]:
			for j := 1; j < len(cmd.Args); j++ {
				cmd.Args[j] = mayBeAbsent(cmd.Args[j])
			}
		case len(cmd.Args) == 1 && (i == len(p.Cmds)-1 && asked || i+1 < len(p.Cmds) && Asks(p.Cmds[i+1])):
			cmd.Args[0] = mayBeAbsent(cmd.Args[0])
		}
		for _, arg := range cmd.Args {
			if inner, ok := arg.(*parse.PipeNode); ok && !isMay(inner) {
				// Parentheses that hold nothing but what is asked about change nothing.
				lenient(inner, len(inner.Cmds) == 1 &&
					(isFunction && asksOnly[f.Ident] || asked && len(p.Cmds) == 1 && len(cmd.Args) == 1))
			}
		}
	}
}

// Asks reports whether a command calls a function that may be given what is absent.
func Asks(cmd *parse.CommandNode) bool {
	f, ok := cmd.Args[0].(*parse.IdentifierNode)
	return ok && asksOnly[f.Ident]
}

func isMay(p *parse.PipeNode) bool { return trees.IsCall(p.Cmds[0].Args[0], MayFunc) }

// may reads names one after the other, each of what the one before gave; nothing where a map has no
// such key.
func (r *Run) may(from any, names ...string) (any, error) {
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
			said := "." + strings.Join(names[:i+1], ".")
			return nil,
				wantf("%s is not known%s", said,
					vocabulary.MemberHint(strings.TrimSuffix(said, "."+name), name, jsonsafe.Members(v.Type())))
		default:
			return nil,
				wantf(".%s is not known: %s has no fields", strings.Join(names[:i+1], "."), jsonsafe.Describe(from))
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
