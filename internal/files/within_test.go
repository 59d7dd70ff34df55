package files

import (
	"errors"
	"io/fs"
	"strconv"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"
)

// hangingFS is a file system whose files do not answer until it is closed.
type hangingFS struct {
	fstest.MapFS
	until chan struct{}
}

func (s hangingFS) Open(name string) (fs.File, error) {
	<-s.until
	return s.MapFS.Open(name)
}

// TestHung: a read is given up after Timeout, is counted while it waits, and leaves nothing
// behind when it ends at last.
func TestHung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := hangingFS{fstest.MapFS{"a": {Data: []byte("x")}}, make(chan struct{})}
		begun := time.Now()
		_, _, err := Tree{FS: s}.Read("a", 10)
		if !errors.Is(err, ErrHung) || err.Error() != "a: the file system does not answer: nothing in 5s" {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begun); took != Timeout {
			t.Errorf("it took %v, want %v", took, Timeout)
		}
		if Hung() != 1 {
			t.Errorf("%d reads are counted, want 1", Hung())
		}
		close(s.until)
		synctest.Wait()
		if Hung() != 0 || len(hung.dirs)+len(hung.homes)+hung.inHomes != 0 {
			t.Errorf("%d reads are counted after the end, %v", Hung(), hung.dirs)
		}
		if body, _, err := (Tree{FS: s}).Read("a", 10); err != nil || string(body) != "x" {
			t.Errorf("once it answers: %q, %v", body, err)
		}
	})
}

// TestHungDirectory: others in a directory that does not answer fail at once, those in other
// directories go on, and the threads that wait are bounded.
func TestHungDirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until := make(chan struct{})
		read := func(dir string) error {
			_, err := WithTimeout(dir, func() (int, error) { <-until; return 0, nil }, nil)
			return err
		}
		begun := time.Now()
		if err := read("/net/0"); !errors.Is(err, ErrHung) {
			t.Errorf("got %v", err)
		}
		for range 1000 {
			if err := read("/net/0"); !errors.Is(err, ErrHung) {
				t.Errorf("got %v", err)
			}
		}
		if took := time.Since(begun); took != Timeout || Hung() != 1 {
			t.Errorf("1001 reads took %v and %d threads", took, Hung())
		}
		if v, err := WithTimeout("/local", func() (int, error) { return 7, nil }, nil); v != 7 || err != nil {
			t.Errorf("elsewhere: %v, %v", v, err)
		}
		for i := range 2 * maxHung {
			if err := read("/net/" + strconv.Itoa(i)); !errors.Is(err, ErrHung) {
				t.Errorf("got %v", err)
			}
		}
		if took := time.Since(begun); took > 2*time.Minute {
			t.Errorf("%d directories held a reader up for %v", 2*maxHung, took)
		}
		if Hung() != maxHung {
			t.Errorf("%d threads wait, want %d", Hung(), maxHung)
		}
		close(until)
		synctest.Wait()
		if Hung() != 0 || len(hung.dirs)+len(hung.homes)+hung.inHomes != 0 {
			t.Errorf("%d reads are counted after the end", Hung())
		}
	})
}

// TestLate: what is brought after it was given up is handed over, so that it can be closed.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until, late := make(chan struct{}), 0
		take := func() (int, error) { <-until; return 7, nil }
		if v, err := WithTimeout("/net", take, func(v int) { late = v }); v != 0 || !errors.Is(err, ErrHung) {
			t.Errorf("got %d, %v", v, err)
		}
		close(until)
		synctest.Wait()
		if late != 7 {
			t.Errorf("got %d late, want 7", late)
		}
		if v, err := WithTimeout("/net", take, func(int) { t.Error("it was not late") }); v != 7 || err != nil {
			t.Errorf("got %d, %v", v, err)
		}
	})
}

