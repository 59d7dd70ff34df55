package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/callhours/callhours/preview"
)

// maxRouteOptions is how many routes can be picked without JavaScript, which looks for others.
const maxRouteOptions = 200

type tryPage struct {
	address string // of these pages

	Route, Path, Account, Dialed, Caller, At string
	Params                                   string // NAME=VALUE, one a line
	Error                                    string
	Answer                                   *preview.Explanation
	DisplayState                             string // the state as pages show it
	Tree                                     *node
	JSON                                     string
	Explain, Curl, API                       string
	Names                                    []string // of the first routes, to pick from
	Local                                    string   // At as an input of a date and time has it; "" for now
}

func (c *Console) try(w http.ResponseWriter, r *http.Request) {
	p, ok := c.requirePreview(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	trimmed := func(key string) string { return strings.TrimSpace(q.Get(key)) }
	m := tryPage{
		Route: trimmed("route"), Path: trimmed("path"), Account: trimmed("account"), Dialed: trimmed("dialed"),
		Caller: trimmed("caller"), At: trimmed("at"),
	}
	params := slices.DeleteFunc(strings.Split(strings.Join(q["param"], "\n"), "\n"), func(s string) bool {
		return strings.TrimSpace(s) == ""
	})
	for i, s := range params {
		params[i] = strings.TrimSpace(s)
	}
	m.Params = strings.Join(params, "\n")
	m.Names = p.RouteNames(maxRouteOptions)
	status := http.StatusOK
	if m.Route+m.Path+m.Account+m.Dialed+m.Caller+m.Params != "" {
		m.address, _ = c.options.Address()
		if err := m.run(r, p, params, c.options.Now()); err != nil {
			m.Error, status = err.Error(), http.StatusBadRequest
		}
	}
	c.show(w, r, status, "try", page{Title: c.language(r).Text("Try a call"), Here: "try", Zone: m.zone(), Main: m})
}

// zone is that of the answer; nil without one.
func (m *tryPage) zone() *time.Location {
	if m.Answer == nil {
		return nil
	}
	return m.Answer.At.Location()
}

// run puts the question.
func (m *tryPage) run(r *http.Request, p *preview.Preview, params []string, now time.Time) error {
	question := preview.Question{Route: m.Route, Path: m.Path, At: now}
	var err error
	if question.Call, err = preview.Call(m.Account, m.Dialed, m.Caller, params); err != nil {
		return errors.Join(errors.New("further parameters"), err)
	}
	zone, err := p.Zone(question)
	if err != nil {
		return err
	}
	asked := url.Values{
		"route": {m.Route}, "path": {m.Path}, "account": {m.Account}, "dialed": {m.Dialed}, "caller": {m.Caller},
		"param": params, "at": {m.At},
	}
	if m.At != "" {
		if question.At, err = preview.Moment(m.At, zone); err != nil {
			return err
		}
	}
	question.At = question.At.In(zone)
	if m.At != "" {
		m.Local = question.At.Format("2006-01-02T15:04")
		if question.At.Second() != 0 {
			m.Local = question.At.Format("2006-01-02T15:04:05")
		}
	}
	e, err := p.Explain(r.Context(), question)
	if err != nil {
		return err
	}
	m.Answer, m.DisplayState = e, e.State
	if e.Unknown {
		m.DisplayState = "unknown"
	}
	m.Explain, m.Curl = explainLine(asked), curlLine(r, m.address, asked)
	for key, values := range asked {
		if len(values) == 0 || values[0] == "" {
			delete(asked, key)
		}
	}
	m.API = "/api/v1/explain?" + asked.Encode()
	if len(e.Answer.Callflow) > 0 {
		m.JSON, m.Tree = indentJSON(e.Answer.Callflow), tree(e.Answer.Callflow)
	}
	return nil
}
