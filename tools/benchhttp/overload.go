package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// overload is what became of calls that came at a rate of their own, whether those before were answered or not.
type overload struct {
	Server   string  `json:"server"`
	Capacity float64 `json:"capacity_per_second"` // answers to connections that each wait for theirs
	Offered  float64 `json:"offered_per_second"`
	Answered outcome `json:"answered"`
	Refused  outcome `json:"refused"`   // by a 503
	Failed   outcome `json:"no_answer"` // the connection was refused, or ended
}

// outcome is how many calls had it each second, and how long they took from the moment at which they were due.
type outcome struct {
	Rate float64 `json:"per_second"`
	P50  float64 `json:"p50_seconds"`
	P99  float64 `json:"p99_seconds"`
}

func (o outcome) String() string {
	return fmt.Sprintf("%6.0f/s, p50 %5.1f ms, p99 %5.1f ms", o.Rate, 1e3*o.P50, 1e3*o.P99)
}

// callersAtATime is how many calls may wait at a time; those beyond are late, and their time counts from when they were due.
const callersAtATime = 2000

// overloaded asks each server for more than it can answer.
func overloaded(ctx context.Context, o options, servers []*server) error {
	var all []overload
	for _, s := range servers {
		fmt.Fprintln(os.Stderr, "overload:", s.name)
		capacity, err := s.ask(ctx, slices.Max(o.connections), o.each)
		if err != nil {
			return err
		}
		all = append(all, offer(ctx, s, capacity.Rate, o.overload*capacity.Rate, o.each))
	}
	if o.format == "json" {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(all)
	}
	for _, r := range all {
		fmt.Printf("%s: capacity %.0f/s, offered %.0f/s\n  answered %s\n  refused  %s\n  failed   %s\n", r.Server, r.Capacity, r.Offered, r.Answered, r.Refused, r.Failed)
	}
	return nil
}

// offer makes calls at a rate for a time.
func offer(ctx context.Context, s *server, capacity, rate float64, long time.Duration) overload {
	requests := calls(s.path, s.address)
	var mu sync.Mutex
	var took [3][]time.Duration
	var due atomic.Int64
	var workers sync.WaitGroup
	began := time.Now()
	for range callersAtATime {
		workers.Go(func() {
			var mine [3][]time.Duration
			w := worker{server: s}
			defer w.close()
			for ctx.Err() == nil {
				i := due.Add(1) - 1
				at := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
				if at.After(began.Add(long)) {
					break
				}
				time.Sleep(time.Until(at))
				what := w.ask(ctx, requests[int(i)%len(requests)])
				mine[what] = append(mine[what], time.Since(at))
			}
			mu.Lock()
			defer mu.Unlock()
			for what := range took {
				took[what] = append(took[what], mine[what]...)
			}
		})
	}
	workers.Wait()
	asked := time.Since(began).Seconds()
	var outcomes [3]outcome
	total := 0
	for what, all := range took {
		slices.Sort(all)
		total += len(all)
		outcomes[what] = outcome{float64(len(all)) / asked, quantile(all, .5).Seconds(), quantile(all, .99).Seconds()}
	}
	return overload{s.name, capacity, float64(total) / asked, outcomes[answered], outcomes[refused], outcomes[failed]}
}

// What becomes of a call.
const (
	answered = iota
	refused
	failed
)

// worker asks over a connection of its own, and opens another one when that ends.
type worker struct {
	server *server
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
		w.close()
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
