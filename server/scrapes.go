package server

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/callhours/callhours/server/listen"
)

const (
	maxScrapes   = 16 // of /metrics at once
	scrapesOfOne = 12 // and by one client

	// largeScrape is the size in bytes, before compression, from which on an answer is shared by
	// all scrapes within scrapeLasts: it takes a tenth of a second and more. Smaller ones are
	// always made anew.
	largeScrape = 1 << 20
	scrapeLasts = 5 * time.Second
	maxKept     = 2 // answers, of different forms: text, OpenMetrics, some names only
)

// scrapes answers scrapes of /metrics. One answer is made at a time, and held compressed.
type scrapes struct {
	places  semaphore
	series  http.Handler // writes them, not compressed
	refresh func()       // brings the gauges that follow the clock up to date
	passing func() time.Time

	making sync.Mutex // held while an answer is made; guards the following
	kept   []*scrape  // the latest last
}

func newScrapes(of prometheus.Gatherer, refresh func(), passing func() time.Time) *scrapes {
	return &scrapes{
		series:  promhttp.HandlerFor(of, promhttp.HandlerOpts{EnableOpenMetrics: true, DisableCompression: true}),
		refresh: refresh, passing: passing,
	}
}

func (s *scrapes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	client := listen.ClientOf(r)
	if !s.places.acquire(client, maxScrapes, scrapesOfOne) {
		refuseBusy(w, r)
		return
	}
	defer s.places.release(client)
	if answer := s.get(r); answer != nil {
		answer.send(w, r)
	}
}

// get returns the answer to a request, a kept or a new one; nil if the request has ended.
func (s *scrapes) get(r *http.Request) *scrape {
	form := strings.Join(r.Header["Accept"], ",") + "\n" + strings.Join(r.URL.Query()["name[]"], "\n")
	s.making.Lock()
	defer s.making.Unlock()
	if r.Context().Err() != nil {
		return nil
	}
	for _, k := range s.kept {
		if k.form == form && s.passing().Sub(k.made) < scrapeLasts {
			return k
		}
	}
	answer := &scrape{form: form, status: http.StatusOK, header: http.Header{}}
	answer.zip, _ = gzip.NewWriterLevel(&answer.body, gzip.BestSpeed) // which is a level that there is
	s.refresh()
	s.series.ServeHTTP(answer, r)
	_ = answer.zip.Close() // a buffer takes everything
	answer.zip = nil
	answer.made = s.passing()
	kept := make([]*scrape, 0, maxKept)
	for _, k := range s.kept {
		if k.form != form && answer.made.Sub(k.made) < scrapeLasts {
			kept = append(kept, k)
		}
	}
	if answer.status == http.StatusOK && answer.size >= largeScrape {
		kept = append(kept, answer)
	}
	s.kept = kept[max(0, len(kept)-maxKept):]
	return answer
}

// scrape is an answer. It takes what a handler writes, and is not changed afterwards.
type scrape struct {
	form   string // the parts of a request on which the answer depends
	made   time.Time
	status int
	header http.Header
	size   int // before compression
	body   bytes.Buffer
	zip    *gzip.Writer // to body; nil once it is closed
}

// Header makes it an http.ResponseWriter.
func (s *scrape) Header() http.Header { return s.header }

// WriteHeader notes the status.
func (s *scrape) WriteHeader(status int) { s.status = status }

// Write adds to the body.
func (s *scrape) Write(text []byte) (int, error) {
	s.size += len(text)
	return s.zip.Write(text)
}

// send answers a request with it, compressed where that is accepted.
func (s *scrape) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	maps.Copy(h, s.header.Clone())
	h.Add("Vary", "Accept-Encoding")
	if acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(s.body.Len()))
		w.WriteHeader(s.status)
		_, _ = w.Write(s.body.Bytes()) // an error means that the client has gone
		return
	}
	h.Set("Content-Length", strconv.Itoa(s.size))
	w.WriteHeader(s.status)
	if plain, err := gzip.NewReader(bytes.NewReader(s.body.Bytes())); err == nil {
		_, _ = io.Copy(w, plain)
	}
}

// acceptsGzip reports whether a request takes a body that is compressed by gzip (RFC 9110, section
// 12.5.3).
func acceptsGzip(r *http.Request) bool {
	for _, field := range r.Header["Accept-Encoding"] {
		for coding := range strings.SplitSeq(field, ",") {
			name, weight, _ := strings.Cut(coding, ";")
			if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
				continue
			}
			_, q, weighted := strings.Cut(weight, "=")
			value, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
			return !weighted || err == nil && value > 0
		}
	}
	return false
}
