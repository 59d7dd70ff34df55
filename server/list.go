package server

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/server/listen"
)

// maxAnswer is how many bytes a list of the API has, but for its last element.
const maxAnswer = 16 << 20

// noMembers has no members.
var noMembers struct{}

// answerJSON answers with a value.
func answerJSON(w http.ResponseWriter, r *http.Request, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		listen.WriteError(w, r, http.StatusInternalServerError, err.Error())
		return
	}
	headJSON(w)
	// Nobody is left to tell when the peer has gone.
	_, _ = w.Write(append(diag.Escape(body), '\n'))
}

func headJSON(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
}

// answerList answers with an object that has the members of two others, and a list between them.
// truncated is said already by one of them, or "". Elements are written one by one, until the list
// is as long as an answer may be or nobody reads any more; what an element cannot be written for is
// left out. That the list was cut is said in a member `truncated`.
func answerList[T any](w http.ResponseWriter, r *http.Request, before any, name string, list []T, after any,
	truncated string,
) {
	members, err := json.Marshal(before)
	behind, afterErr := json.Marshal(after)
	if err = cmp.Or(err, afterErr); err != nil {
		listen.WriteError(w, r, http.StatusInternalServerError, err.Error())
		return
	}
	headJSON(w)
	out := bufio.NewWriterSize(w, 64<<10)
	members, behind = diag.Escape(members), diag.Escape(behind)
	out.Write(members[:len(members)-1])
	if len(members) > len("{}") {
		out.WriteByte(',')
	}
	fmt.Fprintf(out, "%q:[", name)
	size, written, skipped := 0, 0, 0
	for i := range list {
		if r.Context().Err() != nil && written > 0 || size > maxAnswer {
			break
		}
		element, err := json.Marshal(&list[i])
		if err != nil {
			skipped++
			continue
		}
		if written > 0 {
			out.WriteByte(',')
		}
		if _, err := out.Write(diag.Escape(element)); err != nil {
			return // nobody is left to tell
		}
		size += len(element)
		written++
	}
	out.WriteByte(']')
	if left := len(list) - written; left > 0 && truncated == "" {
		why := fmt.Sprintf("cut after %d of %d, at %d MiB; request less", written, len(list), maxAnswer>>20)
		if left == skipped {
			why = fmt.Sprintf("%d of %d cannot be written and are left out", skipped, len(list))
		}
		text, _ := json.Marshal(why) // a text can always be written
		fmt.Fprintf(out, `,"truncated":%s`, text)
	}
	if len(behind) > len("{}") {
		out.WriteByte(',')
	}
	out.Write(behind[1:])
	out.WriteByte('\n')
	// Nobody is left to tell when the peer has gone.
	_ = out.Flush()
}

// page reads the parameters offset and limit of a list; without limit it is all that follows.
func page(r *http.Request) (offset, limit int, err error) {
	query := r.URL.Query()
	offset, err = intParam(query, "offset", 0, 0, maxOffset)
	limit, limitErr := intParam(query, "limit", maxOffset, 1, maxOffset)
	return offset, limit, cmp.Or(err, limitErr)
}

// part is that part of a list.
func part[T any](list []T, offset, limit int) []T {
	list = list[min(offset, len(list)):]
	return list[:min(limit, len(list))]
}

// serveFindings answers with the findings, and how much has not been looked at.
func (a *admin) serveFindings(w http.ResponseWriter, r *http.Request) {
	offset, limit, err := page(r)
	if err != nil {
		listen.WriteError(w, r, http.StatusBadRequest, err.Error())
		return
	}
	found, pending := a.findings()
	answerList(w, r, noMembers, "findings", part(found, offset, limit), struct {
		Pending int `json:"pending"`
	}{pending}, "")
}

// serveFeeds answers with the feeds.
func (a *admin) serveFeeds(w http.ResponseWriter, r *http.Request) {
	offset, limit, err := page(r)
	if err != nil {
		listen.WriteError(w, r, http.StatusBadRequest, err.Error())
		return
	}
	answerList(w, r, noMembers, "feeds", a.feeds(r.Context(), offset, limit), noMembers, "")
}

// serveStatus answers with the status.
func (a *admin) serveStatus(w http.ResponseWriter, r *http.Request) { answerJSON(w, r, a.status()) }
