package funcs

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/Masterminds/sprig/v3"
)

// sprigs are the functions of sprig; only those that functions names are used.
var sprigs = sprig.TxtFuncMap()

// sprigFunc is sprig's function as it is: one that looks at its arguments' kinds alone.
func sprigFunc(name string) func(*Run) any {
	return func(*Run) any { return sprigs[name] }
}

// longestNumeral is how many bytes a text may have that is read as a number. Longer ones are 0, as
// other texts are.
const longestNumeral = 400

// boundNumeral is a value that can be read as a number at little cost, also behind pointers: nil, a
// bool, a number, a text that is not too long. Anything else is 0, as it is for sprig, which would
// first write it as text, with all that a map, a list or an object holds.
func boundNumeral(v any) any {
	switch v.(type) {
	case nil, bool, int, int64, float64: // the usual case
		return v
	}
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer || rv.Kind() == reflect.Interface {
		rv = rv.Elem()
	}
	switch {
	case rv.Kind() == reflect.String && rv.Len() <= longestNumeral,
		rv.Kind() == reflect.Bool, rv.CanInt(), rv.CanUint(), rv.CanFloat():
		return v
	}
	return 0
}

// boundNumerals is boundNumeral of each value, counted before it is read.
func (r *Run) boundNumerals(vs ...any) ([]any, error) {
	bounded := make([]any, len(vs))
	for i, v := range vs {
		bounded[i] = boundNumeral(v)
		n := perElement
		if s, ok := bounded[i].(string); ok {
			n += len(s)
		}
		if err := r.spend(n); err != nil {
			return nil, err
		}
	}
	return bounded, nil
}

// compute calls a function with numerals.
func compute[T any](r *Run, f func(vs []any) T, vs ...any) (T, error) {
	bounded, err := r.boundNumerals(vs...)
	if err != nil {
		var none T
		return none, err
	}
	return f(bounded), nil
}

// numberFunc is sprig's function of numbers.
func numberFunc(name string) func(*Run) any {
	switch f := sprigs[name].(type) {
	case func(any) int:
		return unaryFunc(f)
	case func(any) int64:
		return unaryFunc(f)
	case func(any) float64:
		return unaryFunc(f)
	case func(string) int:
		return func(r *Run) any {
			return func(s string) (int, error) {
				return compute(r, func(vs []any) int {
					s, _ := vs[0].(string) // what is too long is none
					return f(s)
				}, s)
			}
		}
	case func(any, any) int64:
		return func(r *Run) any {
			return func(a, b any) (int64, error) {
				return compute(r, func(vs []any) int64 { return f(vs[0], vs[1]) }, a, b)
			}
		}
	case func(...any) int64:
		return func(r *Run) any {
			return func(vs ...any) (int64, error) {
				return compute(r, func(vs []any) int64 { return f(vs...) }, vs...)
			}
		}
	case func(any, ...any) int64:
		return func(r *Run) any {
			return func(v any, more ...any) (int64, error) {
				first, err := r.boundNumerals(v)
				if err != nil {
					return 0, err
				}
				return compute(r, func(vs []any) int64 { return f(first[0], vs...) }, more...)
			}
		}
	case func(any, int, ...float64) float64:
		return func(r *Run) any {
			return func(v any, places int, on ...float64) (float64, error) {
				return compute(r, func(vs []any) float64 { return f(vs[0], places, on...) }, v)
			}
		}
	}
	panic(fmt.Sprintf("templates: %s is a function of another type: %T", name, sprigs[name]))
}

// unaryFunc is a function of one number.
func unaryFunc[T any](f func(any) T) func(*Run) any {
	return func(r *Run) any {
		return func(v any) (T, error) { return compute(r, func(vs []any) T { return f(vs[0]) }, v) }
	}
}

// stringFunc is sprig's function of one text, with bounds for its result.
func stringFunc(name string) func(*Run) any {
	f := sprigs[name].(func(string) string)
	return func(r *Run) any {
		return func(s string) (string, error) {
			if err := r.spendText(len(s)); err != nil {
				return "", err
			}
			return r.boundText(f(s))
		}
	}
}

