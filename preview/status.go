package preview

import "time"

// Status is what a server answers from, and how the last look at its files went: the JSON of
// /api/v1/status. Lists are never nil.
type Status struct {
	// the short name of the generation that answers; it changes with the content of its inputs
	Generation string    `json:"generation"`
	Loaded     time.Time `json:"loaded"` // when that went live
	// it was built from the accepted copy at start, since the files were wrong
	FromAccepted bool      `json:"from_accepted"`
	Tried        time.Time `json:"tried"` // when the files were read last, at start or for a reload
	// something was wrong with them then: for Rejected alone, or, if that is empty, all was refused
	Failed   bool          `json:"failed"`
	Mistakes []FileMessage `json:"mistakes"` // what was wrong, by place
	// tenants whose files were refused: their last accepted version answers, or nothing if there is
	// none
	Rejected []string `json:"rejected"`
	// what works in the generation that answers, and should be mended
	Warnings []FileMessage `json:"warnings"`
	// keys that differ from those the server was started with, and take effect at the next start
	Restart []string `json:"restart"`
	// which other process writes state_dir, so that this one does not; "": none
	Shared string `json:"state_shared"`
	// what is wrong with the routes' calls and calendars, errors first
	Problems  []RouteProblem `json:"problems"`
	Truncated string         `json:"truncated,omitempty"` // there are more mistakes, warnings or problems than these
}

// RouteProblem is a problem of a route.
type RouteProblem struct {
	Route string `json:"route"`
	Problem
}

// FileMessage is a message about a place in a file.
type FileMessage struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1; 0: the file as a whole
	Column  int    `json:"column"` // from 1, in characters; 0: the line as a whole
	Message string `json:"message"`
	Tenant  string `json:"tenant"` // whose file it is; "": nobody's
	Text    string `json:"text"`   // the line, for a caret below Column; "" where it is not known or may hold a secret
}
