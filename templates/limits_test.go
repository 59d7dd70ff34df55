package templates

import (
	"bytes"
	"context"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/funcs"
)

// dangerous are templates that kill a process, never end or fill its memory where text/template and
// sprig are not bounded. Each must end with funcs.ErrLimit.
var dangerous = map[string]string{
	"endless range":            `{{ range 1000000000000 }}{{ end }}`,
	"endless range, nested":    `{{ range 1000000000 }}{{ range 1000000000 }}{{ end }}{{ end }}`,
	"endless range of nothing": `{{ range 1000000000000 }}{{ continue }}{{ end }}`,
	"recursion":                `{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}`,
	"recursion, two ways":      `{{ define "a" }}{{ template "b" . }}{{ template "b" . }}{{ end }}{{ define "b" }}{{ template "a" . }}{{ end }}{{ template "a" . }}`,
	"tree of calls": `{{ define "a" }}{{ if . }}{{ template "a" (sub . 1) }}{{ template "a" (sub . 1) }}{{ end }}{{ end }}` +
		`{{ template "a" 60 }}`,
	"recursion with a text":  `{{ define "a" }}{{ $s := repeat 65000 "x" }}{{ template "a" $s }}{{ end }}{{ template "a" "" }}`,
	"repeat":                 `{{ repeat 4000000000 "xxxx" }}`,
	"repeat of nothing":      `{{ range until 10000 }}{{ $_ := repeat 4000000000 "" }}{{ end }}{{ repeat 65537 "x" }}`,
	"until":                  `{{ until 500000000 }}`,
	"until, over the end":    `{{ $_ := untilStep 9223372036854775800 9223372036854775807 5 }}{{ until 10001 }}`,
	"untilStep":              `{{ untilStep 0 -500000000 -1 }}`,
	"seq":                    `{{ seq 500000000 }}`,
	"indent":                 `{{ $s := repeat 1000 "\n" }}{{ indent 1000 $s }}`,
	"nindent":                `{{ $s := repeat 1000 "\n" }}{{ nindent 1000 $s }}`,
	"wrap":                   `{{ range 100000 }}{{ $_ := repeat 30000 " a" | wrap 1 }}{{ end }}`,
	"replace":                `{{ $s := repeat 60000 "x" }}{{ replace "" $s $s }}`,
	"regexReplaceAll":        `{{ $s := repeat 60000 "x" }}{{ regexReplaceAll "" $s $s }}`,
	"regexReplaceAll, $":     `{{ $s := repeat 60000 "x" }}{{ regexReplaceAll "(.*)" $s (repeat 30000 "$1") }}`,
	"regex with groups":      `{{ regexReplaceAll (repeat 200 "(a?)") (repeat 60000 "b") "" }}`,
	"regex too large":        `{{ regexMatch (repeat 100 "x{1000}") "x" }}`,
	"regex too long":         `{{ regexMatch (repeat 60000 "x") "x" }}`,
	"regex, slow":            `{{ $s := repeat 60000 "x" }}{{ range 10000 }}{{ $_ := regexMatch "(x+x+x+x+)+y" $s }}{{ end }}`,
	"regexFindAll":           `{{ regexFindAll "" (repeat 60000 "x") -1 }}`,
	"regexSplit":             `{{ regexSplit "" (repeat 60000 "x") -1 }}`,
	"splitList":              `{{ splitList "" (repeat 60000 "x") }}`,
	"split":                  `{{ split "" (repeat 60000 "x") }}`,
	"splitn":                 `{{ splitn "" 60000 (repeat 60000 "x") }}`,
	"print doubling":         `{{ $s := "x" }}{{ range 100 }}{{ $s = print $s $s }}{{ end }}`,
	"println doubling":       `{{ $s := "x" }}{{ range 100 }}{{ $s = println $s $s }}{{ end }}`,
	"printf doubling":        `{{ $s := "x" }}{{ range 100 }}{{ $s = printf "%s%s" $s $s }}{{ end }}`,
	"printf widths":          `{{ range 10000 }}{{ $_ := printf "%999d%999d%999d" 1 2 3 }}{{ end }}`,
	"printf percents":        `{{ $f := repeat 30000 "%%" }}{{ range 10000 }}{{ $_ := printf $f }}{{ end }}`,
	"printf width":           `{{ printf "%99999999d" 1 }}`,
	"printf precision":       `{{ printf "%.99999999f" 1.0 }}`,
	"indent, wide":           `{{ indent 2000000000 "a" }}`,
	"cat doubling":           `{{ $s := "x" }}{{ range 100 }}{{ $s = cat $s $s }}{{ end }}`,
	"join doubling":          `{{ $s := "x" }}{{ range 100 }}{{ $s = join "" (list $s $s) }}{{ end }}`,
	"join":                   `{{ join (repeat 60000 "x") (until 10000) }}`,
	"list doubling":          `{{ $l := list 1 }}{{ range 100 }}{{ $l = list $l $l }}{{ end }}{{ toJson $l }}`,
	"list of texts":          `{{ $s := repeat 60000 "x" }}{{ list $s $s }}`,
	"list of objects":        `{{ $l := list . }}{{ range 20 }}{{ $l = list $l $l }}{{ end }}{{ toJson $l }}`,
	"append doubling":        `{{ $l := list 1 }}{{ range 100 }}{{ $l = append $l $l }}{{ end }}`,
	"prepend doubling":       `{{ $l := list 1 }}{{ range 100 }}{{ $l = prepend $l $l }}{{ end }}`,
	"concat doubling":        `{{ $l := list 1 }}{{ range 100 }}{{ $l = concat $l $l }}{{ end }}`,
	"dict doubling":          `{{ $d := dict }}{{ range 100 }}{{ $d = dict "a" $d "b" $d }}{{ end }}`,
	"pluck doubling":         `{{ $l := list 1 }}{{ range 100 }}{{ $d := dict "a" $l }}{{ $l = pluck "a" $d $d }}{{ end }}`,
	"deep list":              `{{ $l := list }}{{ range 9999 }}{{ $l = list $l }}{{ end }}{{ toJson $l }}`,
	"toJson doubling":        `{{ $s := "\"" }}{{ range 100 }}{{ $s = toJson $s | toString }}{{ end }}`,
	"toJson list doubling":   `{{ $s := toJson 1 }}{{ range 100 }}{{ $s = toJson (list $s $s) }}{{ end }}`,
	"b64enc":                 `{{ $s := "x" }}{{ range 100 }}{{ $s = b64enc $s }}{{ end }}`,
	"fromJson":               `{{ fromJson (print "[" (repeat 30000 "1,") "1]") }}`,
	"uniq":                   `{{ range 1000 }}{{ $_ := until 10000 | uniq }}{{ end }}`,
	"without":                `{{ range 1000 }}{{ $_ := without (until 10000) (until 10000) }}{{ end }}`,
	"has":                    `{{ $l := until 10000 }}{{ range 10000 }}{{ $_ := has -1 $l }}{{ end }}`,
	"trimAll":                `{{ $s := repeat 30000 "ä" }}{{ range 10000 }}{{ $_ := trimAll $s $s }}{{ end }}`,
	"upper at each turn":     `{{ $s := repeat 20000 "ä" }}{{ range 10000 }}{{ $_ := upper $s }}{{ end }}`,
	"output":                 `{{ range 9000 }}0123456789{{ end }}`,
	"output of a long list":  `{{ range 20 }}{{ until 5000 | toJson }}{{ end }}`,
	"date":                   `{{ date (repeat 60000 "2") .Now }}`,
	"regexReplaceAll, ahead": `{{ $s := repeat 60000 "x" }}{{ regexReplaceAll "x*y|x" $s "-" }}`,
	"regexFindAll, ahead":    `{{ regexFindAll "[0-9 ]+#|[^a-z]" (repeat 60000 " ") -1 }}`,
	"regexSplit, ahead":      `{{ regexSplit "x*y|x" (repeat 60000 "x") -1 }}`,
	"regex with copies":      `{{ regexMatch (print "(" (repeat 900 "a") "){1000}") "x" }}`,
	"contains at each turn":  `{{ $s := repeat 60000 "x" }}{{ range 10000 }}{{ $_ := contains "y" $s }}{{ end }}`,
	"toDate at each turn":    `{{ $s := repeat 60000 " " }}{{ range 10000 }}{{ $_ := toDate $s $s }}{{ end }}`,
	"split at each turn":     `{{ $s := repeat 1000 "x," }}{{ range 10000 }}{{ $_ := split "," $s }}{{ end }}`,
	"sortAlpha at each turn": `{{ $l := splitList "," (repeat 5000 "x,") }}{{ range 10000 }}{{ $_ := sortAlpha $l }}{{ end }}`,
	"trunc at each turn":     `{{ $s := repeat 60000 "x" }}{{ range 10000 }}{{ $_ := trunc -1 $s }}{{ end }}`,
	"plain text":             strings.Repeat("x", 40_000) + `{{ repeat 40000 "x" }}`,
}

