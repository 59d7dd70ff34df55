package funcs

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/templates/jsonsafe"
)

func (r *Run) toString(v any) (string, error) {
	s, err := jsonsafe.Text(v)
	if err != nil {
		return "", err
	}
	return r.boundText(s)
}

// joinValues writes values one after the other.
func (r *Run) joinValues(sep string, values []any, skipNil bool) (string, error) {
	if err := r.spend(perElement * len(values)); err != nil {
		return "", err
	}
	var b strings.Builder
	first := true
	for _, v := range values {
		if v == nil && skipNil {
			continue
		}
		s, err := jsonsafe.Text(v)
		if err != nil {
			return "", err
		}
		n := len(s)
		if !first {
			n += len(sep)
		}
		if b.Len()+n > MaxText {
			return "", r.spendText(MaxText + 1)
		}
		if err := r.spend(n); err != nil {
			return "", err
		}
		if !first {
			b.WriteString(sep)
		}
		first = false
		b.WriteString(s)
	}
	return b.String(), nil
}

func (r *Run) print(values ...any) (string, error) { return r.joinValues("", values, false) }
func (r *Run) println(values ...any) (string, error) {
	return r.joinValues(" ", append(values, "\n"), false)
}
func (r *Run) cat(values ...any) (string, error) { return r.joinValues(" ", values, true) }

func (r *Run) join(sep string, list any) (string, error) {
	values, err := r.listOf(list)
	if err != nil {
		return "", err
	}
	return r.joinValues(sep, values, true)
}

// directive is what a format begins with: %, flags, width, precision and a letter or %; "" if it is
// none.
func directive(format string) (string, error) {
	skip := func(from int, set string) int {
		return len(format) - len(strings.TrimLeft(format[from:], set))
	}
	const digits = "0123456789"
	flags := skip(len("%"), "-+# 0")
	width := skip(flags, digits)
	end, precision := width, 0
	if strings.HasPrefix(format[width:], ".") {
		end = skip(width+1, digits)
		precision = end - width - 1
	}
	if width-flags > 3 || precision > 2 {
		return "", Limitf("a width of more than 3 digits or a precision of more than 2")
	}
	if end == len(format) || !strings.ContainsRune("%abcdefghijklmnopqrstuvwxyzEFGTUX", rune(format[end])) {
		return "", nil
	}
	return format[:end+1], nil
}

// printf knows fmt's directives with a width of at most three digits, without *, argument numbers
// and %q.
func (r *Run) printf(format string, values ...any) (string, error) {
	if err := r.spendText(len(format)); err != nil {
		return "", err
	}
	var b strings.Builder
	for rest := format; b.Len() <= MaxText; {
		i := strings.IndexByte(rest, '%')
		if i < 0 {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:i])
		rest = rest[i:]
		if err := r.spend(64); err != nil { // a directive costs more than the text it makes
			return "", err
		}
		m, err := directive(rest)
		switch {
		case err != nil:
			return "", err
		case m == "":
			return "", fmt.Errorf("expected a directive such as %%s or %%5d in the format, found %s", diag.Clip(rest))
		case m == "%%":
			b.WriteByte('%')
		case strings.HasSuffix(m, "q"):
			return "", errors.New("%q makes text that JSON does not allow; write toJson")
		case !strings.ContainsAny(m[len(m)-1:], "svdtxXobceEfFgGU"):
			return "", fmt.Errorf("the directive %q is not known", m)
		case len(values) == 0:
			return "", fmt.Errorf("no value is left for %q in the format", m)
		default:
			v := values[0]
			values = values[1:]
			s, err := jsonsafe.Text(v)
			if err != nil {
				return "", err
			}
			if err := r.spendText(len(s)); err != nil {
				return "", err
			}
			if m[len(m)-1] == 's' || strings.ContainsAny(m[len(m)-1:], "vxX") && jsonsafe.Describe(v) != "a number" {
				v = s
			}
			written := fmt.Sprintf(m, v)
			if strings.HasPrefix(written, "%!") {
				return "", fmt.Errorf("%s does not fit %q in the format", jsonsafe.Describe(v), m)
			}
			b.WriteString(written)
		}
		rest = rest[len(m):]
	}
	if len(values) > 0 && b.Len() <= MaxText {
		return "", fmt.Errorf("the format has fewer directives than values: %d too many", len(values))
	}
	return r.boundText(b.String())
}

