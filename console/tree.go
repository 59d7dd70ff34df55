package console

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/callhours/callhours/pivot"
)

// node is an action of a callflow as people see it.
type node struct {
	Key    string // by which its parent leads here; "" for the first
	Then   string // what the key _ means: "then" or "otherwise"; "" for another key
	Module string
	Kind   string // what its picture is
	Facts  []fact
	Kids   []*node
}

// fact is a field of an action's data.
type fact struct{ Name, Value string }

// The bounds of what is drawn; the JSON beside it has all.
const (
	maxFacts = 8
	maxDepth = 64
	longest  = 200 // characters of a value
)

// tree reads a callflow; nil when it is none.
func tree(callflow []byte) *node { return newTree("", callflow, 0) }

func newTree(key string, text json.RawMessage, depth int) *node {
	var action struct {
		Module   string                     `json:"module"`
		Data     map[string]json.RawMessage `json:"data"`
		Children map[string]json.RawMessage `json:"children"`
	}
	if depth > maxDepth || json.Unmarshal(text, &action) != nil {
		return nil
	}
	n := &node{Key: key, Module: action.Module, Kind: kindName(action.Module)}
	for i, name := range slices.Sorted(maps.Keys(action.Data)) {
		if i == maxFacts {
			n.Facts = append(n.Facts, fact{"…", ""})
			break
		}
		n.Facts = append(n.Facts, fact{name, newValue(action.Data[name])})
	}
	keys := slices.SortedFunc(maps.Keys(action.Children), func(a, b string) int {
		if (a == "_") != (b == "_") { // what follows in every other case stands last
			return map[bool]int{true: 1, false: -1}[a == "_"]
		}
		return strings.Compare(a, b)
	})
	for _, k := range keys {
		if kid := newTree(k, action.Children[k], depth+1); kid != nil {
			switch {
			case k != "_":
			case pivot.Chooses(n.Module):
				kid.Then = "otherwise"
			default:
				kid.Then = "then"
			}
			n.Kids = append(n.Kids, kid)
		}
	}
	return n
}

// newValue is a field as people read it: texts without quotes, the rest as JSON.
func newValue(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		var compact bytes.Buffer
		if json.Compact(&compact, raw) != nil {
			return ""
		}
		text = compact.String()
	}
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}

// kinds are the pictures of modules; what is not listed has the plain one.
var kinds = map[string]string{
	"device": "phone", "user": "phone", "ring_group": "phone", "page_group": "phone", "resources": "phone",
	"offnet": "phone", "eavesdrop": "phone",
	"acdc_member": "phone", "group_pickup": "phone", "callflow": "goto", "pivot": "goto", "branch_bnumber": "goto",
	"lookupcidname": "goto",
	"voicemail":     "tape", "record_call": "tape", "record_caller": "tape", "tts": "speech", "play": "speech",
	"say":  "speech",
	"menu": "keys", "collect_dtmf": "keys", "hangup": "end", "response": "end",
}

func kindName(module string) string {
	if k := kinds[module]; k != "" {
		return k
	}
	return "plain"
}
