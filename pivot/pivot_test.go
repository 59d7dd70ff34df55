package pivot

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestNew(t *testing.T) {
	t.Parallel()
	call := New(map[string]string{
		"Account-ID": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "Request": "+14155550123", "To": "+14155550199",
		"Caller-ID-Number": "+12025550188", "Caller-ID-Name": "50% off+more", "User-ID": "aa01",
		"Custom-Application-Vars[step]": "2", "Custom-SIP-Headers[X-Site]": "north",
		"Digits[default]": "1", "Digits[pin]": "1234", "CallSid": "8d2f0c1b",
	})
	for _, c := range []struct{ name, got, want string }{
		{"AccountID", call.AccountID, "0f1e2d3c4b5a69788796a5b4c3d2e1f0"},
		{"Dialed", call.Dialed, "+14155550123"},
		{"CallerNumber", call.CallerNumber, "+12025550188"},
		{"CallerName", call.CallerName, "50% off+more"},
		{"CallID", call.CallID, "8d2f0c1b"},
		{"Digits", call.Digits, "1"},
		{"Var", call.Var("step"), "2"},
		{"Header", call.Header("x-site"), "north"},
		{"Collection", call.Collection("pin"), "1234"},
		{"Param", call.Param("Digits[pin]"), "1234"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
	if diff := gocmp.Diff([]string{"aa01"}, call.UserIDs); diff != "" {
		t.Errorf("UserIDs (-want +got):\n%s", diff)
	}
}

func TestCallLookups(t *testing.T) {
	t.Parallel()
	params, err := appendForm(nil,
		"Custom-SIP-Headers[X-Site]=north&Custom-SIP-Headers[X-a+b]=plus&Custom-SIP-Headers[X-[deep]]=deep&"+
			"Custom-SIP-Headers[X-%zz]=percent&Custom-Application-Vars[Step]=2&Custom-Application-Vars[crm][id]=42&"+
			"Custom-Application-Vars[a b]=blank&Custom-Application-Vars[twice]=1&Custom-Application-Vars[twice]=2&"+
			"Digits[pin]=1234&Digits=5&Custom-Application-Vars=whole&Custom-Application-Vars[=open&Custom-SIP-Headers[P-a%2Bb]=escaped")
	if err != nil {
		t.Fatal(err)
	}
	call := newCall(params)
	for _, c := range []struct {
		lookup    func(string) string
		name      string
		key, want string
	}{
		{call.Header, "Header", "X-Site", "north"},
		{call.Header, "Header", "x-SITE", "north"},
		{call.Header, "Header", "X-a+b", "plus"},
		{call.Header, "Header", "P-a+b", "escaped"},
		{call.Header, "Header", "X-[deep]", "deep"},
		{call.Header, "Header", "X-%zz", "percent"},
		{call.Header, "Header", "X-Other", ""},
		{call.Header, "Header", "", ""},
		{call.Var, "Var", "Step", "2"},
		{call.Var, "Var", "step", ""},
		{call.Var, "Var", "a b", "blank"},
		{call.Var, "Var", "a+b", "blank"},
		{call.Var, "Var", "twice", "2"},
		{call.Var, "Var", "crm", ""},
		{call.Var, "Var", "", ""},
		{call.Param, "Param", "Custom-Application-Vars[crm][id]", "42"},
		{call.Param, "Param", "Custom-Application-Vars", "whole"},
		{call.Param, "Param", "Custom-SIP-Headers[X-a+b]", "plus"},
		{call.Param, "Param", "custom-application-vars", ""},
		{call.Param, "Param", "", ""},
		{call.Collection, "Collection", "pin", "1234"},
		{call.Collection, "Collection", "default", ""},
	} {
		if got := c.lookup(c.key); got != c.want {
			t.Errorf("%s(%q): got %q, want %q", c.name, c.key, got, c.want)
		}
	}
	if call.Digits != "5" {
		t.Errorf("Digits: got %q, want %q", call.Digits, "5")
	}
}

// TestLookupsAllocateNothing holds what the decision of a route relies
// on; it cannot run in parallel.
func TestLookupsAllocateNothing(t *testing.T) {
	call := New(map[string]string{
		"Custom-Application-Vars[step]": "2", "Custom-SIP-Headers[X-Site]": "north", "Digits[pin]": "1",
		"Caller-ID-Number": "anonymous",
	})
	found := ""
	if allocs := testing.AllocsPerRun(100, func() {
		found = call.Var("step") + call.Header("") + call.Collection("") + call.Param("")
		if !call.Withheld() || call.Header("x-site") != "north" {
			t.Error("the call is not what was made")
		}
	}); allocs > 0 || found != "2" {
		t.Errorf("got %v allocations and %q, want none and %q", allocs, found, "2")
	}
}

func TestDialed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, request, to, want string }{
		{"Request before To", "+14155550123", "+14155550199", "+14155550123"},
		{"To without Request", "", "+14155550199", "+14155550199"},
		{"To when Request is a filler", "nouser", "+14155550199", "+14155550199"},
		{"two fillers", "nouser", "nouser", ""},
		{"neither", "", "", ""},
		{"a feature code", "*411", "*411", "*411"},
		{"no filler but like one", "NoUser", "", "NoUser"},
	} {
		call := New(map[string]string{"Request": c.request, "To": c.to})
		if call.Dialed != c.want {
			t.Errorf("%s: got %q, want %q", c.name, call.Dialed, c.want)
		}
	}
}

