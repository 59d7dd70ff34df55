package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// overload is what became of calls that came at a rate of their own, whether those before were
// answered or not.
type overload struct {
	Server   string  `json:"server"`
	Capacity float64 `json:"capacity_per_second"` // answers to connections that each wait for theirs
	Asked    float64 `json:"asked_per_second"`    // what the generator should have offered
	Offered  float64 `json:"offered_per_second"`
	Own      float64 `json:"generator_cpu"` // CPUs that it used
	CPU      float64 `json:"server_cpu"`    // CPUs that the server used
	Answered outcome `json:"answered"`
	Refused  outcome `json:"refused"`   // by a 503
	Failed   outcome `json:"no_answer"` // the connection was refused, or ended
	Onset    outcome `json:"onset"`     // calls that were due in the onset and answered; all others were due later
}

// outcome is how many calls had it each second, and how long they took from the moment at which
// they were due.
type outcome struct {
	Rate float64 `json:"per_second"`
	P50  float64 `json:"p50_seconds"`
	P99  float64 `json:"p99_seconds"`
	Most float64 `json:"most_seconds"`
	// less than P99 by how long the call was late, since the generator was or all callers waited
	Sent float64 `json:"p99_since_sent_seconds"`
}

func (o outcome) String() string {
	return fmt.Sprintf("%6.0f/s, p50 %6.1f ms, p99 %6.1f ms (since sent %6.1f ms), most %6.1f ms", o.Rate, 1e3*o.P50,
		1e3*o.P99, 1e3*o.Sent, 1e3*o.Most)
}

const (
	// connections that, each waiting for its answer, keep a CPU busy, and no call waiting for long
	saturating    = 8
	onset         = time.Second           // it takes a server half a second to know a load from a burst
	inTime        = 50 * time.Millisecond // the goal for 99 of 100 calls that are answered
	offeredEnough = 0.95                  // a generator that offered less of what it should has shown nothing
)

