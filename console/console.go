// Package console is the web pages for people: what the telephones do now, what they will do, and
// why. It shows what package preview answers; what only a server knows comes in as funcs.
//
// The pages are rendered whole on the server, pictures included, and work without JavaScript; a
// little of it adds live updates, tips and copying. Everything is embedded: nothing is asked of
// other hosts, which the Content-Security-Policy holds browsers to. Texts of calendars and calls
// are escaped by html/template. A [Console] is safe for concurrent use; who may ask is decided
// before it.
package console

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/callhours/callhours/calendars"
	"github.com/callhours/callhours/calendars/feeds"
	"github.com/callhours/callhours/calendars/ical"
	"github.com/callhours/callhours/console/languages"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/preview"
)

//go:embed pages static openapi.json
var files embed.FS

// Options are what a Console shows.
type Options struct {
	Now     func() time.Time
	RealNow func() time.Time // by which connections go
	Version string
	// Client identifies a request's client, for fair shares of the connections that stay open.
	Client func(*http.Request) string
	// Preview answers about decisions; it gives nil before calls are answered.
	Preview func() *preview.Preview
	// Feeds are all feeds as they are.
	Feeds func() []feeds.Status
	// Calendar is a calendar by its full name; false for one that is not configured.
	Calendar func(name string) (Calendar, bool)
	// Texts are events of a calendar as they are written; the error says why they cannot be had.
	Texts func(ctx context.Context, calendar string, events []*calendars.Event) (map[*calendars.Event]string, error)
	// Zone is the configuration's, of pages that are about no route or calendar; nil: UTC.
	Zone func() *time.Location
	// Status is what answers, and how the last look at the files went.
	Status func() preview.Status
	// Findings are what is odd or wrong with what runs, by place, and how much has not been looked
	// at since it changed.
	Findings func() (found []preview.Finding, pending int)
	// Decisions are the last ones of a route, at most so many, the newest first.
	Decisions func(route string, most int) []preview.Trace
	// Unmatched are the last calls that found no route, the latest first; the rest unexplained if the context ends.
	Unmatched func(context.Context) []preview.UnmatchedCall
	// UnmatchedCount is how many such calls are remembered.
	UnmatchedCount func() int
	// Hours is the address at which the hours of a route can be subscribed to on the Pivot listener,
	// without the token; the path alone if public_url.pivot is not set, "" if nobody has a token.
	Hours func(route string) string
	// Address is that of these pages: scheme and host. isPublic: others can open it, as public_url
	// says; otherwise it is that of admin_listen, for this machine.
	Address func() (address string, isPublic bool)
	// Refresh fetches a calendar's feed, and Reload reads the configuration again; the error is for
	// people.
	Refresh func(ctx context.Context, calendar string) error
	Reload  func(ctx context.Context) error
}

// Calendar is a calendar as a server has it.
type Calendar struct {
	Use      calendars.Use
	Zone     *time.Location // of its all-day and floating events where routes do not say; nil: UTC
	Routes   []string       // that ask it
	Problems []ical.Problem
	Warnings []ical.Problem
}

// Console is the handler of the pages.
type Console struct {
	options Options
	mux     *http.ServeMux
	pages   map[string]map[string]*template.Template // by language and name
	leadOn  *template.Template
	spoken  *languages.Languages
	assets  map[string]asset
	hub     *hub
}

// asset is a file that pages refer to.
type asset struct {
	body []byte
	kind string
	tag  string // tells versions apart
}

// New makes a Console. It starts nothing.
func New(o Options) *Console {
	c := &Console{
		options: o, mux: http.NewServeMux(), pages: map[string]map[string]*template.Template{},
		assets: map[string]asset{}, hub: newHub(), spoken: languages.New(),
		leadOn: template.Must(template.ParseFS(files, "pages/leadon.html")),
	}
	for name, kind := range map[string]string{
		"console.css": "text/css; charset=utf-8", "console.js": "text/javascript; charset=utf-8",
		"icon.svg": "image/svg+xml",
	} {
		body := readEmbedded("static/" + name)
		sum := fnv.New64a()
		sum.Write(body)
		c.assets[name] = asset{body, kind, strconv.FormatUint(sum.Sum64(), 16)}
		c.mux.HandleFunc("GET /static/"+name, c.asset)
	}
	for _, l := range c.spoken.All() {
		c.pages[l.Tag] = map[string]*template.Template{}
		for _, name := range []string{
			"now", "route", "try", "calendars", "calendar", "findings", "unmatched",
			"configuration", "message",
		} {
			c.pages[l.Tag][name] = template.Must(
				template.New("layout.html").Funcs(c.funcs(l)).ParseFS(files, "pages/layout.html", "pages/parts.html",
					"pages/"+name+".html"))
		}
	}
	c.mux.HandleFunc("GET /{$}", c.now)
	c.mux.HandleFunc("GET /routes/{name...}", c.route)
	c.mux.HandleFunc("GET /try", c.try)
	c.mux.HandleFunc("GET /calendars", c.calendars)
	c.mux.HandleFunc("GET /calendars/{name...}", c.calendar)
	c.mux.HandleFunc("POST /calendars/{name...}", c.refresh)
	c.mux.HandleFunc("GET /findings", c.findings)
	c.mux.HandleFunc("GET /unmatched", c.unmatched)
	c.mux.HandleFunc("GET /config", c.configuration)
	c.mux.HandleFunc("POST /config/reload", c.reload)
	return c
}