// dangerousCallflows are the same for templates that write JSON.
var dangerousCallflows = map[string]string{
	"endless range":             `[{{ range 1000000000000 }}{{ end }}]`,
	"endless range of elements": `[0{{ range 1000000000000 }},1{{ end }}]`,
	"recursion":                 `{{ define "a" }}[{{ if . }}{{ template "a" . }}{{ end }}]{{ end }}{{ template "a" . }}`,
	"deep brackets":             `{{ define "a" }}[{{ with . }}{{ template "a" sub . 1 }}{{ end }}]{{ end }}{{ template "a" 99999 }}`,
	"escapes":                   `["{{ repeat 60000 "\x01" }}"]`,
	"escapes of a value":        `[{{ repeat 60000 "\x01" }}]`,
	"escapes of a name":         `{"{{ repeat 60000 "\x01" }}":1}`,
	"escapes at each turn":      `{{ $s := repeat 10000 "\x01" }}[0{{ range 10000 }},"{{ $s }}"{{ end }}]`,
	"long strings":              `{{ $s := repeat 60000 "x" }}[0{{ range 10000 }},"{{ $s }}"{{ end }}]`,
	"a list of lists":           `{{ $l := list 1 }}{{ range 100 }}{{ $l = list $l $l }}{{ end }}{{ $l }}`,
	"objects":                   `{{ $l := list . }}{{ range 20 }}{{ $l = list $l $l }}{{ end }}{{ $l }}`,
	"a deep list":               `{{ $l := list }}{{ range 9999 }}{{ $l = list $l }}{{ end }}{{ $l }}`,
}

