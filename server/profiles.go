package server

import (
	"net/http"
	"net/http/pprof"
)

// profilesPath is where the profiles of [Options.Profiles] are.
const profilesPath = "/debug/pprof/"

// profiles are those of Go's runtime, as `go tool pprof` asks for them. The command line is not
// among them: it may name what people should not see.
func profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(profilesPath, pprof.Index)
	mux.HandleFunc(profilesPath+"cmdline", http.NotFound)
	mux.HandleFunc(profilesPath+"profile", pprof.Profile)
	mux.HandleFunc(profilesPath+"symbol", pprof.Symbol)
	mux.HandleFunc(profilesPath+"trace", pprof.Trace)
	return mux
}
