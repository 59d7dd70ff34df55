package templates

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/growth"
	"github.com/callhours/callhours/templates/funcs"
)

// costs are calls of each function with something large in each place where it could be gone
// through: $s is a text of n bytes, $r one of n/40, $t another that is equal to $s, $w one of n/2
// words, $l a list of n numbers, $k another that is equal to it, $c a list of texts with n bytes in
// all, $m a map of n entries, $p another that is equal to it, $r a text of n/40 bytes, $e a list of
// n/16 values of another Go type. A call costs at least as much as the text before it says for each
// of n: a byte gone through is 1, an element 16.
var costs = map[string][]string{
	"abbrev":     {`1 abbrev 10 $s`},
	"add":        {`0 add 1 $s $s`, `0 add $m $l $c $e`},
	"add1":       {`0 add1 $s`, `0 add1 $m`},
	"ago":        {`0 ago 1`},
	"all":        {`0 all $l $s`},
	"and":        {`0 and $l $s`},
	"any":        {`0 any "" $l $s`},
	"append":     {`16 append $l 1`, `16 append list $l`, `1 append $e 1`},
	"atoi":       {`0 atoi $s`},
	"b64dec":     {`1 b64dec $s`},
	"b64enc":     {`1 b64enc $s`},
	"camelcase":  {`1 camelcase $w`},
	"cat":        {`1 cat $s 1`, `1 cat 1 $s`},
	"ceil":       {`0 ceil $s`},
	"chunk":      {`16 chunk 2 $l`},
	"coalesce":   {`0 coalesce "" $l $s`},
	"compact":    {`16 compact $l`},
	"concat":     {`16 concat $l list`, `16 concat list $l`, `1 concat $e`},
	"contains":   {`1 contains "y" $s`, `1 contains $s "y"`, `1 contains $s $t`},
	"date":       {`1 date $s 1`},
	"dateInZone": {`1 dateInZone $s 1 "UTC"`},
	"default":    {`0 default $l $s`},
	"dict":       {`16 dict "a" $l`, `1 dict $s 1`},
	"dig":        {`0 dig "a" 1 $m`, `1 dig $s 1 $m`},
	"div":        {`0 div $s 2`},
	"empty":      {`0 empty $l`, `0 empty $s`},
	"eq":         {`1 eq $s $t`, `1 eq $s "a" $t`},
	"fail":       nil, // ends the template
	"first":      {`0 first $l`, `1 first $e`},
	"float64":    {`0 float64 $s`},
	"floor":      {`0 floor $s`},
	"fromJson":   {`8 fromJson (toJson $c | toString)`},
	"ge":         {`1 ge $s $t`},
	"get":        {`0 get $m "a"`, `1 get $m $s`},
	"gt":         {`1 gt $s $t`},
	"has": {
		`16 has -1 $l`, `1 has $s (list $t)`, `16 has $l (list $k)`, `16 has $m (list $p)`,
		`1 has -1 $e`,
	},
	"hasKey":                 {`0 hasKey $m "a"`, `1 hasKey $m $s`},
	"hasPrefix":              {`1 hasPrefix $s $t`, `1 hasPrefix "x" $s`},
	"hasSuffix":              {`1 hasSuffix $s $t`, `1 hasSuffix "x" $s`},
	"htmlDate":               {`0 htmlDate 1`},
	"indent":                 {`1 indent 1 $s`},
	"index":                  {`0 index $l 1`, `0 index $m "a"`, `1 index $m $s`},
	"initial":                {`16 initial $l`},
	"initials":               {`1 initials $w`},
	"int":                    {`0 int $s`},
	"int64":                  {`0 int64 $s`},
	"join":                   {`16 join "" $l`, `1 join $s (list 1 2)`, `1 join "" (list $s)`, `1 join "" $c`},
	"kebabcase":              {`1 kebabcase $w`},
	"keys":                   {`16 keys $m`},
	"kindIs":                 {`0 kindIs "string" $s`, `0 kindIs $s $l`},
	"kindOf":                 {`0 kindOf $l`},
	"last":                   {`0 last $l`, `1 last $e`},
	"le":                     {`1 le $s $t`},
	"len":                    {`0 len $l`, `0 len $s`, `0 len $m`},
	"list":                   {`16 list $l`},
	"lower":                  {`1 lower $s`},
	"lt":                     {`1 lt $s $t`},
	"max":                    {`0 max 1 $s`},
	"min":                    {`0 min 1 $s`},
	"mod":                    {`0 mod $s 2`},
	"mul":                    {`0 mul 1 $s`},
	"ne":                     {`1 ne $s $t`},
	"next":                   {`1 next $s`},
	"nindent":                {`1 nindent 1 $s`},
	"nospace":                {`1 nospace $w`},
	"not":                    {`0 not $l`, `0 not $s`},
	"now":                    {`0 now`},
	"omit":                   {`16 omit $m "a"`, `1 omit $m $s`},
	"on":                     {`0 on "holidays"`},
	"or":                     {`0 or "" $l $s`},
	"phone":                  {`1 phone $s`, `0 phone $s "1"`},
	"pick":                   {`16 pick $m "a"`, `1 pick $m $s`},
	"pluck":                  {`1 pluck $s $m`, `0 pluck "a" $m $p`},
	"plural":                 {`0 plural $s $t 1`},
	"prepend":                {`16 prepend $l 1`, `16 prepend list $l`, `1 prepend $e 1`},
	"print":                  {`1 print $s 1`, `1 print 1 $s`},
	"printf":                 {`1 printf $s`, `1 printf "%s" $s`, `1 printf "%.1s" $s`, `32 printf $percents`},
	"println":                {`1 println $s`},
	"regexFind":              {`1 regexFind "y" $s`, `1 regexFind $r "y"`},
	"regexFindAll":           {`1 regexFindAll "y" $s -1`},
	"regexMatch":             {`1 regexMatch "y" $s`},
	"regexQuoteMeta":         {`1 regexQuoteMeta $s`},
	"regexReplaceAll":        {`1 regexReplaceAll "y" $s ""`, `1 regexReplaceAll "y" "y" $s`},
	"regexReplaceAllLiteral": {`1 regexReplaceAllLiteral "y" $s ""`, `1 regexReplaceAllLiteral "y" "y" $s`},
	"regexSplit":             {`1 regexSplit "y" $s -1`},
	"repeat":                 {`2 repeat 2 $s`},
	"replace":                {`1 replace "y" "" $s`, `1 replace $s "" "y"`, `1 replace "y" $s "y"`},
	"rest":                   {`16 rest $l`},
	"reverse":                {`16 reverse $l`},
	"round":                  {`0 round $s 1`},
	"seq":                    {`16 seq (len $l)`},
	"sha256sum":              {`1 sha256sum $s`},
	"slice":                  {`0 slice $l 1 2`, `1 slice $e 1 2`},
	"snakecase":              {`1 snakecase $w`},
	"sortAlpha":              {`64 sortAlpha $l`, `8 sortAlpha $c`},
	"split":                  {`1 split "y" $s`, `1 split $s "y"`, `64 split "" $s`},
	"splitList":              {`1 splitList "y" $s`, `1 splitList $s "y"`, `16 splitList "" $s`},
	"splitn":                 {`1 splitn "y" 2 $s`},
	"spoken":                 {`0 spoken 1`, `0 spoken $s 1`},
	"sub":                    {`0 sub 1 $s`},
	"substr":                 {`1 substr 1 2 $s`},
	"swapcase":               {`1 swapcase $s`},
	"ternary":                {`0 ternary $l $s true`},
	"title":                  {`1 title $w`},
	"toDate":                 {`8 toDate $s $t`},
	"toJson":                 {`1 toJson $s`, `16 toJson $l`, `16 toJson $m`, `1 toJson $e`},
	"toString":               {`1 toString $s`},
	"trim":                   {`1 trim $s`},
	"trimAll":                {`1 trimAll "y" $s`, `1 trimAll $s "y"`},
	"trimPrefix":             {`1 trimPrefix $s $t`, `1 trimPrefix "x" $s`},
	"trimSuffix":             {`1 trimSuffix $s $t`, `1 trimSuffix "x" $s`},
	"trunc":                  {`1 trunc 1 $s`, `1 trunc -1 $s`},
	"uniq":                   {`16 uniq $same`, `1 uniq (list $s $t)`},
	"until":                  {`16 until (len $l)`},
	"untilStep":              {`16 untilStep 0 (len $l) 1`},
	"untitle":                {`1 untitle $w`},
	"upper":                  {`1 upper $s`},
	"values":                 {`16 values $m`},
	"without":                {`16 without $l -1`, `16 without (list $l) $k`, `1 without (list $s) $t`},
	"wrap":                   {`1 wrap 10 $w`},
}