// dangerousNames are functions that text/template and sprig have and that take the process, its
// memory or its time: they are not there at all.
var dangerousNames = map[string]string{
	"a dict that holds itself": `{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ $d }}`,
	"printf of such a dict":    `{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ printf "%v" $d }}`,
	"deepCopy":                 `{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ deepCopy $d }}`,
	"merge":                    `{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ merge (dict) $d }}`,
	"genPrivateKey, RSA":       `{{ genPrivateKey "rsa" }}`,
	"genPrivateKey, DSA":       `{{ genPrivateKey "dsa" }}`,
	"genCA":                    `{{ genCA "a" 365 }}`,
	"derivePassword":           `{{ derivePassword 1 "long" "a" "b" "c" }}`,
	"bcrypt":                   `{{ bcrypt "a" }}`,
	"htpasswd":                 `{{ htpasswd "a" "b" }}`,
	"quote":                    `{{ quote "\x00" }}`,
	"printf %q":                `{{ printf "%q" "\a" }}`,
	"randInt":                  `{{ randInt 5 5 }}`,
	"env":                      `{{ env "HOME" }}{{ expandenv "$HOME" }}`,
	"getHostByName":            `{{ getHostByName "localhost" }}`,
}

// dangerousErrors end in an error that is no limit.
var dangerousErrors = map[string]string{
	"div by 0":              `{{ div 1 0 }}`,
	"mod by 0":              `{{ mod 1 0 }}`,
	"repeat of less":        `{{ repeat -1 "x" }}`,
	"a field of nothing":    `{{ .Data.nope.deeper }}`,
	"an index out of range": `{{ index (list 1) 7 }}{{ slice (list 1) 0 9 }}`,
	"toJson of a function":  `{{ toJson .Call.Var }}`,
	"a pattern":             `{{ regexMatch (print "(" "") "x" }}`,
	"invalid UTF-8":         `{{ substr 0 1 "ü" | b64enc | b64dec | printf "%d" }}`,
}

// TestDangerous runs each dangerous template in a process of its own, with a bound on memory and
// time: some of them would end the process, not the test.
func TestDangerous(t *testing.T) {
	t.Parallel()
	if name := os.Getenv("CALLHOURS_DANGEROUS"); name != "" {
		runDangerous(t, name)
		return
	}
	names := slices.Collect(maps.Keys(dangerous))
	for name := range dangerousCallflows {
		names = append(names, "callflow: "+name)
	}
	for name := range dangerousNames {
		names = append(names, "refused: "+name)
	}
	for name := range dangerousErrors {
		names = append(names, "error: "+name)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestDangerous$", "-test.count=1", "-test.v")
			cmd.Env = append(os.Environ(), "CALLHOURS_DANGEROUS="+name, "GOMEMLIMIT=64MiB", "GOMAXPROCS=1",
				// the race detector lets each process wait a second before it ends
				"GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0")
			if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("PASS")) {
				t.Errorf("%v\n%s", err, out[max(0, len(out)-4000):])
			}
		})
	}
}

