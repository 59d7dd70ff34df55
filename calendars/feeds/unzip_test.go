package feeds

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// hollow is a gzip member with so many bytes in all, at least 27, that come to no text: deflate
// blocks that store nothing.
func hollow(size int) []byte {
	const header = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
	b := []byte(header)
	for size-len(b) >= 2*5+8 {
		b = append(b, 0, 0, 0, 0xff, 0xff)
	}
	b = append(b, 1, 0, 0, 0xff, 0xff)
	return append(b, make([]byte, 8)...)
}

// TestUnzipHollow: compressed bytes without text end the reading, after so many of them, and before
// the rest is looked at.
func TestUnzipHollow(t *testing.T) {
	t.Parallel()
	random := make([]byte, 1<<20) // which gzip makes larger
	rng := rand.NewChaCha8([32]byte{})
	rng.Read(random)
	text := bytes.Repeat([]byte("x"), 1<<20)
	empty := zipped(nil)
	most := maxHollow - (maxHollow-23)%5 // which hollow comes to
	for _, c := range []struct {
		name string
		sent []byte
		text int
		read int // compressed bytes at most
		want error
	}{
		{"at the bound", hollow(most), 0, most, nil},
		{"one block past it", hollow(most + 5), 0, maxHollow, errHollow},
		{"for long", hollow(1 << 20), 0, maxHollow, errHollow},
		{"after a text", append(zipped(text), hollow(2<<20)...), 1 << 20, 1<<20 + maxHollow + 2000, errHollow},
		{"after half of it", append(append(zipped(text), hollow(most)...), zipped(text)...), 2 << 20, 1 << 20, nil},
		{"what cannot be compressed", zipped(random), 1 << 20, 1<<20 + 2000, nil},
		{"a small text", zipped(small), len(small), 1000, nil},
		{"as many members as may be", bytes.Repeat(empty, maxMembers), 0, maxMembers * len(empty), nil},
		{"one more", bytes.Repeat(empty, maxMembers+1), 0, maxMembers * len(empty), errMembers},
		{"with text", bytes.Repeat(zipped(small), 3), 3 * len(small), 1000, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := newMembers(t.Context(), c.sent)
			body, err := io.ReadAll(m)
			read := len(c.sent) - m.from.sent.Len()
			if !errors.Is(err, c.want) || len(body) != c.text || read > c.read {
				t.Errorf("got %d bytes of %d, %v; want %d of at most %d, %v", len(body), read, err, c.text, c.read, c.want)
			}
			again, errAgain := unzip(t.Context(), c.sent, 16<<20)
			if !bytes.Equal(again, body) || !errors.Is(errAgain, c.want) {
				t.Errorf("unzip got %d bytes, %v", len(again), errAgain)
			}
		})
	}
}

// FuzzUnzip: what unzip reads is what gzip reads, unless it is refused.
func FuzzUnzip(f *testing.F) {
	f.Add(zipped(small))
	f.Add(append(zipped(small), zipped(small)...))
	f.Add(zipped(small)[:40])
	f.Add(hollow(100))
	f.Add(append(zipped(small), "rest"...))
	f.Fuzz(func(t *testing.T, sent []byte) {
		const limit = 1 << 20
		got, err := unzip(t.Context(), sent, limit)
		if errors.Is(err, errHollow) || errors.Is(err, errMembers) {
			return
		}
		var want []byte
		z, wantErr := gzip.NewReader(bytes.NewReader(sent))
		if wantErr == nil {
			want, wantErr = io.ReadAll(io.LimitReader(z, limit+1))
		}
		if len(sent) > 0 && (err == nil) != (wantErr == nil) || !bytes.Equal(got, want) {
			t.Errorf("got %d bytes, %v; want %d, %v", len(got), err, len(want), wantErr)
		}
	})
}

// TestTurnsToUnzip: of the bodies of a tenant one is decompressed at a time, of all maxReaders; who
// waits for memory meanwhile gives the turn to another one.
func TestTurnsToUnzip(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := NewStore(Options{Now: time.Now})
		owners := []*owner{newOwner("a"), newOwner("b"), newOwner("c"), newOwner("d")}
		var mu sync.Mutex
		running, most, ended := map[*owner]int{}, 0, 0
		large := zipped(make([]byte, 2*smallBody)) // so that it waits for memory
		count := func(o *owner, n int) {
			mu.Lock()
			defer mu.Unlock()
			running[o] += n
			all := 0
			for _, n := range running {
				all += n
			}
			if most = max(most, all); running[o] > 1 {
				t.Errorf("%d of %s", running[o], o.name)
			}
		}
		for _, o := range owners {
			for range 20 {
				go func() {
					l := s.newLeases(o)
					ctx, cancel := withPausableTimeout(withLeases(t.Context(), l), time.Minute)
					defer cancel()
					done, err := waitForTurn(ctx)
					if err != nil {
						t.Error(err)
						return
					}
					if _, err := unzip(ctx, large, 16<<20); err != nil || !l.memory.isHeld() {
						t.Errorf("held %t, %v", l.memory.isHeld(), err)
					}
					count(o, 1)
					<-time.After(time.Second) // in the bubble
					count(o, -1)
					done()
					<-time.After(time.Second) // memory is freed only after another turn
					defer s.acquireTurn(o)()
					l.memory.release()
					mu.Lock()
					ended++
					mu.Unlock()
				}()
			}
		}
		<-time.After(24 * time.Hour)
		synctest.Wait()
		if most != maxReaders || ended != len(owners)*20 || s.readers.held != 0 || s.bodySlots.held != 0 {
			t.Errorf("at most %d at a time, %d ended, %d turns and %d bodies are held", most, ended, s.readers.held,
				s.bodySlots.held)
		}
	})
}

// TestTurnEnds: who waits for a turn when the program ends says so.
func TestTurnEnds(t *testing.T) {
	t.Parallel()
	s := NewStore(Options{Now: time.Now})
	o := newOwner("a")
	defer s.acquireTurn(o)()
	ctx, cancel := context.WithCancel(withLeases(t.Context(), s.newLeases(o)))
	cancel()
	if _, err := waitForTurn(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
