package preview

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/callhours/callhours/render"
)

// UpstreamRequest is what is sent to the Pivot server that answers a branch, without secrets: those are "…".
type UpstreamRequest struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"` // besides X-Forwarded-For and X-Request-Id
	Body    string            `json:"body"`    // the parameters as a form, as Kazoo sends them with method post
	Timeout float64           `json:"timeout_seconds"`
	Waits   int               `json:"req_timeout_ms"`  // the least that Kazoo's pivot action needs
	Error   string            `json:"error,omitempty"` // why nothing can be sent
	// Took is how long its answer took; 0: it was not asked
	Took float64 `json:"took_seconds,omitempty"`
}

// UpstreamAnswer is what a Pivot server answers for a branch.
type UpstreamAnswer struct {
	Body  []byte // verified: a callflow, or TwiML
	TwiML bool
	Took  time.Duration
	// Reason and Err say why there is none; "" and nil
	Reason render.Reason
	Err    error
}

// answer asks the Pivot server of the branch that is to answer, where the question wants that and somebody can.
func (p *Preview) answer(ctx context.Context, q Question, r *render.Route, s *render.State, a *render.Answer) *asked {
	asks := &asked{}
	if p.options.Describe != nil {
		request := p.options.Describe(r, a.Branch, q.Call)
		asks.request = &request
	}
	if !q.Ask || p.options.Ask == nil {
		return asks
	}
	got, ok := p.options.Ask(ctx, r, a.Branch, q.Call)
	if !ok {
		return asks
	}
	if asks.request != nil {
		asks.request.Took = got.Took.Seconds()
	}
	if got.Err != nil {
		s.Fail(ctx, a, got.Reason, got.Err, q.Call, q.At)
		return asks
	}
	a.Asks, a.Status = false, http.StatusOK
	if asks.twiml = ""; got.TwiML {
		asks.twiml = string(got.Body)
		return asks
	}
	a.Body = got.Body
	return asks
}

// asked is what became of asking.
type asked struct {
	request *UpstreamRequest // nil: nobody can describe it
	twiml   string           // of the answer; ""
}

// writeUpstream writes what is sent to a Pivot server.
func (u *UpstreamRequest) write(w io.Writer) {
	if u.Error != "" {
		fmt.Fprintf(w, "\nnothing can be sent: %s\n", u.Error)
		return
	}
	verb := "would be sent"
	if u.Took > 0 {
		verb = fmt.Sprintf("was sent; the answer took %s",
			time.Duration(u.Took*float64(time.Second)).Round(time.Millisecond))
	}
	fmt.Fprintf(w, "\n%s (timeout %s; the pivot action needs req_timeout_ms %d or more)\n%s %s\n", verb,
		time.Duration(u.Timeout*float64(time.Second)), u.Waits, u.Method, u.URL)
	for _, name := range slices.Sorted(maps.Keys(u.Headers)) {
		fmt.Fprintf(w, "%s: %s\n", name, u.Headers[name])
	}
	if u.Body != "" {
		fmt.Fprintf(w, "\n%s\n", u.Body)
	}
}