// searchFunc is a function that searches a text for a part.
func searchFunc[T any](f func(s, part string) T) func(*Run) any {
	return func(r *Run) any {
		return func(part, s string) (T, error) {
			if err := r.spend(len(s) + len(part)); err != nil {
				var none T
				return none, err
			}
			return f(s, part), nil
		}
	}
}

var empty = sprigs["empty"].(func(any) bool)

var textFunctions = []function{
	{
		"abbrev", "a text shortened to a number of characters, including three dots",
		`{{ abbrev 8 "opening hours" }} → openi...`, func(r *Run) any { return r.abbrev },
	},
	{"b64dec", "the decoded text of base64", `{{ b64dec "YWJj" }} → abc`, func(r *Run) any { return r.decode64 }},
	{"b64enc", "a text in base64", `{{ b64enc "abc" }} → YWJj`, stringFunc("b64enc")},
	{
		"camelcase", "words joined, each with a capital", `{{ camelcase "front_desk" }} → FrontDesk`,
		stringFunc("camelcase"),
	},
	{"cat", "values separated by blanks", `{{ cat "a" 1 }} → a 1`, func(r *Run) any { return r.cat }},
	{
		"contains", "whether the second text contains the first", `{{ contains "lunch" "at lunch" }} → true`,
		searchFunc(strings.Contains),
	},
	{
		"hasPrefix", "whether the second text begins with the first", `{{ hasPrefix "+1" "+14155550100" }} → true`,
		searchFunc(strings.HasPrefix),
	},
	{
		"hasSuffix", "whether the second text ends in the first", `{{ hasSuffix "00" "+14155550100" }} → true`,
		searchFunc(strings.HasSuffix),
	},
	{"indent", "blanks before each line", `{{ indent 2 "a" | len }} → 3`, func(r *Run) any { return r.indent }},
	{"initials", "the first letters of words", `{{ initials "Front Desk" }} → FD`, stringFunc("initials")},
	{
		"join", "a list as text, with a separator", `{{ list "a" "b" | join ", " }} → a, b`,
		func(r *Run) any { return r.join },
	},
	{"kebabcase", "words joined by hyphens", `{{ kebabcase "FrontDesk" }} → front-desk`, stringFunc("kebabcase")},
	{"lower", "lower case", `{{ lower "Open" }} → open`, stringFunc("lower")},
	{"nindent", "like indent, after a line end", `{{ nindent 2 "a" | len }} → 4`, func(r *Run) any { return r.nindent }},
	{"nospace", "a text without blanks", `{{ nospace "4 1 5" }} → 415`, stringFunc("nospace")},
	{
		"plural", "one word for the number 1, another for all others", `{{ plural "day" "days" 2 }} → days`,
		sprigFunc("plural"),
	},
	{
		"regexFind", "the first match of a pattern", `{{ regexFind "[0-9]+" "desk 12" }} → 12`,
		func(r *Run) any { return r.regexFind },
	},
	{
		"regexFindAll", "the first n matches, or all with -1", `{{ regexFindAll "[0-9]" "a1b2" -1 | join "-" }} → 1-2`,
		func(r *Run) any { return r.regexFindAll },
	},
	{
		"regexMatch", "whether a pattern (RE2) matches", `{{ regexMatch "^\\+1" .Call.From }} → true`,
		func(r *Run) any { return r.regexMatch },
	},
	{
		"regexQuoteMeta", "a pattern that matches only this text", `{{ regexQuoteMeta "+1" }} → \+1`,
		stringFunc("regexQuoteMeta"),
	},
	{
		"regexReplaceAll", "every match replaced; $1 or ${1} is a group",
		`{{ regexReplaceAll "(\\d)(\\d)" "12" "${2}${1}" }} → 21`, func(r *Run) any { return r.regexReplaceAll },
	},
	{
		"regexReplaceAllLiteral", "every match replaced by a literal text",
		`{{ regexReplaceAllLiteral "[0-9]" "a1" "$" }} → a$`, func(r *Run) any { return r.regexReplaceAllLiteral },
	},
	{
		"regexSplit", "the parts between matches, n at most, or all with -1",
		`{{ regexSplit "[;,]" "a,b;c" -1 | join " " }} → a b c`, func(r *Run) any { return r.regexSplit },
	},
	{"repeat", "a text several times", `{{ repeat 3 "ab" }} → ababab`, func(r *Run) any { return r.repeat }},
	{
		"replace", "every occurrence of a text replaced by another", `{{ replace "-" "" "415-555" }} → 415555`,
		func(r *Run) any { return r.replace },
	},
	{"sha256sum", "the SHA-256 hash in hex", `{{ sha256sum "a" | trunc 8 }} → ca978112`, stringFunc("sha256sum")},
	{"snakecase", "words joined by underscores", `{{ snakecase "FrontDesk" }} → front_desk`, stringFunc("snakecase")},
	{
		"split", "the parts of a text as a map with the keys _0, _1 …", `{{ (split "@" "a@b")._1 }} → b`,
		func(r *Run) any {
			return func(between, s string) (map[string]any, error) { return r.splitN(between, -1, s) }
		},
	},
	{
		"splitList", "the parts of a text as a list", `{{ splitList "@" "a@b" | last }} → b`,
		func(r *Run) any { return r.split },
	},
	{
		"splitn", "like split, at most n parts", `{{ (splitn "-" 2 "a-b-c")._1 }} → b-c`,
		func(r *Run) any { return r.splitN },
	},
	{"substr", "the characters from a start up to an end", `{{ substr 1 3 "abcd" }} → bc`, func(r *Run) any {
		return r.substr
	}},
	{
		"swapcase", "upper case for lower case, and the reverse", `{{ swapcase "aB" }} → Ab`,
		stringFunc("swapcase"),
	},
	{"title", "a capital at the beginning of each word", `{{ title "front desk" }} → Front Desk`, stringFunc("title")},
	{"toString", "one value as text", `{{ toString 12 }} → 12`, func(r *Run) any { return r.toString }},
	{"trim", "a text without blanks at its ends", `{{ trim " a " }} → a`, stringFunc("trim")},
	{
		"trimAll", "a text without certain characters at its ends", `{{ trimAll "*#" "*411#" }} → 411`,
		func(r *Run) any { return r.trimAll },
	},
	{"trimPrefix", "a text without a prefix", `{{ trimPrefix "+" "+1415" }} → 1415`, searchFunc(strings.TrimPrefix)},
	{"trimSuffix", "a text without a suffix", `{{ trimSuffix "!" "hi!" }} → hi`, searchFunc(strings.TrimSuffix)},
	{
		"trunc", "the first characters, or with a negative number the last", `{{ trunc 4 "Büro offen" }} → Büro`,
		func(r *Run) any { return r.trunc },
	},
	{
		"untitle", "a lower-case letter at the beginning of each word", `{{ untitle "Front Desk" }} → front desk`,
		stringFunc("untitle"),
	},
	{"upper", "upper case", `{{ upper "open" }} → OPEN`, stringFunc("upper")},
	{
		"wrap", "lines of at most that many characters, broken at blanks",
		`{{ wrap 5 "aaa bbb" | splitList "\n" | len }} → 2`, func(r *Run) any { return r.wrap },
	},
}