// TestHungHome: of a home two reads wait in vain at most, in whichever directories, and those of
// other homes and of the operator go on and have their time, unless some 190 homes do not answer.
func TestHungHome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		until := make(chan struct{})
		read := func(home, dir string) error {
			_, err := withTimeout(target{home: home, dir: dir}, func() (int, error) { <-until; return 0, nil }, nil)
			return err
		}
		for i := range 1000 {
			if err := read("t/evil", "t/evil/"+strconv.Itoa(i)); !errors.Is(err, ErrHung) {
				t.Errorf("got %v", err)
			}
		}
		if took := time.Since(begun); took > 2*Timeout || Hung() != maxHungOfHome {
			t.Errorf("1000 reads took %v and %d threads, want %d", took, Hung(), maxHungOfHome)
		}
		err := read("t/evil", "t/evil/h")
		if want := "the file system does not answer: 2 accesses below t/evil wait already"; err == nil ||
			err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		for _, target := range []target{{home: "t/good", dir: "t/good"}, {dir: "t"}, {}} {
			wait, err := waitTime(target)
			if wait != Timeout || err != nil {
				t.Errorf("%v has %v, %v", target, wait, err)
			}
			if v, err := withTimeout(target, func() (int, error) { return 7, nil }, nil); v != 7 || err != nil {
				t.Errorf("%v: %v, %v", target, v, err)
			}
		}
		begun = time.Now()
		tenants := 0
		for ; tenants < maxHung; tenants++ {
			home := "u/" + strconv.Itoa(tenants)
			if wait, err := waitTime(target{home: home, dir: home}); err != nil {
				break
			} else if wait < minTimeout {
				t.Errorf("%s has %v after %d tenants that do not answer", home, wait, tenants)
			}
			for j := range 3 {
				if err := read(home, home+"/"+strconv.Itoa(j)); !errors.Is(err, ErrHung) {
					t.Errorf("got %v", err)
				}
			}
		}
		if want := maxHungOfHomes - maxHungTwice/2 - 1; tenants != want {
			t.Errorf("the files of others are read while %d tenants do not answer, want %d", tenants, want)
		}
		if took := time.Since(begun); Hung() != maxHungOfHomes || took > 3*time.Minute {
			t.Errorf("%d homes that do not answer hold %d threads, want %d, and held up for %v", tenants, Hung(),
				maxHungOfHomes, took)
		}
		if v, err := WithTimeout("t", func() (int, error) { return 7, nil }, nil); v != 7 || err != nil {
			t.Errorf("the operator's: %v, %v", v, err)
		}
		close(until)
		synctest.Wait()
		if Hung() != 0 || len(hung.dirs)+len(hung.homes)+hung.inHomes != 0 {
			t.Errorf("%d reads are counted after the end", Hung())
		}
	})
}

// TestSpots: what lies below one author's directory is known by it, however it is named.
func TestSpots(t *testing.T) {
	for _, c := range []struct {
		tree Tree
		want target
	}{
		{Tree{}, target{dir: "t/evil/h"}},
		{Tree{FS: Below("t/evil")}, target{home: "t/evil", dir: "t/evil/h"}},
		{Tree{Home: "t/evil"}, target{home: "t/evil", dir: "t/evil/h"}},
		{Tree{FS: fstest.MapFS{}}, target{}},
		{Tree{FS: fstest.MapFS{}, Home: "t/evil"}, target{home: "t/evil"}},
	} {
		if got := c.tree.target("t/evil/h/x.ics"); got != c.want {
			t.Errorf("%v: got %v, want %v", c.tree, got, c.want)
		}
	}
}

// TestBudget: what is read below one home takes so long in all, however little each access does,
// and others have their own time, unless very many homes have used up theirs.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, budget := time.Now(), &Budget{}
		read := func(home string, takes time.Duration) error {
			wait := make(chan struct{})
			time.AfterFunc(takes, func() { close(wait) })
			at := target{home: home, dir: home, time: budget}
			_, err := withTimeout(at, func() (int, error) { <-wait; return 0, nil }, nil)
			return err
		}
		slow := Timeout - budgetTick
		for i := range 1000 {
			err := read("t/evil", slow)
			if (err != nil) != (i > 1) || err != nil && (!errors.Is(err, ErrSlow) || !errors.Is(err, ErrHung)) {
				t.Fatalf("read %d: %v", i, err)
			}
		}
		if took := time.Since(begun); took > homeBudget {
			t.Errorf("1000 reads took %v, want %v at most", took, homeBudget)
		}
		for _, home := range []string{"t/good", ""} {
			for range 3 {
				if err := read(home, time.Second); err != nil {
					t.Errorf("%q: %v", home, err)
				}
			}
		}
		begun = time.Now()
		for i := range 100 {
			for range 3 {
				_ = read("t/"+strconv.Itoa(i), slow)
			}
		}
		if took := time.Since(begun); took > time.Minute {
			t.Errorf("100 homes took %v", took)
		}
		<-time.After(Timeout) // what was given up ends
		synctest.Wait()
		if Hung() != 0 {
			t.Errorf("%d reads wait still", Hung())
		}
	})
}
