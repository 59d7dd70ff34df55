package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/callhours/callhours/config"
)

// TestPlainCell: no cell begins what a spreadsheet runs, and each comes back as it was.
func TestPlainCell(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "-": "-", "*": "*", "Anna": "Anna", "O'Hara": "O'Hara", "'t Hooft": "'t Hooft",
		"=1+1": "'=1+1", "+493012345678": "'+493012345678", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1",
		"\r=1": "'\r=1", "＝1": "'＝1", "'=1": "''=1", "''=1": "'''=1",
	} {
		if got := plainCell(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if got := cellText(plainCell(text)); got != text {
			t.Errorf("%q comes back as %q", text, got)
		}
	}
}

// office is a configuration with a tenant.
func office(t *testing.T) *config.File {
	t.Helper()
	file, err := config.Load("callhours.yaml", config.Options{FS: fstest.MapFS{
		"callhours.yaml": {Data: []byte("timezone: UTC\nlisten: 127.0.0.1:8080\ninclude: [acme.yaml]\n")},
		"acme.yaml": {Data: []byte("tenant: {name: acme}\n" +
			"routes: [{name: front-desk, branches: [{name: closed, pass: true}]}]\n")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestPeopleCSV: the bounds of a file, and what is no file of people.
func TestPeopleCSV(t *testing.T) {
	t.Parallel()
	file := office(t)
	var many bytes.Buffer
	many.WriteString("tenant,name\n")
	for i := range maxCSVPeople + 1 {
		fmt.Fprintf(&many, "acme,Person %d\n", i)
	}
	const quotes = `a quotation mark is wrong: put the whole cell between ", and write "" for one in it`
	for text, want := range map[string]string{
		"":                               "1: expected the names of columns: tenant,name,may,routes,phones,language,pin",
		"name\nAnna\n":                   `1: there is no column "tenant"`,
		"tenant,name,name\n":             `1: column "name" is there twice`,
		"tenant,name\n":                  "1: there is nobody below the first line",
		"tenant,name\nacme,\"Anna\n":     "2: " + quotes,
		"tenant,name\n\nacme,An\"na\"\n": "3: " + quotes,
		many.String():                    "2002: 2001 people; the limit is 2000, use several files",
	} {
		_, _, mistakes := parsePeople(file, []byte(text))
		var got []string
		for _, m := range mistakes {
			got = append(got, m.Error())
		}
		if strings.Join(got, "\n") != want {
			t.Errorf("%.40q:\n got %q\nwant %q", text, got, want)
		}
	}
	list, lines, mistakes := parsePeople(file, []byte("\ufeffTenant, NAME ,phones\nacme, Anna ,'+4930123456 1001\n"))
	if len(mistakes) > 0 || len(list) != 1 || list[0].Name != "Anna" || lines[0] != 2 ||
		strings.Join(list[0].Phones, " ") != "+4930123456 1001" {
		t.Errorf("got %+v, %v, %v", list, lines, mistakes)
	}
}

// FuzzPeopleCSV: whatever a file is, it is read or refused, and each person has a line.
func FuzzPeopleCSV(f *testing.F) {
	f.Add("tenant,name,may,routes,phones,language,pin\nacme,Anna,close,front-desk,1001,de,481516\n")
	f.Add("tenant;name\n-;\"a\nb\"\n")
	f.Add("\ufefftenant,name\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		list, lines, mistakes := parsePeople(office(t), []byte(text))
		if len(list) != len(lines) || len(list) == 0 && len(mistakes) == 0 {
			t.Errorf("%d people, %d lines, %v", len(list), len(lines), mistakes)
		}
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		for _, n := range list {
			if err := w.Write([]string{plainCell(n.Name)}); err != nil {
				t.Error(err)
			}
		}
	})
}
