package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/callhours/callhours/preview"
	"github.com/callhours/callhours/server"
)

// pollInterval is how often the decision is looked at although nothing is known to change it: the
// machine may have slept, its clock may have been set, and a copy may have become too old.
const pollInterval = 30 * time.Second

// watch explains a call, and again whenever the decision has changed, until ctx ends.
func watch(ctx context.Context, g *server.Generation, q preview.Question, names []string, a explainFlags,
	env environment,
) error {
	followed := g.Watch(ctx, userAgent(), env.now, names)
	defer followed.Close()
	var last []byte
	failed := map[string]string{}
	for {
		q.At = env.now()
		p := followed.Preview()
		warnOfFailures(g, names, failed, env.stderr)
		e, err := p.Explain(ctx, q)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return usageError(err)
		}
		decision, err := decisionKey(*e)
		if err == nil && !bytes.Equal(decision, last) {
			err = writeExplanation(env.stdout, e, a, last != nil)
			last = decision
		}
		if err != nil {
			return failure(err)
		}
		wait := pollInterval
		if e.SpanUntil != nil {
			wait = min(wait, max(0, e.SpanUntil.At.Sub(env.now())))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-followed.Changed():
		case <-time.After(max(wait, time.Millisecond)):
		}
	}
}

// warnOfFailures says of each calendar why the last attempt to read it failed, once for each
// reason.
func warnOfFailures(g *server.Generation, names []string, failed map[string]string, to io.Writer) {
	for _, name := range names {
		use, _, _ := g.Calendar(name)
		why := ""
		if use.Snapshot.Err != nil {
			why = use.Snapshot.Err.Error()
		}
		if why != "" && why != failed[name] {
			fmt.Fprintf(to, "warning: calendar %q: %s\n", name, why)
		}
		failed[name] = why
	}
}

// decisionKey is what is compared of explanations: neither their moment, nor what became of
// branches that do not matter, nor a callflow that is another for each call.
func decisionKey(e preview.Explanation) ([]byte, error) {
	e.At, e.Steps = time.Time{}, nil
	if strings.HasPrefix(e.Answer.Rendered, "rendered for each call") {
		e.Answer.Callflow = nil
	}
	return json.Marshal(e)
}

// writeExplanation writes an explanation; one that is not the first stands apart.
func writeExplanation(to io.Writer, e *preview.Explanation, a explainFlags, more bool) error {
	if a.format == "json" {
		return newEncoder(to, isTerminal(to)).Encode(e)
	}
	if more {
		if _, err := io.WriteString(to, "\n"); err != nil {
			return err
		}
	}
	return a.text(e, to)
}