func readEmbedded(name string) []byte {
	body, err := fs.ReadFile(files, name)
	if err != nil { // embedded by the same file that names it
		panic(err)
	}
	return body
}

// Has reports whether a request is for one of the pages.
func (c *Console) Has(r *http.Request) bool {
	_, pattern := c.mux.Handler(r)
	return pattern != ""
}

// policy lets pages load from this server only; pages contain no scripts or styles.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// ServeHTTP answers a request for a page.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Security-Policy", policy)
	// Without a referrer browsers would also hide the origin of our own forms, by which they
	// are told from other sites'.
	head.Set("Referrer-Policy", "same-origin")
	c.mux.ServeHTTP(w, r)
}

func (c *Console) asset(w http.ResponseWriter, r *http.Request) {
	a := c.assets[strings.TrimPrefix(r.URL.Path, "/static/")]
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "max-age=31536000, immutable")
	// An error means that the client has gone.
	_, _ = w.Write(a.body)
}

// OpenAPI answers with the description of the API, to which a test of package server holds what is
// answered.
func OpenAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	// An error means that the client has gone.
	_, _ = w.Write(OpenAPIText())
}

// OpenAPIText is the description of the API, an OpenAPI 3.1 document.
func OpenAPIText() []byte { return readEmbedded("openapi.json") }

// page is what every page shows.
type page struct {
	Language string // of the page, a tag
	Title    string
	Here     string         // which entry of the navigation
	Now      time.Time      // in Zone
	Zone     *time.Location // of the times on the page; nil: the configuration's
	Version  string
	Main     any
}

// language is the one in which a request's page is shown.
func (c *Console) language(r *http.Request) *languages.Language {
	return c.spoken.Match(r.Header.Get("Accept-Language"))
}

// show renders a page.
func (c *Console) show(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	ctx := r.Context()
	p.Language = c.language(r).Tag
	if p.Zone == nil && c.options.Zone != nil {
		p.Zone = c.options.Zone()
	}
	if p.Zone == nil {
		p.Zone = time.UTC
	}
	p.Now, p.Version = c.options.Now().In(p.Zone), c.options.Version
	out := pageWriter{ctx: ctx}
	err := c.pages[p.Language][name].Execute(&out, p)
	if ctx.Err() != nil {
		c.showBusy(w, context.Cause(ctx))
		return
	}
	if err != nil {
		http.Error(w, diag.Lines("the page cannot be shown: "+err.Error()), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", p.Language)
	h.Add("Vary", "Accept-Language")
	w.WriteHeader(status)
	// An error means that the client has gone.
	_, _ = w.Write(out.Bytes())
}

// maxPage is how many bytes a page has. What it shows is bounded so that it never does.
const maxPage = 8 << 20

// pageWriter holds a page while it is rendered. It ends with the request's context.
type pageWriter struct {
	bytes.Buffer
	ctx context.Context
}

func (s *pageWriter) Write(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	if s.Len()+len(p) > maxPage {
		return 0, fmt.Errorf("it is longer than %d MiB", maxPage>>20)
	}
	return s.Buffer.Write(p)
}

// showBusy answers 503, since the page takes too long.
func (c *Console) showBusy(w http.ResponseWriter, err error) {
	w.Header().Set("Retry-After", "5")
	http.Error(w, diag.Lines(err.Error()), http.StatusServiceUnavailable)
}

// ServeCrossSite answers a request that a page of another site made: with a page that costs nothing
// and links to the same address.
func (c *Console) ServeCrossSite(w http.ResponseWriter, r *http.Request) {
	to := r.URL.RequestURI()
	if strings.HasPrefix(to, "//") { // which would be another host
		to = "/"
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusForbidden)
	// An error means that the client has gone.
	_ = c.leadOn.Execute(w, to)
}

// IsStatic reports whether a path is that of a file that pages refer to, which costs nothing to
// give.
func IsStatic(path string) bool { return strings.HasPrefix(path, "/static/") }

// message is a page with one message.
type message struct {
	Head, Text string
	Again      bool // the page is asked for again in a moment
}

func (c *Console) showMessage(w http.ResponseWriter, r *http.Request, status int, head, text string) {
	c.show(w, r, status, "message",
		page{Title: head, Main: message{head, text, status == http.StatusServiceUnavailable}})
}

// requirePreview is the preview; false after it has answered that there is none yet.
func (c *Console) requirePreview(w http.ResponseWriter, r *http.Request) (*preview.Preview, bool) {
	p := c.options.Preview()
	if p == nil {
		w.Header().Set("Retry-After", "2")
		l := c.language(r)
		c.showMessage(w, r, http.StatusServiceUnavailable, l.Text("Starting"),
			l.Text("The calendars are being read; calls are answered in a moment."))
		return nil, false
	}
	return p.In(sentences(c.language(r))), true
}

// sentences are a language of the pages, for those who make sentences of what pages show.
func sentences(l *languages.Language) calendars.Language {
	return calendars.Language{Translate: l.Text, Day: func(day time.Time, year bool) string {
		if year {
			return l.WeekdayYear(day)
		}
		return l.Weekday(day)
	}}
}

// indentJSON is a value as indented JSON. It escapes only what JSON requires.
func indentJSON(value any) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		return err.Error()
	}
	return strings.TrimRight(out.String(), "\n")
}