var listFunctions = []function{
	{
		"append", "a list and one more element", `{{ append (list 1 2) 3 | join " " }} → 1 2 3`,
		func(r *Run) any { return r.append },
	},
	{
		"chunk", "a list cut into lists of a size", `{{ chunk 2 (list 1 2 3) | toJson }} → [[1,2],[3]]`,
		func(r *Run) any { return r.chunk },
	},
	{"compact", "a list without its empty elements", `{{ list "" "a" | compact | toJson }} → ["a"]`, sliceFunc(compact)},
	{
		"concat", "lists one after the other", `{{ concat (list 1) (list 2) | toJson }} → [1,2]`,
		func(r *Run) any { return r.concat },
	},
	{
		"dict", "a map of keys and values", `{{ dict "id" "x" | toJson }} → {"id":"x"}`,
		func(r *Run) any { return r.dict },
	},
	{
		"dig", "a value in nested maps, or a default", `{{ dig "a" "b" "none" (dict "a" (dict "b" 1)) }} → 1`,
		func(r *Run) any { return r.dig },
	},
	{"first", "the first element", `{{ list 1 2 | first }} → 1`, elementFunc(func(list []any) any { return list[0] })},
	{"get", "the value of a key, empty if there is none", `{{ get .Data "front_desk" }} → 0123`, func(r *Run) any {
		return r.get
	}},
	{"has", "whether a list contains a value", `{{ list 1 2 | has 2 }} → true`, func(r *Run) any { return r.has }},
	{"hasKey", "whether a map has a key", `{{ hasKey .Data "lobby" }} → false`, func(r *Run) any { return r.hasKey }},
	{"initial", "all elements except the last", `{{ list 1 2 | initial | toJson }} → [1]`, sliceFunc(initial)},
	{
		"keys", "the keys of a map, sorted", `{{ dict "b" 1 "a" 2 | keys | toJson }} → ["a","b"]`,
		func(r *Run) any { return r.keys },
	},
	{
		"last", "the last element", `{{ list 1 2 | last }} → 2`,
		elementFunc(func(list []any) any { return list[len(list)-1] }),
	},
	{"list", "a list of values", `{{ list 1 "a" | toJson }} → [1,"a"]`, func(r *Run) any { return r.list }},
	{
		"omit", "a map without certain keys", `{{ omit (dict "a" 1 "b" 2) "b" | toJson }} → {"a":1}`,
		func(r *Run) any { return r.omit },
	},
	{
		"pick", "a map with certain keys only", `{{ pick (dict "a" 1 "b" 2) "b" | toJson }} → {"b":2}`,
		func(r *Run) any { return r.pick },
	},
	{
		"pluck", "the values of one key in several maps", `{{ pluck "a" (dict "a" 1) (dict "a" 2) | toJson }} → [1,2]`,
		func(r *Run) any { return r.pluck },
	},
	{
		"prepend", "one more element and a list", `{{ prepend (list 2) 1 | toJson }} → [1,2]`,
		func(r *Run) any { return r.prepend },
	},
	{"rest", "all elements except the first", `{{ list 1 2 | rest | toJson }} → [2]`, sliceFunc(rest)},
	{"reverse", "a list in reverse order", `{{ list 1 2 | reverse | toJson }} → [2,1]`, sliceFunc(reverse)},
	{"seq", "the numbers of a range as text", `{{ seq 3 }} → 1 2 3`, func(r *Run) any { return r.seq }},
	{
		"slice", "the elements from a start up to an end", `{{ slice (list 1 2 3) 1 2 | toJson }} → [2]`,
		func(r *Run) any { return r.slice },
	},
	{
		"sortAlpha", "a list of texts in order", `{{ list "b" "a" | sortAlpha | toJson }} → ["a","b"]`,
		func(r *Run) any { return r.sortAlpha },
	},
	{
		"uniq", "a list without repetitions", `{{ list 1 2 1 | uniq | toJson }} → [1,2]`,
		func(r *Run) any { return r.uniq },
	},
	{
		"until", "the numbers from 0 up to an end", `{{ until 3 | toJson }} → [0,1,2]`,
		func(r *Run) any { return r.until },
	},
	{
		"untilStep", "the numbers from a start up to an end, by steps", `{{ untilStep 2 7 2 | toJson }} → [2,4,6]`,
		func(r *Run) any { return r.untilStep },
	},
	{
		"values", "the values of a map, sorted by key", `{{ dict "b" 1 "a" 2 | values | toJson }} → [2,1]`,
		func(r *Run) any { return r.values },
	},
	{
		"without", "a list without certain values", `{{ without (list 1 2 3) 2 | toJson }} → [1,3]`,
		func(r *Run) any { return r.without },
	},
}

