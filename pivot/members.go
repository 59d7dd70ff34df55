package pivot

import (
	"slices"
	"strconv"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// misplaced tells whether a member that stands beside the data of a module belongs into it.
func (c *checker) misplaced(o *object, name, data []byte) bool {
	if o == nil || data != nil && (data[0] != '{' || member(data, string(name)) != nil) {
		return false
	}
	i := o.index(name)
	return i >= 0 && o.fields[i].in&c.version != 0
}

// member warns of a member of an action that is none of its three. Kazoo reads a few more, of
// callflows that it keeps itself.
func (c *checker) member(o *object, name, data []byte) {
	text := string(content(name))
	if c.misplaced(o, content(name), data) {
		c.warn(name, []string{text}, "it stands inside data, not beside it, as in \"data\": {%q: …}; move it there",
			text)
		return
	}
	switch text {
	case "id", "_id", "pvt_bucket_name":
		c.warn(name, []string{text},
			"all calls that get this %s share one budget of actions, 20 at once and then 2 a second, and Kazoo ends those that exceed it; "+
				"leave it out", text)
	case "pvt_bucket_cost":
		c.warn(name, []string{text},
			"it changes how much the action takes of the call's budget of actions; leave it out")
	case "remote_execution":
		c.warn(name, []string{text}, "Kazoo sends the action elsewhere for it; leave it out")
	case "_", "next", "then", "child", "childs", "childrens":
		c.warn(name, []string{text}, `what follows an action stands in its children, as in "children": {"_": {…}}`+
			", and Kazoo ignores it here")
	default:
		c.warn(name, []string{text}, "an action has no member %q, and Kazoo ignores it%s", text,
			diag.Suggest(text, []string{"module", "data", "children"}))
	}
}

// isAction tells whether the first value of some JSON is an action, where its children were wanted.
func isAction(json []byte) bool {
	r := reader{json: json}
	module := member(r.value(), "module")
	return module != nil && module[0] == '"'
}

// keys warns of children that the module never asks for.
func (c *checker) keys(o *object, children []byte) {
	r := reader{json: children}
	for r.enter(); r.more(); r.value() {
		name := r.name()
		key := string(content(name))
		if known, asked := c.asks(o, key); !asked {
			c.warn(name, []string{"children", key}, "the module never asks for this child, so it is never taken%s",
				diag.Suggest(key, known))
		}
	}
}

// asks tells whether a module asks for a child of that name, and else for which ones it does.
func (c *checker) asks(o *object, key string) (known []string, asked bool) {
	known = []string{"_"}
	for _, k := range o.keys {
		switch k {
		case "<any>":
			return nil, true
		case "<digits>":
			asked = asked || key != "" && strings.Trim(key, "0123456789*#") == ""
		case "<score>":
			n, err := strconv.Atoi(key)
			asked = asked || err == nil && n >= 0 && n <= 10
		case "<cause>":
			code, isCode := strings.CutPrefix(key, "sip:")
			asked = asked || isCode && len(code) == 3 && strings.Trim(code, "0123456789") == ""
			known = append(known, c.catalog.causes...)
		default:
			known = append(known, k)
		}
	}
	slices.Sort(known)
	return slices.Compact(known), asked || slices.Contains(known, key)
}