// What an execution may allocate, all in all, and how long it may take. The race detector and a
// busy machine make both larger: the slowest takes a fifth of a second by itself.
const (
	maxMemory = 256 << 20
	maxTime   = 20 * time.Second
)

func runDangerous(t *testing.T, name string) {
	t.Logf("running %s", name)
	if text, ok := strings.CutPrefix(name, "refused: "); ok {
		if tmpl, mistakes := parseCallflow("[" + dangerousNames[text] + "]"); tmpl != nil || len(mistakes) == 0 {
			t.Errorf("%s is accepted", name)
		}
		return
	}
	var tmpl *Template
	wanted := funcs.IsLimit
	if text, ok := strings.CutPrefix(name, "error: "); ok {
		tmpl = mustParse(t, dangerousErrors[text])
		wanted = func(err error) bool { return err != nil && !funcs.IsLimit(err) }
	} else if text, ok := strings.CutPrefix(name, "callflow: "); ok {
		var mistakes []diag.Mistake
		if tmpl, mistakes = parseCallflow(dangerousCallflows[text]); tmpl == nil {
			t.Fatal(diag.Mistakes(mistakes).Err())
		}
	} else {
		tmpl = mustParse(t, dangerous[name])
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	started := time.Now()
	var b bytes.Buffer
	err := tmpl.Execute(context.Background(), &b, sample(), sampleEnv())
	took := time.Since(started)
	runtime.ReadMemStats(&after)
	used := after.TotalAlloc - before.TotalAlloc
	t.Logf("%s: %s, %d KiB, %v", name, took, used>>10, err)
	if !wanted(err) {
		t.Errorf("%s: got %v, want a limit, or an error where it is one", name, err)
	}
	if took > maxTime {
		t.Errorf("%s: took %s, want at most %s", name, took, maxTime)
	}
	if b.Len() > MaxOutput {
		t.Errorf("%s: wrote %d bytes, want at most %d", name, b.Len(), MaxOutput)
	}
	if used > maxMemory {
		t.Errorf("%s: allocated %d MiB, want at most %d", name, used>>20, maxMemory>>20)
	}
}

func TestLimitMessages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"\n {{ range 1000000000000 }}{{ end }}", `t:2:11: more than 10000 steps; does a loop end?`},
		{dangerous["recursion"], `t:1:17: templates call each other more than 100 deep`},
		{dangerous["repeat"], `t:1:4: repeat: a text of more than 65536 bytes`},
		{dangerous["until"], `t:1:4: until: a list of more than 10000 elements`},
		{dangerous["dict doubling"], `t:1:40: dict: a list or map of more than 10000 elements or 65536 bytes`},
		{dangerous["output"], `t: writes more than 65536 bytes`},
	} {
		if _, err := execute(t, c.text); err == nil || err.Error() != c.want || !funcs.IsLimit(err) {
			t.Errorf("%s\ngot:  %v (a limit: %t)\nwant: %s", c.text, err, funcs.IsLimit(err), c.want)
		}
	}
}

// TestWithinLimits shows that the bounds let through what is just below them.
func TestWithinLimits(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{{ range 10000 }}{{ end }}`,
		`{{ until 10000 | len }}`,
		`{{ repeat 65536 "x" }}`,
		`{{ define "a" }}{{ if . }}{{ template "a" (sub . 1) }}{{ end }}{{ end }}{{ template "a" 99 }}`,
		`{{ define "a" }}{{ end }}{{ range 4000 }}{{ template "a" }}{{ end }}`,
		`{{ $l := list }}{{ range 1000 }}{{ $l = append $l "x" }}{{ end }}`,
	} {
		if _, err := execute(t, text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	tmpl := mustParse(t, `{{ range 6000 }}{{ end }}`)
	for range 3 { // a run that is used again has all its steps again
		if err := tmpl.Execute(t.Context(), &bytes.Buffer{}, sample(), funcs.Env{}); err != nil {
			t.Error(err)
		}
	}
}

// TestDeadline shows that a deadline ends an execution between two steps.
func TestDeadline(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	tmpl := mustParse(t, `{{ .Call.Var "wait" }}{{ range 5 }}{{ end }}`)
	<-ctx.Done()
	if err := tmpl.Execute(ctx, &bytes.Buffer{}, sample(), funcs.Env{}); !funcs.IsLimit(err) {
		t.Errorf("got %v, want a limit", err)
	}
}