// TestEveryFunctionSpends holds each function to what it must count at least for each byte and
// element that it goes through, and that what it counts grows no faster than they do.
func TestEveryFunctionSpends(t *testing.T) {
	t.Parallel()
	l, _ := Load(Options{})
	made := map[int]map[string]any{}
	for _, f := range funcs.All() {
		calls, known := costs[f.Name]
		if !known {
			t.Errorf("%s is not in the table of costs: say what it goes through", f.Name)
		}
		for _, call := range calls {
			var least int
			_, err := fmt.Sscan(call, &least)
			_, call, _ = strings.Cut(call, " ")
			if err != nil || !strings.Contains(call, f.Name) {
				t.Fatalf("want a number and a call of %s, found %q", f.Name, call)
			}
			const n = 1200
			growth.Linear(t, n, func(n int) int {
				if made[n] == nil {
					made[n] = largeOperands(n)
				}
				spent := spentBy(t, l, call, made[n])
				switch {
				case spent < least*n:
					t.Errorf("{{ %s }}: an operand of %d costs %d, want at least %d", call, n, spent, least*n)
				case least == 0 && spent > 12<<10: // a number that is parted, and a zone
					t.Errorf("{{ %s }}: an operand of %d costs %d, and it goes through none", call, n, spent)
				}
				return spent
			})
		}
	}
	if len(costs) > len(funcs.All()) {
		t.Errorf("the table has %d functions, and there are %d", len(costs), len(funcs.All()))
	}
}