// overloaded asks each server for more than it can answer.
func overloaded(ctx context.Context, o options, f *field) error {
	all := []overload{}
	if o.format != "json" {
		fmt.Printf("%s; %s; %v each\n", machine(), f.pins, o.each)
	}
	for _, s := range f.servers {
		fmt.Fprintln(os.Stderr, "overload:", s.name)
		if _, err := s.ask(ctx, saturating, time.Second); err != nil {
			return err
		}
		capacity, err := s.ask(ctx, saturating, o.each)
		if err != nil {
			return err
		}
		got := offer(ctx, s, o, o.overload*capacity.Rate)
		got.Capacity = capacity.Rate
		all = append(all, got)
		if o.format != "json" {
			got.print(os.Stdout, o.overload)
		}
	}
	if o.format != "json" {
		return nil
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(all)
}

func (r overload) print(w io.Writer, times float64) {
	fmt.Fprintf(w, "%s: capacity %.0f/s, offered %.0f/s (%.2f times), by %.2f CPUs to %.2f\n", r.Server, r.Capacity,
		r.Offered, r.Offered/r.Capacity, r.Own, r.CPU)
	fmt.Fprintf(w,
		"  in the first second answered %s\n  then answered %s: %.2f of the capacity\n       refused  %s\n       failed   %s\n",
		r.Onset, r.Answered, r.Answered.Rate/r.Capacity, r.Refused, r.Failed)
	if r.Offered < offeredEnough*r.Asked {
		fmt.Fprintf(w, "  not shown: the generator should have offered %.0f/s\n", r.Asked)
		return
	}
	word := "met"
	if r.Answered.P99 > inTime.Seconds() || r.Answered.Rate == 0 {
		word = "missed"
	}
	fmt.Fprintf(w, "goal: p99 of what %s answers at %g times its capacity after a second, at most %v: %.1f ms %s\n",
		r.Server, times, inTime, 1e3*r.Answered.P99, word)
}

// offer makes calls at a rate, for the onset and a time.
func offer(ctx context.Context, s *server, o options, rate float64) overload {
	long := o.each
	p := pool{server: s, requests: calls(s.path, s.address), free: make(chan struct{}, o.callers)}
	used, own := s.cpu(), ownCPU()
	began := time.Now()
	steady, n := began.Add(onset), 0
	for ; ctx.Err() == nil; n++ {
		at := began.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		if at.Sub(steady) > long {
			break
		}
		if wait := time.Until(at); wait > 0 {
			time.Sleep(wait)
		}
		p.give(ctx, call{n, at})
	}
	// longer than it should be where the generator is too slow, or too many calls wait
	offered := time.Since(began).Seconds()
	all := p.end()
	ended := time.Since(began).Seconds()
	slower := max(1, offered/(onset+long).Seconds())
	return overload{
		Server: s.name, Asked: rate, Offered: float64(n) / offered, Own: (ownCPU() - own).Seconds() / ended,
		CPU:      (s.cpu() - used).Seconds() / ended,
		Answered: became(all[answered], steady, long, slower), Refused: became(all[refused], steady, long, slower),
		Failed: became(all[failed], steady, long, slower), Onset: became(all[answered], began, onset, slower),
	}
}

// became sums up what the calls that were due in a time took. They were made so many times slower
// than they were due.
func became(calls []made, from time.Time, long time.Duration, slower float64) outcome {
	var took, sent []time.Duration
	for _, c := range calls {
		if !c.at.Before(from) && c.at.Sub(from) < long {
			took, sent = append(took, c.took), append(sent, c.sent)
		}
	}
	slices.Sort(took)
	slices.Sort(sent)
	return outcome{
		Rate: float64(len(took)) / long.Seconds() / slower,
		P50:  quantile(took, .5).Seconds(), P99: quantile(took, .99).Seconds(), Most: quantile(took, 1).Seconds(),
		Sent: quantile(sent, .99).Seconds(),
	}
}

// What becomes of a call.
const (
	answered = iota
	refused
	failed
)

// call is one that is due at a moment.
type call struct {
	number int
	at     time.Time
}

// made is a call that has got its answer, or none, and how long that took from when it was
// due, and from when it was sent.
type made struct {
	at         time.Time
	took, sent time.Duration
}

// pool makes calls over connections that it keeps, as Kazoo does: the one that was used last comes
// first, and where all wait for answers another one is opened.
type pool struct {
	server   *server
	requests [][]byte
	free     chan struct{} // has room for another call that waits
	workers  sync.WaitGroup

	mu    sync.Mutex
	all   []*worker
	idle  []*worker // with a connection
	spare []*worker // without
}

// give makes a call. It waits only while too many wait.
func (p *pool) give(ctx context.Context, c call) {
	p.free <- struct{}{}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, from := range []*[]*worker{&p.idle, &p.spare} {
		if n := len(*from); n > 0 {
			w := (*from)[n-1]
			*from = (*from)[:n-1]
			w.next <- c
			return
		}
	}
	w := &worker{server: p.server, next: make(chan call, 1)}
	w.next <- c
	p.all = append(p.all, w)
	p.workers.Go(func() { p.work(ctx, w) })
}

func (p *pool) work(ctx context.Context, w *worker) {
	defer w.close()
	for c := range w.next {
		began := time.Now()
		what := w.ask(ctx, p.requests[c.number%len(p.requests)])
		ended := time.Now()
		w.made[what] = append(w.made[what], made{c.at, ended.Sub(c.at), ended.Sub(began)})
		p.mu.Lock()
		if w.conn != nil {
			p.idle = append(p.idle, w)
		} else {
			p.spare = append(p.spare, w)
		}
		p.mu.Unlock()
		<-p.free
	}
}

// end waits for the answers and gives all calls by what became of them.
func (p *pool) end() [3][]made {
	var all [3][]made
	for _, w := range p.all {
		close(w.next)
	}
	p.workers.Wait()
	for _, w := range p.all {
		for what := range all {
			all[what] = append(all[what], w.made[what]...)
		}
	}
	return all
}

// worker asks over a connection of its own, and opens another one when that ends.
type worker struct {
	server *server
	next   chan call
	made   [3][]made
	conn   net.Conn
	r      *bufio.Reader
	body   []byte
}

func (w *worker) ask(ctx context.Context, request []byte) int {
	if w.conn == nil {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", w.server.address)
		if err != nil {
			return failed
		}
		w.conn, w.r = c, bufio.NewReader(c)
	}
	_, _ = w.conn.Write(request) // a connection that has ended may have been told why
	body, err := answer(w.r, w.body)
	var status *statusError
	switch {
	case err == nil && w.server.right(body):
		w.body = body
		return answered
	case errors.As(err, &status) && status.code == "503":
		if status.last {
			w.close()
		}
		return refused
	}
	w.close()
	return failed
}

func (w *worker) close() {
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}