func TestWithheld(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		call Call
		want bool
	}{
		{"no number", Call{}, true},
		{"blanks", Call{CallerNumber: " "}, true},
		{"Kazoo's filler", Call{CallerNumber: "anonymous"}, true},
		{"capitals", Call{CallerNumber: "Anonymous"}, true},
		{"restricted", Call{CallerNumber: "Restricted"}, true},
		{"private", Call{CallerNumber: "PRIVATE"}, true},
		{"unknown", Call{CallerNumber: "unknown"}, true},
		{"unavailable", Call{CallerNumber: "Unavailable"}, true},
		{"no user", Call{CallerNumber: "nouser"}, true},
		{"From says so", Call{CallerNumber: "+12025550188", From: "Anonymous"}, true},
		{
			"the realm of From says so",
			Call{CallerNumber: "+12025550188", From: "x", FromRealm: "anonymous.invalid"},
			true,
		},
		{"a number", Call{CallerNumber: "+12025550188", From: "+12025550188"}, false},
		{"a name without a number is no concern", Call{CallerNumber: "+12025550188", CallerName: "unknown"}, false},
		{"an extension", Call{CallerNumber: "1001", From: "user_7kq2zp"}, false},
	} {
		if got := c.call.Withheld(); got != c.want {
			t.Errorf("%s: got %t, want %t", c.name, got, c.want)
		}
	}
}

// TestDocumentedNames: names that the vendor's documentation prints are read where those of Kazoo's
// code are missing, and never in their place.
func TestDocumentedNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ form, from, to, request, dialed string }{
		{"To-User=%2B13125550101&From-User=%2B13125550202", "+13125550202", "+13125550101", "", "+13125550101"},
		{"Request-User=411&To-User=%2B13125550101", "", "+13125550101", "411", "411"},
		{
			"To=%2B13125550101&To-User=1&From=a&From-User=b&Request=%2B1312&Request-User=2", "a", "+13125550101",
			"+1312",
			"+1312",
		},
		{"To-User=1&To=nouser", "", "nouser", "", ""},
		{"To-User=nouser", "", "nouser", "", ""},
	} {
		params, err := appendForm(nil, c.form)
		if err != nil {
			t.Fatal(err)
		}
		call := newCall(params)
		if call.From != c.from || call.To != c.to || call.Request != c.request || call.Dialed != c.dialed {
			t.Errorf("%s: got From %q, To %q, Request %q, Dialed %q", c.form, call.From, call.To, call.Request,
				call.Dialed)
		}
	}
}