// largeOperands are those that the calls of costs name, by their names.
func largeOperands(n int) map[string]any {
	text := func() string { return strings.Repeat("x", n) }
	list := func() []any {
		l := make([]any, n)
		for i := range l {
			l[i] = i
		}
		return l
	}
	entries := func() map[string]any {
		m := map[string]any{}
		for i := range n {
			m[fmt.Sprint("k", i)] = i
		}
		return m
	}
	texts, other, same := make([]any, n/20), make([]string, n/16), make([]any, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("%s%010d", strings.Repeat("x", 10), i)
	}
	for i := range other {
		other[i] = "y"
	}
	for i := range same {
		same[i] = 1
	}
	return map[string]any{
		"s": text(), "t": text(), "w": strings.Repeat("a ", n/2), "l": list(), "k": list(), "c": texts, "m": entries(),
		"p": entries(), "e": other, "same": same,
		"percents": strings.Repeat("%%", n/2), "r": strings.Repeat("x", n/40),
	}
}

// spentBy is what a call spends with operands.
func spentBy(t *testing.T, l *Library, call string, operands map[string]any) int {
	t.Helper()
	var b strings.Builder
	for name := range operands {
		fmt.Fprintf(&b, "{{ $%s := .Data.%s }}", name, name)
	}
	tmpl, mistakes := l.ParseText(diag.Pos{File: "t", Line: 1, Col: 1}, b.String()+"{{ $_ := "+call+" }}")
	if len(mistakes) > 0 {
		t.Fatalf("{{ %s }}: %v", call, diag.Mistakes(mistakes).Err())
	}
	d, env, spent := sample(), sampleEnv(), 0
	d.Data, env.Spent = operands, &spent
	if err := tmpl.Execute(t.Context(), &bytes.Buffer{}, d, env); err != nil && !strings.HasPrefix(call, "b64dec") &&
		!strings.HasPrefix(call, "toDate") {
		t.Errorf("{{ %s }}: %v", call, err)
	}
	return spent
}

