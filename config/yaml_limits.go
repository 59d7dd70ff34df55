package config

import (
	"cmp"
	"slices"
	"strings"

	"github.com/callhours/callhours/internal/diag"
)

// What a file of YAML may hold. A value takes some hundred bytes while it is read, so that bytes
// alone do not bound memory: eight MiB may be four million values.
const (
	maxValues    = 200_000   // in a file that the main one includes, in one of secrets and in one of tests
	maxMain      = 1_000_000 // in the main file
	maxAllValues = 2_000_000 // in all files that the main one includes
)

// maxDirectives is how many directives of YAML a file may have. None has a meaning here, and the
// library compares each with all others.
const maxDirectives = 100

// tooManyDirectives is the mistake of a file with more of them than it may have; false if it has
// not. Lines of texts that begin with a percent sign and the name count too.
func tooManyDirectives(file string, lines []string) (diag.Mistake, bool) {
	n := 0
	for i, line := range lines {
		if strings.HasPrefix(line, "%TAG") || strings.HasPrefix(line, "%YAML") {
			n++
		}
		if n > maxDirectives {
			return diag.Mistakef(diag.Pos{File: file, Line: i + 1},
				"the file has more than %d directives, which mean nothing here; delete them", maxDirectives), true
		}
	}
	return diag.Mistake{}, false
}

// beginsValue reports whether a byte of YAML can begin a value or a key, by the one after it. What
// is only text in quotes or in a block counts too: to tell it apart takes reading the file.
func beginsValue(b, next byte) bool {
	switch b {
	case ',', '[', '{', ':', '\n':
		return true
	case '-', '?':
		return next == ' ' || next == '\t' || next == '\n' || next == '\r'
	}
	return false
}

// valuesIn estimates how many keys and values a file has, without parsing it: at most twice the
// number. It stops at the first beyond limit, and returns its line.
func valuesIn(src []byte, limit int) (n, line int) {
	line = 1
	for i, b := range src {
		if beginsValue(b, byteAfter(src, i)) {
			n++
		}
		if n > limit {
			break
		}
		if b == '\n' {
			line++
		}
	}
	return n, line
}

func byteAfter(src []byte, i int) byte {
	if i+1 < len(src) {
		return src[i+1]
	}
	return '\n'
}

// tooManyValues is the mistake of a file that holds more values than it may; false if it does not.
func tooManyValues(file string, src []byte, limit int) (diag.Mistake, bool) {
	n, line := valuesIn(src, limit)
	if n <= limit {
		return diag.Mistake{}, false
	}
	return diag.Mistakef(diag.Pos{File: file, Line: line},
		"the file has more than %d keys and values (lines, commas, colons and brackets count); "+
			"split it, and put long lists of numbers into files of their own", limit), true
}

// rejectLargest rejects the largest included files until the others together hold at most most
// values.
func rejectLargest(files []*includedFile, limit int) {
	type weighed struct {
		*includedFile
		values int
	}
	all, total := make([]weighed, len(files)), 0
	for i, f := range files {
		n, _ := valuesIn(f.bytes, len(f.bytes))
		all[i] = weighed{f, n}
		total += n
	}
	if total <= limit {
		return
	}
	slices.SortStableFunc(all, func(a, b weighed) int { return cmp.Compare(b.values, a.values) })
	for _, f := range all {
		if total <= limit {
			return
		}
		f.rejected = diag.Mistakes{
			diag.Mistakef(diag.Pos{File: f.path},
				"all included files have more than %d keys and values, and this one %d of them; "+
					"make it smaller", limit, f.values),
		}
		total -= f.values
	}
}
