package database

import (
	"fmt"
	"os"
	"syscall"
)

// ownerOf is the user and group of a file.
func ownerOf(path string) (uid, gid int, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return 0, 0, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, fmt.Errorf("%s: its owner is unknown", path)
	}
	return int(stat.Uid), int(stat.Gid), nil
}