// TestStraightText shows that text without loops is counted too, that the deadline ends it.
func TestStraightText(t *testing.T) {
	t.Parallel()
	setup := `{{ $a := list (until 9000) }}{{ $b := until 9000 }}`
	for _, text := range []string{
		setup + `{{$x:=1}}` + strings.Repeat(`{{$x =has $b $a}}`, 3500),
		setup + `{{$x:=1}}` + strings.Repeat(`{{$x =uniq $b}}`, 3500),
		`{{ $s := repeat 60000 "x" }}{{ $t := repeat 60000 "x" }}` + strings.Repeat(`{{if eq $s $t}}{{end}}`, 2500),
		`{{ $s := repeat 60000 "x" }}{{ $t := repeat 60000 "x" }}{{if eq "y" ` + strings.Repeat(`$s `, 100) +
			`}}{{end}}{{ if and ` + strings.Repeat(`(eq $s $t) `, 4000) + `}}{{end}}`,
	} {
		spent, env := 0, sampleEnv()
		env.Spent = &spent
		if err := mustParse(t, text).Execute(t.Context(), &bytes.Buffer{}, sample(), env); !funcs.IsLimit(err) {
			t.Errorf("%.80s…: got %v, want a limit", text, err)
		}
		if spent < funcs.MaxWork/2 || spent > funcs.MaxWork+MaxOutput {
			t.Errorf("%.80s…: %d bytes are spent", text, spent)
		}
	}
	plain := strings.Repeat(`{{.Data.front_desk}}`, 2000)
	spent, env := 0, sampleEnv()
	env.Spent = &spent
	if err := mustParse(t, plain).Execute(t.Context(), &bytes.Buffer{}, sample(), env); err != nil ||
		spent < 2000*16 {
		t.Errorf("2000 actions: %v, %d bytes are spent", err, spent)
	}
}

// lateAfter is a context whose deadline comes when it was asked so many times.
type lateAfter struct {
	context.Context
	asked, left int
}

func (c *lateAfter) Err() error {
	if c.asked++; c.asked > c.left {
		return context.DeadlineExceeded
	}
	return nil
}

// TestDeadlineIsAsked: whatever a template does, the deadline is asked each few kilobytes of what
// it spends.
func TestDeadlineIsAsked(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		strings.Repeat(`{{.Data.front_desk}}`, 3000),
		`{{ $a := list (until 9000) }}{{ $b := until 9000 }}{{ $x := has $b $a }}`,
		`{{ $s := "0123456789" }}` + strings.Repeat(`{{if eq $s "9876543210"}}{{end}}`, 1900),
		`{{ $l := until 1000 }}{{ $_ := uniq $l }}`,
		`{{ $s := repeat 500 "x" }}` + strings.Repeat(`{{$_ := upper $s}}`, 200),
	} {
		tmpl, env, spent := mustParse(t, text), sampleEnv(), 0
		env.Spent = &spent
		patient := &lateAfter{t.Context(), 0, 1 << 30}
		if err := tmpl.Execute(patient, &bytes.Buffer{}, sample(), env); err != nil {
			t.Errorf("%.60s…: %v", text, err)
		}
		if patient.asked < 1+spent/(16<<10) {
			t.Errorf("%.60s…: asked %d times for %d bytes", text, patient.asked, spent)
		}
		late := &lateAfter{t.Context(), 0, patient.asked - 1}
		if err := tmpl.Execute(late, &bytes.Buffer{}, sample(), sampleEnv()); !funcs.IsLimit(err) ||
			late.asked != patient.asked {
			t.Errorf("%.60s…: got %v after %d times, want a limit", text, err, late.asked)
		}
	}
}
