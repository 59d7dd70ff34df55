package feeds

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/callhours/callhours/calendars/ical"
)

// filing is a file system of several owners, a directory each, that notes what is read and how much
// of an owner's is read at a time. It may take its time.
type filing struct {
	takes time.Duration // to open a file

	mu      sync.Mutex
	files   fstest.MapFS
	changes map[string]bool // owners of whose files each is another one whenever it has been read
	opened  []string        // owners, in order
	bytes   int             // of what was opened
	running map[string]int
	most    map[string]int
}

func newFiling() *filing {
	return &filing{
		files: fstest.MapFS{}, changes: map[string]bool{}, running: map[string]int{}, most: map[string]int{},
	}
}

// put writes a file, later than all before.
func (f *filing) put(name string, body []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set(name, body)
}

func (f *filing) set(name string, body []byte) {
	at := time.Unix(0, 0)
	if was := f.files[name]; was != nil {
		at = was.ModTime.Add(time.Second)
	}
	f.files[name] = &fstest.MapFile{Data: body, ModTime: at}
}

func (f *filing) Stat(name string) (fs.FileInfo, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.files.Stat(name)
}

func (f *filing) Open(name string) (fs.File, error) {
	owner, _, _ := strings.Cut(name, "/")
	f.mu.Lock()
	if f.files[name] == nil { // a directory, or nothing
		defer f.mu.Unlock()
		return f.files.Open(name)
	}
	f.opened = append(f.opened, owner)
	f.running[owner]++
	f.most[owner] = max(f.most[owner], f.running[owner])
	f.mu.Unlock()
	if f.takes > 0 {
		pass(f.takes)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running[owner]--
	file, err := f.files.Open(name)
	if err == nil {
		f.bytes += len(f.files[name].Data)
	}
	if f.changes[owner] {
		f.set(name, wrap(event(fmt.Sprint("e", len(f.opened)))))
	}
	return file, err
}

// of are n calendars of an owner, each with a file of its own.
func (f *filing) of(owner string, n int) (list []*Subscription) {
	for i := range n {
		name := fmt.Sprintf("%s/%d.ics", cmp.Or(owner, "operator"), i)
		f.put(name, wrap(event("a")))
		list = append(list, &Subscription{
			Calendar: fmt.Sprintf("%s/%d", owner, i), File: name, Files: f, Source: Source{Owner: owner},
		})
	}
	return list
}

// TestFilesTurns: a tenant's many files that change all the time and take long keep those of others
// waiting for a turn and no longer, and one of them is read at a time.
func TestFilesTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const each = time.Second
		disk := newFiling()
		disk.takes, disk.changes["evil"] = each, true
		list := append(disk.of("evil", 300), append(disk.of("good", 2), disk.of("", 3)...)...)
		s := &shop{}
		s.open(t, Options{}, list...)
		after(6 * time.Minute) // by which each of evil's has had its turn, too
		for i := range 300 {
			if snapshot := s.store.Snapshot(fmt.Sprint("evil/", i)); snapshot.Unknown() {
				t.Errorf("evil/%d was not read", i)
			}
		}
		for i := range 5 {
			title := fmt.Sprint("b", i)
			disk.put("good/0.ics", wrap(event(title)))
			disk.mu.Lock()
			disk.opened = nil
			disk.mu.Unlock()
			after(quickPoll + 2*each)
			s.is("good/0", "fresh: "+title)
			disk.mu.Lock()
			read := slices.DeleteFunc(disk.opened, func(owner string) bool { return owner != "evil" })
			if n, most := len(read), int((quickPoll+2*each)/each)+1; n == 0 || n > most {
				t.Errorf("%d of evil's files are read until good's has been, want %d at most", n, most)
			}
			disk.mu.Unlock()
		}
		disk.put("operator/2.ics", wrap(event("c")))
		after(quickPoll + 2*each)
		s.is("/2", "fresh: c")
		disk.mu.Lock()
		if n := disk.most["evil"]; n != filesOfTenant {
			t.Errorf("%d of evil's files are read at a time, want %d", n, filesOfTenant)
		}
		disk.mu.Unlock()

		s.store.Subscribe(list[299:]) // evil's others no longer wait
		disk.put("good/1.ics", wrap(event("d")))
		after(quickPoll + 2*each)
		s.is("good/1", "fresh: d")
		s.store.mu.Lock()
		if evil := s.store.scheduler.owners["evil"]; len(evil.files) > 1 || s.store.scheduler.reading > 2 {
			t.Errorf("%d files of evil's wait, %d are read", len(evil.files), s.store.scheduler.reading)
		}
		s.store.mu.Unlock()
		s.store.Subscribe(list[300:])
		after(time.Minute)
		s.store.Subscribe(list[300:])
		s.store.mu.Lock()
		if s.store.scheduler.owners["evil"] != nil {
			t.Error("evil is remembered without a file")
		}
		s.store.mu.Unlock()
	})
}

