package pivot

import (
	"slices"
	"strconv"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// belongsInData reports whether a member beside the data of a module belongs into the data.
func (c *checker) belongsInData(o *object, name, data []byte) bool {
	if o == nil || data != nil && (data[0] != '{' || findMember(data, string(name)) != nil) {
		return false
	}
	i := o.fieldIndex(name)
	return i >= 0 && o.fields[i].versions&c.versions != 0
}

// warnMember warns of a member of an action other than module, data and children. Kazoo reads a few
// more in callflows that it stores itself.
func (c *checker) warnMember(o *object, name, data []byte) {
	text := string(unquote(name))
	if c.belongsInData(o, unquote(name), data) {
		c.warn(name, []string{text}, "it belongs inside data, not beside it, as in \"data\": {%q: …}; move it there",
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
		c.warn(name, []string{text}, `what follows an action goes into its children, as in "children": {"_": {…}}`+
			", and Kazoo ignores it here")
	default:
		c.warn(name, []string{text}, "an action has no member %q, and Kazoo ignores it%s", text,
			diag.Suggest(text, []string{"module", "data", "children"}))
	}
}

// isAction reports whether a value is an action where an object of children was expected.
func isAction(json []byte) bool {
	r := reader{json: json}
	module := findMember(r.readValue(), "module")
	return module != nil && module[0] == '"'
}

// warnChildKeys warns of children that the module never runs.
func (c *checker) warnChildKeys(o *object, children []byte) {
	r := reader{json: children}
	for r.enter(); r.more(); r.readValue() {
		name := r.readName()
		key := string(unquote(name))
		if known, asked := c.takesChild(o, key); !asked {
			c.warn(name, []string{"children", key}, "the module never uses this child%s",
				diag.Suggest(key, known))
		}
	}
}

// takesChild reports whether a module runs a child of that name, and the names that it has.
func (c *checker) takesChild(o *object, key string) (known []string, asked bool) {
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
