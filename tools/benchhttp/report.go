package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// report is everything that was measured.
type report struct {
	Machine string   `json:"machine"`
	Rounds  int      `json:"rounds"`
	Seconds float64  `json:"seconds_each"`
	Missing []string `json:"missing"`
	Results []result `json:"results"`
}

func (r report) print(w io.Writer, format string) error {
	switch format {
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	case "markdown":
		return r.markdown(w)
	}
	return r.text(w)
}

var head = []string{"connections", "server", "req/s", "p50", "p99", "CPU/req", "of bare: req/s", "CPU", "p99"}

func (r report) text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, strings.Join(head, "\t")+"\t")
	for _, row := range r.table() {
		fmt.Fprintln(t, strings.Join(row, "\t")+"\t")
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return r.foot(w, "", "")
}

func (r report) markdown(w io.Writer) error {
	fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat(" --- |", len(head)))
	for _, row := range r.table() {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
	fmt.Fprintln(w)
	return r.foot(w, "- ", "")
}

func (r report) foot(w io.Writer, item, end string) error {
	fmt.Fprintf(w, "%s%s; medians of %d rounds of %v s each, in brackets the least and the most%s\n", item, r.Machine,
		r.Rounds, r.Seconds, end)
	for _, m := range r.Missing {
		fmt.Fprintf(w, "%snot measured: %s%s\n", item, m, end)
	}
	for _, g := range goals {
		if text := r.meets(g); text != "" {
			fmt.Fprintf(w, "%s%s%s\n", item, text, end)
		}
	}
	return nil
}

// table is a row for each server and number of connections.
func (r report) table() [][]string {
	var rows [][]string
	for _, s := range r.Results {
		row := []string{
			fmt.Sprint(s.Connections), s.Server,
			fmt.Sprintf("%.0f", s.median(rate)),
			fmt.Sprintf("%.0f µs", s.median(p50)*1e6),
			fmt.Sprintf("%.2f ms", s.median(p99)*1e3),
			fmt.Sprintf("%.1f µs", s.median(cpu)*1e6),
		}
		for _, of := range []func(sample) float64{rate, cpu, p99} {
			row = append(row, r.ratio(s, "bare", of).String())
		}
		rows = append(rows, row)
	}
	return rows
}

func rate(s sample) float64 { return s.Rate }
func p50(s sample) float64  { return s.P50 }
func p99(s sample) float64  { return s.P99 }
func cpu(s sample) float64  { return s.CPU }

func (r result) median(of func(sample) float64) float64 {
	var all []float64
	for _, s := range r.Rounds {
		all = append(all, of(s))
	}
	return median(all)
}

func median(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	return (of[(len(of)-1)/2] + of[len(of)/2]) / 2
}

// spread is the median of the ratios of all rounds, the least and the most.
type spread struct{ median, least, most float64 }

func (s spread) String() string {
	if s.median == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f (%.2f-%.2f)", s.median, s.least, s.most)
}

// ratio compares a server with another one, round by round.
func (r report) ratio(s result, other string, of func(sample) float64) spread {
	i := slices.IndexFunc(r.Results, func(o result) bool { return o.Server == other && o.Connections == s.Connections })
	if i < 0 || s.Server == other {
		return spread{}
	}
	var all []float64
	for round, got := range s.Rounds {
		if by := of(r.Results[i].Rounds[round]); by > 0 {
			all = append(all, of(got)/by)
		}
	}
	if len(all) == 0 {
		return spread{}
	}
	return spread{median(all), slices.Min(all), slices.Max(all)}
}

// goal is a ratio that callhours should reach.
type goal struct {
	server, other, what string
	of                  func(sample) float64
	least, most         float64 // 0: none
}

var goals = []goal{
	{"callhours", "bare", "requests", rate, .90, 0},
	{"callhours", "bare", "CPU", cpu, 0, 1.15},
	{"callhours", "bare", "p99", p99, 0, 1.15},
	{"callhours-quiet", "bare", "requests", rate, .95, 0},
	{"callhours-name", "bare", "requests", rate, .65, 0},
	{"callhours", "php-fpm", "requests", rate, 1.5, 0},
	{"callhours", "php-fpm", "CPU", cpu, 0, .4},
}

// meets says in a line how far a goal is met; "" where it was not measured.
func (r report) meets(g goal) string {
	var got []string
	for _, s := range r.Results {
		if s.Server != g.server {
			continue
		}
		ratio := r.ratio(s, g.other, g.of)
		if ratio.median == 0 {
			continue
		}
		word := "met"
		if g.least > 0 && ratio.median < g.least || g.most > 0 && ratio.median > g.most {
			word = "missed"
		}
		got = append(got, fmt.Sprintf("%.2f %s (%d)", ratio.median, word, s.Connections))
	}
	if len(got) == 0 {
		return ""
	}
	bound := fmt.Sprintf("at least %.2f", g.least)
	if g.most > 0 {
		bound = fmt.Sprintf("at most %.2f", g.most)
	}
	return fmt.Sprintf("goal: %s of %s of %s, %s: %s", g.what, g.server, g.other, bound, strings.Join(got, ", "))
}
