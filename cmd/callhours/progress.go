package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progressAfter is how long work may take before it is shown that it goes on, and how often that is
// shown again.
const progressAfter = time.Second

// progress is a line on a terminal that says what is being done, and for how long already.
type progress struct {
	to   io.Writer
	what string

	mu      sync.Mutex
	seconds int
	timer   *time.Timer // nil: ended
}

// startProgress shows on standard error what lasts longer than a second, until the function that it
// returns is called. What is no terminal gets nothing.
func startProgress(env environment, what string) (stop func()) {
	if !isTerminal(env.stderr) {
		return func() {}
	}
	return newProgress(exact(env.stderr), what).stop
}

func newProgress(to io.Writer, what string) *progress {
	p := &progress{to: to, what: what}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = time.AfterFunc(progressAfter, p.show)
	return p
}

const clearLine = "\r\x1b[K"

func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer == nil {
		return
	}
	p.seconds++
	fmt.Fprintf(p.to, "%s%s … %d s", clearLine, p.what, p.seconds)
	p.timer.Reset(progressAfter)
}

// stop takes the line away. It may be called again.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer == nil {
		return
	}
	p.timer.Stop()
	p.timer = nil
	if p.seconds > 0 {
		io.WriteString(p.to, clearLine)
	}
}
