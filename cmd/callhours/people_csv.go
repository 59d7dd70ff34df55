package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/internal/files"
	"github.com/callhours/callhours/people"
)

// Limits of a CSV file of people. Each PIN takes 60 ms.
const (
	maxCSV       = 4 << 20 // bytes
	maxCSVPeople = 2000
)

func addFromCSV(ctx context.Context, in installation, a peopleAddFlags, env environment) error {
	name := a.csv
	var text []byte
	var err error
	if name == "-" {
		name = "standard input"
		text, err = files.ReadAll(env.stdin, 0, maxCSV)
	} else {
		text, err = files.ReadArgument(name, maxCSV)
	}
	if err != nil {
		return usageError(fmt.Errorf("--csv %s: %w", name, files.Reason(err)))
	}
	list, lines, mistakes := parsePeople(in.file, text)
	if len(mistakes) > 0 {
		var all []error
		for _, m := range mistakes {
			all = append(all, fmt.Errorf("%s:%w", name, m))
		}
		all = append(all, errors.New("nobody was added"))
		return failure(errors.Join(all...))
	}
	return storePeople(ctx, in, list, func(i int, err error) error { return fmt.Errorf("%s:%d: %w", name, lines[i], err) },
		a.format, env)
}

// columns of a file of people; the rest of them is what the list has besides.
func csvColumns() (read, ignored []string) {
	return []string{"tenant", "name", "may", "routes", "phones", "language", "pin"},
		[]string{"has_pin", "created_by", "created_at", "last_used", "revoked_by", "revoked_at"}
}

// lineError is a mistake in a line of a file.
type lineError struct {
	line int
	err  error
}

func (e lineError) Error() string { return fmt.Sprintf("%d: %v", e.line, e.err) }

// parsePeople reads a file of people. lines are where each of them is written; mistakes are all that
// is wrong as far as the text alone shows it.
func parsePeople(file *config.File, text []byte) (list []people.New, lines []int, mistakes []error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	first, _, _ := bytes.Cut(text, []byte("\n"))
	if !utf8.Valid(text) {
		return nil, nil, []error{lineError{1, errors.New("the file is not UTF-8; save it as \"CSV UTF-8\"")}}
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	if bytes.ContainsRune(first, ';') && !bytes.ContainsRune(first, ',') { // of a spreadsheet in many countries
		r.Comma = ';'
	}
	places, mistakes := readHeader(r)
	if len(mistakes) > 0 {
		return nil, nil, mistakes
	}
	wrong := func(line int, err error) { mistakes = append(mistakes, lineError{line, err}) }
	index := map[[2]string]int{}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if parse, ok := errors.AsType[*csv.ParseError](err); ok {
			wrong(parse.Line, errors.New(`a quotation mark is wrong: put the whole cell between ", and write "" for one in it`))
			break // what follows would be read wrongly
		}
		if err != nil {
			wrong(1, err)
			break
		}
		line, _ := r.FieldPos(0)
		if len(row) > len(places) {
			wrong(line, fmt.Errorf("%d cells, and %d columns in the first line", len(row), len(places)))
			continue
		}
		cells := map[string]string{}
		for i, cell := range row {
			cells[places[i]] = strings.TrimSpace(cellText(cell))
		}
		if strings.Join(row, "") == "" || cells["revoked_at"] != "" {
			continue // an empty line of a spreadsheet; somebody who is to stay revoked
		}
		n := people.New{
			Tenant: tenantArgument(cells["tenant"]), Name: cells["name"], Language: cells["language"],
			Phones: words(cells["phones"]), PIN: cells["pin"],
		}
		if cells["tenant"] == "" {
			wrong(line, fmt.Errorf("no tenant; write %s for none", noTenant))
			continue
		}
		may, found := rights(file, n.Tenant, cells["may"], words(cells["routes"]))
		for _, err := range found {
			wrong(line, err)
		}
		n.May = may
		if i, again := index[[2]string{n.Tenant, n.Name}]; again && sameButRights(list[i], n) {
			maps.Copy(list[i].May, n.May) // other rights on other routes
			continue
		}
		index[[2]string{n.Tenant, n.Name}] = len(list)
		list, lines = append(list, n), append(lines, line)
	}
	switch {
	case len(list) > maxCSVPeople:
		wrong(lines[maxCSVPeople], fmt.Errorf("%d people; the limit is %d, use several files", len(list), maxCSVPeople))
	case len(list) == 0 && len(mistakes) == 0:
		wrong(1, errors.New("there is nobody below the first line"))
	}
	return list, lines, mistakes
}

// sameButRights reports whether two lines are about one person, who may do different things on
// different routes.
func sameButRights(a, b people.New) bool {
	for route := range b.May {
		if _, ok := a.May[route]; ok {
			return false
		}
	}
	return a.Language == b.Language && a.PIN == b.PIN && slices.Equal(a.Phones, b.Phones)
}

// words are what a cell lists. Phones are joined by nothing but spaces and commas.
func words(cell string) []string {
	return strings.FieldsFunc(cell, func(r rune) bool { return r == ',' || r == ';' || unicode.IsSpace(r) })
}

// readHeader reads the names of the columns.
func readHeader(r *csv.Reader) (places []string, mistakes []error) {
	read, ignored := csvColumns()
	row, err := r.Read()
	if err != nil {
		return nil, []error{lineError{1, fmt.Errorf("expected the names of columns: %s", strings.Join(read, ","))}}
	}
	for _, cell := range row {
		name := strings.ToLower(strings.TrimSpace(cell))
		switch {
		case slices.Contains(places, name):
			mistakes = append(mistakes, lineError{1, fmt.Errorf("column %s is there twice", diag.Quote(name))})
		case !slices.Contains(read, name) && !slices.Contains(ignored, name):
			mistakes = append(mistakes,
				lineError{1, fmt.Errorf("unknown column %s%s", diag.Quote(cell), diag.Suggest(name, read))})
		}
		places = append(places, name)
	}
	for _, name := range []string{"tenant", "name"} {
		if len(mistakes) == 0 && !slices.Contains(places, name) {
			mistakes = append(mistakes, lineError{1, fmt.Errorf("there is no column %q", name)})
		}
	}
	return places, mistakes
}
