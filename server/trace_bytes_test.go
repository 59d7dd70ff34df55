package server

import (
	"fmt"
	"testing"
)

// TestDecisionsBytesOfOwners: each owner's last callflows are remembered, however much those of
// others take, and all together take no more than their bound.
func TestDecisionsBytesOfOwners(t *testing.T) {
	t.Parallel()
	const owners, size = 31, maxTraceBytes / 128
	var d decisions
	var names, tenants []string
	d.owners = map[string]string{}
	for i := range owners {
		name := fmt.Sprint("t", i)
		names, tenants = append(names, name), append(tenants, "dir-"+name)
		d.owners[name] = "dir-" + name
	}
	rings := d.setRoutes(names, tenants, 100)
	bodies := func(r *ring) (n int) {
		for _, tr := range r.last(100) {
			if len(tr.body) > 0 {
				n++
			}
		}
		return n
	}
	room := make([]byte, maxTraceBytes) // of which the callflows are parts, so that they take no memory here
	flood := func(r *ring) {
		for i := range 100 {
			r.add(&trace{facts: &routeFacts{}, body: room[i*size/8:][:size]})
		}
	}
	share := int(d.bytes.share.Load()) / size
	if share < 1 {
		t.Fatal("a share holds no callflow")
	}
	for i, r := range rings {
		flood(r)
		want := share
		if i == 0 {
			want = maxTraceBytes / 2 / size // nobody else has any
		}
		if got := bodies(r); got != want {
			t.Errorf("owner %d: got %d callflows, want %d", i, got, want)
		}
	}
	if got := d.bytes.all.Load(); got > maxTraceBytes {
		t.Errorf("got %d bytes, want %d at most", got, maxTraceBytes)
	}
	// Who has more than its share gives back what is more than the common half.
	flood(rings[0])
	if got := d.bytes.all.Load(); got > maxTraceBytes/2 {
		t.Errorf("after calls of the first owner: got %d bytes, want %d at most", got, maxTraceBytes/2)
	}
	d.setRoutes(nil, nil, 100)
	if got := d.bytes.all.Load(); got != 0 {
		t.Errorf("without routes: got %d bytes", got)
	}
}