func (r *Run) repeat(count int, s string) (string, error) {
	if count < 0 {
		return "", fmt.Errorf("expected a count of 0 or more, found %d", count)
	}
	if len(s) > 0 && count > MaxText/len(s) {
		return "", r.spendText(MaxText + 1)
	}
	if err := r.spendText(count * len(s)); err != nil {
		return "", err
	}
	return strings.Repeat(s, count), nil
}

func (r *Run) replace(old, replacement, s string) (string, error) {
	if err := r.spend(len(s) + len(old)); err != nil {
		return "", err
	}
	if growth := len(replacement) - len(old); growth > 0 {
		if n := strings.Count(s, old); n > MaxText/growth {
			return "", r.spendText(MaxText + 1)
		}
	}
	return r.boundText(strings.ReplaceAll(s, old, replacement))
}

func (r *Run) indent(spaces int, s string) (string, error) {
	pad, err := r.repeat(spaces, " ")
	if err != nil {
		return "", err
	}
	if s, err = r.replace("\n", "\n"+pad, s); err != nil {
		return "", err
	}
	return r.boundText(pad + s)
}

func (r *Run) nindent(spaces int, s string) (string, error) {
	s, err := r.indent(spaces, s)
	if err != nil {
		return "", err
	}
	return r.boundText("\n" + s)
}

// wrap puts line ends in place of blanks so that lines have at most width characters where words
// allow.
func (r *Run) wrap(width int, s string) (string, error) {
	if err := r.spend(8 * len(s)); err != nil {
		return "", err
	}
	var b strings.Builder
	used, first := 0, true
	for word := range strings.SplitSeq(s, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case first:
			first = false
		case used+1+n > width:
			b.WriteByte('\n')
			used = 0
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += n
	}
	return r.boundText(b.String())
}

// runeSlice is the characters from start up to end.
func runeSlice(s string, start, end int) string {
	if start >= end {
		return ""
	}
	from, to, n := len(s), len(s), 0
	for i := range s {
		if n == start {
			from = i
		}
		if n == end {
			to = i
			break
		}
		n++
	}
	return s[from:to]
}

// trunc keeps the first characters, or with a negative count the last.
func (r *Run) trunc(count int, s string) (string, error) {
	if err := r.spend(2 * len(s)); err != nil {
		return "", err
	}
	if count < 0 {
		return runeSlice(s, max(utf8.RuneCountInString(s)+count, 0), len(s)), nil
	}
	return runeSlice(s, 0, count), nil
}

// substr gives the characters from start up to end; a negative start is 0, a negative end the end
// of the text.
func (r *Run) substr(start, end int, s string) (string, error) {
	if end < 0 {
		end = len(s)
	}
	if err := r.spend(len(s)); err != nil {
		return "", err
	}
	return runeSlice(s, max(start, 0), end), nil
}

// abbrev cuts a text that is longer than width characters and ends it in three dots.
func (r *Run) abbrev(width int, s string) (string, error) {
	if err := r.spend(len(s)); err != nil || width < 4 || utf8.RuneCountInString(s) <= width {
		return s, err
	}
	return runeSlice(s, 0, width-3) + "...", nil
}

// trimAll drops the characters of a set from both ends.
func (r *Run) trimAll(set, s string) (string, error) {
	if err := r.spend(len(set) + len(s) + len(set)*len(s)/64); err != nil {
		return "", err
	}
	return r.boundText(strings.Trim(s, set))
}

func (r *Run) decode64(s string) (string, error) {
	if err := r.spend(len(s)); err != nil {
		return "", err
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", fmt.Errorf("expected base64, found %s", diag.Clip(s))
	}
	return r.boundText(string(b))
}

func (r *Run) split(sep, s string) ([]any, error) {
	if err := r.spend(len(s) + len(sep)); err != nil {
		return nil, err
	}
	if err := r.spendElements(strings.Count(s, sep) + 1); err != nil {
		return nil, err
	}
	return r.stringList(strings.Split(s, sep))
}