var otherFunctions = []function{
	{"add", "the sum", `{{ add 1 2 3 }} → 6`, numberFunc("add")},
	{"add1", "one more", `{{ add1 1 }} → 2`, numberFunc("add1")},
	{"all", "whether no value is empty", `{{ all 1 "" }} → false`, sprigFunc("all")},
	{"any", "whether a value is not empty", `{{ any 1 "" }} → true`, sprigFunc("any")},
	{"atoi", "the whole number in a text, or 0", `{{ atoi "12" }} → 12`, numberFunc("atoi")},
	{"ceil", "rounded up to a whole number", `{{ ceil 1.2 }} → 2`, numberFunc("ceil")},
	{"coalesce", "the first value that is not empty", `{{ coalesce "" 0 "a" }} → a`, sprigFunc("coalesce")},
	{"default", "a value, or a default if it is empty", `{{ "" | default "a" }} → a`, sprigFunc("default")},
	{
		"div", "the whole part of a division", `{{ div 7 2 }} → 3`,
		divideFunc(func(a, b int64) int64 { return a / b }),
	},
	{"empty", "whether a value is absent, 0, false, or has no elements", `{{ empty "" }} → true`, sprigFunc("empty")},
	{
		"fail", "ends the template; the fallback answers",
		`{{ if false }}{{ fail "nobody is on call" }}{{ end }} → `, func(r *Run) any { return r.fail },
	},
	{"float64", "a value as a floating-point number", `{{ float64 "1.5" }} → 1.5`, numberFunc("float64")},
	{"floor", "rounded down to a whole number", `{{ floor 1.8 }} → 1`, numberFunc("floor")},
	{
		"fromJson", "the decoded value of JSON", `{{ (fromJson "{\"a\":1}").a }} → 1`,
		func(r *Run) any { return r.fromJSON },
	},
	{"int", "a value as a whole number", `{{ int "12" }} → 12`, numberFunc("int")},
	{"int64", "the same; sprig has both", `{{ int64 "12" }} → 12`, numberFunc("int64")},
	{
		"kindIs", "whether a value is of a kind, such as string, int, slice or map",
		`{{ kindIs "string" .Data.front_desk }} → true`, sprigFunc("kindIs"),
	},
	{"kindOf", "the kind of a value", `{{ kindOf 1 }} → int`, sprigFunc("kindOf")},
	{"max", "the largest", `{{ max 1 3 2 }} → 3`, numberFunc("max")},
	{"min", "the smallest", `{{ min 3 1 2 }} → 1`, numberFunc("min")},
	{"mod", "the remainder of a division", `{{ mod 7 2 }} → 1`, divideFunc(func(a, b int64) int64 { return a % b })},
	{"mul", "the product", `{{ mul 2 3 }} → 6`, numberFunc("mul")},
	{"round", "a number rounded to that many decimal places", `{{ round 1.25 1 }} → 1.3`, numberFunc("round")},
	{"sub", "the difference", `{{ sub 3 1 }} → 2`, numberFunc("sub")},
	{
		"ternary", "the first value if the third is true, otherwise the second", `{{ ternary "yes" "no" true }} → yes`,
		sprigFunc("ternary"),
	},
}

// divideFunc is sprig's div or mod with an error for a zero divisor.
func divideFunc(f func(a, b int64) int64) func(*Run) any {
	toInt := sprigs["int64"].(func(any) int64)
	return func(r *Run) any {
		return func(a, b any) (int64, error) {
			vs, err := r.boundNumerals(a, b)
			if err != nil {
				return 0, err
			}
			divisor := toInt(vs[1])
			if divisor == 0 {
				return 0, errors.New("division by 0")
			}
			return f(toInt(vs[0]), divisor), nil
		}
	}
}