func TestParams(t *testing.T) {
	t.Parallel()
	call := parseRequest(t, http.MethodPost, "/?User-ID[]=9", "application/x-www-form-urlencoded",
		"Custom-SIP-Headers[Diversions][]=%2B1312&Custom-SIP-Headers[X-A]=1&Custom-SIP-Headers[Diversions][]=sip%3Aa&Twice=1&Twice=&Twice[]=3&a+b=c&Custom-SIP-Headers[Diversions][]x=no", nil)
	fromJSON := parseRequest(t, http.MethodPost, "/", "application/json",
		`{"Custom-SIP-Headers":{"Diversions":["+1312",{"a":1},null,true]}}`, nil)
	for _, c := range []struct {
		call *Call
		name string
		want []string
	}{
		{&call, "Custom-SIP-Headers[Diversions][]", []string{"+1312", "sip:a"}},
		{&call, "Custom-SIP-Headers[Diversions]", []string{"+1312", "sip:a"}},
		{&call, "Custom-SIP-Headers[X-A]", []string{"1"}},
		{&call, "Custom-SIP-Headers", nil},
		{&call, "Twice", []string{"1", "", "3"}},
		{&call, "User-ID", []string{"9"}},
		{&call, "a+b", []string{"c"}},
		{&call, "", nil},
		{&fromJSON, "Custom-SIP-Headers[Diversions]", []string{"+1312", `{"a":1}`, "true"}},
		{new(Call), "x", nil},
	} {
		if diff := gocmp.Diff(c.want, c.call.Params(c.name)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestRequestHeader(t *testing.T) {
	t.Parallel()
	call := parseRequest(t, http.MethodPost, "/", "application/x-www-form-urlencoded",
		"Request-Header[X-Forged]=1&X-Forged=2", http.Header{
			"X-Step": {"1", "2"}, "X-Callhours-Token": {"secret"}, "Authorization": {"secret"},
			"X-Long": {strings.Repeat("a", 1025)}, "X-Fits": {strings.Repeat("a", 1024)}, "X-Latin": {"caf\xe9"},
		})
	for name, want := range map[string]string{
		"X-Step": "2", "x-step": "2", "X-Callhours-Token": "", "x-callhours-token": "", "Authorization": "",
		"Content-Type": "", "X-Long": "",
		"X-Fits": strings.Repeat("a", 1024), "X-Latin": "café", "X-Forged": "", "X-Other": "", "": "",
	} {
		if got := call.RequestHeader(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	described := New(map[string]string{"Request-Header[x-step]": "3", "Request-Header[Cookie]": "a"})
	if got := described.RequestHeader("X-Step"); got != "3" || described.RequestHeader("Cookie") != "" ||
		described.Param("Request-Header[x-step]") != "" {
		t.Errorf("got %q, want 3 and nothing else", got)
	}
	if got := new(Call).RequestHeader("X-Step"); got != "" {
		t.Errorf("a call without headers: got %q", got)
	}
}

// parseRequest is the call of a request.
func parseRequest(t *testing.T, method, target, contentType, body string, headers http.Header) Call {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	maps.Copy(r.Header, headers)
	r.Header.Set("Content-Type", contentType)
	call, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	return call
}

// TestDocumentedCaller: From-User is the caller's number where the vendor's names are all there is,
// and a number that was sent empty, or as a filler, stays withheld.
func TestDocumentedCaller(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		form, number string
		withheld     bool
	}{
		{"From-User=%2B13125550202&To-User=2", "+13125550202", false},
		{"From-User=anonymous", "anonymous", true},
		{"From-User=%2B1&From-Realm=anonymous.invalid", "+1", true},
		{"From-User=%2B13125550202&Caller-ID-Number=", "", true},
		{"From-User=%2B13125550202&Caller-ID-Number=%2B13125550203", "+13125550203", false},
		{"From=user_x&From-User=%2B13125550202", "", true},
		{"To-User=2", "", true},
	} {
		params, err := appendForm(nil, c.form)
		if err != nil {
			t.Fatal(err)
		}
		call := newCall(params)
		if call.CallerNumber != c.number || call.Withheld() != c.withheld {
			t.Errorf("%s: got %q, withheld %t", c.form, call.CallerNumber, call.Withheld())
		}
	}
}
