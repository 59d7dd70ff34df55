package server

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/preview"
)

// statusPath is where people see what answers, and how the last reload went.
const statusPath = "/api/v1/status"

// nameOf is a short name for files: the first digits of a SHA-256 over their names and bytes.
func nameOf(inputs []config.Input) string {
	const digits = 12
	sum := sha256.New()
	part := func(s string) { // each with its length, so that none can pass for two
		sum.Write(binary.AppendUvarint(nil, uint64(len(s))))
		io.WriteString(sum, s)
	}
	for _, in := range inputs {
		part(in.Path)
		part(string(in.Bytes))
	}
	return hex.EncodeToString(sum.Sum(nil))[:digits]
}

// Status says what answers, and how the last look at the files went.
func (s *Server) Status() preview.Status {
	s.mu.Lock()
	status := s.status
	s.mu.Unlock()
	if l := s.live.Load(); l != nil {
		status.Generation, status.Warnings = l.Name(), said(l.Warnings())
	}
	return status
}

func said(ms diag.Mistakes) []preview.Said {
	list := []preview.Said{}
	for _, m := range ms {
		list = append(list, preview.Said{File: m.File, Line: m.Line, Column: m.Col, Message: m.Message})
	}
	return list
}
