package main

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/callhours/callhours/preview"
)

// JUnit's XML, as far as the systems that build things agree on it: a suite for each file, a case
// for each test.
type junitSuites struct {
	XMLName  xml.Name      `xml:"testsuites"`
	Tests    int           `xml:"tests,attr"`
	Failures int           `xml:"failures,attr"`
	Suites   []*junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	Classname string        `xml:"classname,attr"`
	File      string        `xml:"file,attr"`
	Line      int           `xml:"line,attr"`
	Failure   *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",cdata"`
}

// junit writes the results as JUnit's XML.
func junit(to io.Writer, results []*preview.TestResult) error {
	all := junitSuites{Tests: len(results)}
	byFile := map[string]*junitSuite{}
	for _, r := range results {
		suite := byFile[r.File]
		if suite == nil {
			suite = &junitSuite{Name: r.File}
			byFile[r.File] = suite
			all.Suites = append(all.Suites, suite)
		}
		suite.Tests++
		c := junitCase{Name: r.Name, Classname: r.File, File: r.File, Line: r.Line}
		if !r.Passed() {
			all.Failures++
			suite.Failures++
			var text strings.Builder
			for _, f := range r.Failures {
				if err := f.Text(&text, r.File); err != nil {
					return err
				}
			}
			first := r.Failures[0].Differences[0]
			c.Failure = &junitFailure{
				Message: first.What + ": want " + first.Want + ", got " + first.Got,
				Text:    "\n" + text.String(),
			}
		}
		suite.Cases = append(suite.Cases, c)
	}
	if _, err := io.WriteString(to, xml.Header); err != nil {
		return err
	}
	out := xml.NewEncoder(to)
	out.Indent("", "  ")
	if err := out.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(to, "\n")
	return err
}