// TestFilesOfTheOperator: many of its files are read at a time, and leave a tenant's their place.
func TestFilesOfTheOperator(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		disk := newFiling()
		disk.takes, disk.changes["operator"] = 4*time.Second, true
		s := &shop{}
		s.open(t, Options{}, append(disk.of("", 500), disk.of("good", 1)...)...)
		after(time.Minute)
		disk.put("good/0.ics", wrap(event("b")))
		after(quickPoll + disk.takes)
		s.is("good/0", "fresh: b")
		disk.mu.Lock()
		defer disk.mu.Unlock()
		if n := disk.most["operator"]; n != fileReaders-filesOfTenant {
			t.Errorf("%d of the operator's files are read at a time, want %d", n, fileReaders-filesOfTenant)
		}
	})
}

// TestFilesHeld: of calendars of large files as many are read as may be held, and the others wait;
// small ones do not.
func TestFilesHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := ical.Limits{Bytes: 2 * smallBody}
		disk := newFiling()
		padding := bytes.Repeat([]byte("X-A:"+strings.Repeat("a", 1000)+"\r\n"), (limits.Bytes-2000)/1006)
		var list []*Subscription
		for i := range 6 {
			owner := fmt.Sprint("t", i)
			for j := range 2 {
				for k := range filesTimes {
					disk.put(fmt.Sprintf("%s/%d-%d.ics", owner, j, k),
						bytes.Replace(wrap(event("a")), []byte("BEGIN:VEVENT"), append(padding, "BEGIN:VEVENT"...), 1))
				}
				list = append(list, &Subscription{
					Calendar: fmt.Sprintf("%s/%d", owner, j), File: fmt.Sprintf("%s/%d-*.ics", owner, j), Files: disk,
					Source: Source{Owner: owner}, Limits: limits,
				})
			}
		}
		s := &shop{}
		s.open(t, Options{})
		if _, err := s.store.readers.acquire(t.Context(), maxReaders); err != nil { // nothing is parsed meanwhile
			t.Fatal(err)
		}
		s.store.Subscribe(list)
		after(time.Minute)
		disk.mu.Lock()
		if most := largeBodies * limits.Bytes; disk.bytes > most || disk.bytes < most*9/10 {
			t.Errorf("%d bytes are held, want %d at most, and nearly that", disk.bytes, most)
		}
		disk.bytes = 0
		disk.mu.Unlock()
		s.store.Subscribe(append(list, disk.of("good", 5)...))
		after(time.Minute)
		disk.mu.Lock()
		if opened := len(disk.opened); disk.bytes == 0 || disk.bytes > smallBody ||
			disk.opened[opened-1] != "good" {
			t.Errorf("%d bytes more are held, want a small file of good's", disk.bytes)
		}
		disk.mu.Unlock()
		s.store.readers.release(maxReaders)
		after(time.Minute)
		for _, sub := range list {
			s.is(sub.Calendar, "fresh: a")
		}
		s.is("good/4", "fresh: a")
		if all := s.store.bodySlots; all.held != 0 || len(all.waiting) != 0 {
			t.Errorf("%d large bodies are held in the end, %d wait", all.held, len(all.waiting))
		}
	})
}

