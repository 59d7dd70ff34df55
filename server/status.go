package server

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/preview"
)

// statusPath is where people see what answers, and how the last reload went.
const statusPath = "/api/v1/status"

// maxSaid is how many mistakes a status has, and how many warnings.
const maxSaid = 1000

// nameOf is a short name for files: the first digits of a SHA-256 over their names and bytes.
func nameOf(inputs *config.Inputs) string {
	const digits = 12
	sum := inputs.Digest()
	return hex.EncodeToString(sum[:])[:digits]
}

// Status says what answers, and how the last look at the files went.
func (s *Server) Status() preview.Status {
	s.mu.Lock()
	status := s.status
	s.mu.Unlock()
	status.Warnings, status.Shared = []preview.FileMessage{}, s.state.reason()
	status.Problems = []preview.RouteProblem{}
	if l := s.live.Load(); l != nil {
		status.Generation = l.name
		warnings := slices.Clone(l.missing)
		for _, w := range slices.Concat(l.warnings, l.file.Warnings) {
			warnings = append(warnings, w.Mistake)
		}
		status.Warnings = said(part(warnings.Sorted(), 0, maxSaid+1), l.file.Inputs)
	}
	if n := max(len(status.Mistakes), len(status.Warnings)); n > maxSaid {
		status.Truncated = fmt.Sprintf("cut after %d; correct those first, or run callhours check", maxSaid)
		status.Mistakes, status.Warnings = part(status.Mistakes, 0, maxSaid), part(status.Warnings, 0, maxSaid)
	}
	return status
}

// statusWithProblems is the status with the problems of all routes, which cost a look at each.
func (s *Server) statusWithProblems() preview.Status {
	status, l := s.Status(), s.live.Load()
	if l == nil {
		return status
	}
	source := s.routeProblems()
	var warnings []preview.RouteProblem
	for _, r := range l.routes {
		for _, p := range source(r).List {
			if p.Severity == preview.Error {
				status.Problems = append(status.Problems, preview.RouteProblem{Route: r.Name, Problem: p})
			} else {
				warnings = append(warnings, preview.RouteProblem{Route: r.Name, Problem: p})
			}
		}
	}
	if status.Problems = append(status.Problems, warnings...); len(status.Problems) > maxSaid {
		status.Problems = status.Problems[:maxSaid]
		if status.Truncated == "" {
			status.Truncated = fmt.Sprintf("cut after %d problems; see the others at %s", maxSaid, routesPath)
		}
	}
	return status
}

// said are mistakes with the lines that they stand in.
func said(ms diag.Mistakes, inputs *config.Inputs) []preview.FileMessage {
	list := []preview.FileMessage{}
	for _, m := range ms {
		one := preview.FileMessage{File: m.File, Line: m.Line, Column: m.Col, Message: withoutQuotes(m, inputs).Message}
		if inputs != nil {
			one.Tenant = inputs.TenantName(inputs.TenantFile(m.File))
			if one.Tenant == "" {
				one.Tenant = inputs.TenantName(inputs.TenantFile(m.Other.File))
			}
			one.Text = shownLine(inputs, m)
		}
		list = append(list, one)
	}
	return list
}

// quoted is a quoted text in a message.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// withoutQuotes is a mistake as the admin listener shows it, to whoever reaches that: what was found in
// files other than the configuration's YAML and templates is left out. Such a file may be another
// one than it should be; the log has some of it.
func withoutQuotes(m diag.Mistake, inputs *config.Inputs) diag.Mistake {
	if inputs != nil && inputs.Has(m.File) && !inputs.IsSource(m.File) && !strings.HasSuffix(m.File, ".json.tmpl") {
		m.Message = quoted.ReplaceAllString(m.Message, `"…"`)
	}
	return m
}

// yamlKey is a line of YAML that says what its value is: `key: …`, perhaps in a list.
var yamlKey = regexp.MustCompile(`^\s*(?:- +)*(?:\{ *)?[A-Za-z0-9_-]+ *:`)

// hidden are words beside which a secret may stand, also where they are misspelt. Addresses of
// feeds are secrets.
var hidden = []string{
	"password", "token", "secret", "secrets", "basic", "auth", "username", "headers", "authorization",
	"cookie", "url", "webhook", "key",
}

// shownLine is the line of a mistake, for people; "" where it may hold a secret. Only files of YAML
// and templates are shown; of YAML, lines whose own key says that it is none. What stands behind an
// unknown key is not: it may be a secret's, misspelt.
func shownLine(inputs *config.Inputs, m diag.Mistake) string {
	const longest = 300
	line := inputs.Line(m.Pos)
	if line == "" || len(line) > longest {
		return ""
	}
	if strings.HasSuffix(m.File, ".json.tmpl") {
		return line
	}
	key := yamlKey.FindString(line)
	if key == "" || !inputs.IsSource(m.File) || strings.Contains(line, "://") {
		return ""
	}
	for _, word := range strings.FieldsFunc(line, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		for _, h := range hidden {
			if strings.Contains(strings.ToLower(word), h) ||
				len(h) > 4 && diag.Nearest(word, []string{h}) != "" {
				return ""
			}
		}
	}
	if strings.HasPrefix(m.Message, "unknown key") {
		return key
	}
	return line
}