// TestFilesGrow: files that are larger than they were when their size was asked have room for what
// they are.
func TestFilesGrow(t *testing.T) {
	t.Parallel()
	limits := ical.Limits{Bytes: 2 * smallBody}.WithDefaults()
	for _, c := range []struct {
		name  string
		size  int64 // that was told
		files []int
		taken int
		want  string
	}{
		{"small", 10, []int{10, 10}, 0, ""},
		{"small together", smallBody, []int{smallBody - 1, 1}, 0, ""},
		{"one", smallBody + 1, []int{smallBody + 1}, 1, ""},
		{"as large as may be", int64(limits.Bytes), []int{limits.Bytes}, 1, ""},
		{"two", int64(limits.Bytes) + 1, []int{limits.Bytes, 1}, 2, ""},
		{"all", int64(4 * limits.Bytes), []int{limits.Bytes, limits.Bytes, limits.Bytes, limits.Bytes}, 4, ""},
		{"one was small", 10, []int{smallBody + 1}, 4, ""},
		{"many were small", 10, []int{smallBody, 1}, 4, ""},
		{"two were one", int64(limits.Bytes), []int{limits.Bytes, 1}, 4, ""},
		{"too large", 10, []int{1, limits.Bytes + 1}, 4, "1: too big: more than 524288 bytes (limits.bytes)"},
		{
			"too many", 10,
			[]int{1, limits.Bytes, limits.Bytes, limits.Bytes, limits.Bytes},
			4,
			"4: too big: up to here the files of the calendar have more than 2097152 bytes, 4 times limits.bytes; " +
				"make two calendars of them",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			disk := fstest.MapFS{}
			var names []string
			for i, n := range c.files {
				names = append(names, fmt.Sprint(i))
				disk[names[i]] = &fstest.MapFile{Data: make([]byte, n)}
			}
			memory := &lease{owner: newSemaphore(largeOfTenant), all: newSemaphore(largeBodies)}
			sub := &Subscription{File: "*", Files: disk}
			list, err := readWithMemory(t.Context(), sub, names, limits, c.size, memory)
			if got := memory.all.held; got != c.taken || memory.owner.held != min(got, largeOfTenant) {
				t.Errorf("room for %d bodies is taken, %d of its own, want %d", got, memory.owner.held, c.taken)
			}
			if c.want != "" {
				if err == nil || err.Error() != c.want || !errors.Is(err, ical.ErrTooBig) {
					t.Errorf("got %v, want %s", err, c.want)
				}
				return
			}
			if err != nil || len(list) != len(c.files) {
				t.Errorf("got %d files, %v", len(list), err)
			}
			memory.release()
			if memory.all.held != 0 || memory.owner.held != 0 {
				t.Error("room is not given back")
			}
		})
	}
}

var _ fs.StatFS = (*filing)(nil)

// TestFilesTooBigAreLeftAlone: what is too big is not read again and again.
func TestFilesTooBigAreLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		disk := newFiling()
		list := disk.of("evil", 1)
		list[0].Limits = ical.Limits{Bytes: 10}
		list[0].File = "evil/*.ics"
		disk.put("evil/1.ics", nil)
		s := &shop{}
		s.open(t, Options{}, list...)
		after(time.Minute)
		disk.mu.Lock()
		if n := len(disk.opened); n < 2 || n > 3 {
			t.Errorf("it was opened %d times in a minute, want every %s", n, rereadInterval)
		}
		disk.mu.Unlock()
		disk.put("evil/0.ics", nil)
		if err := s.store.Snapshot("evil/0").Err; !errors.Is(err, ical.ErrTooBig) {
			t.Errorf("got %v", err)
		}
		after(quickPoll)
		if err := s.store.Snapshot("evil/0").Err; errors.Is(err, ical.ErrTooBig) || err == nil {
			t.Errorf("once it is another one: %v", err)
		}
	})
}
