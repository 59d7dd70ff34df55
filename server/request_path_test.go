package server

import "testing"

// TestTokensOfTenants: a tenant's token that is a part of others' paths, or others' token as a
// tenant's path, changes nothing for their calls.
func TestTokensOfTenants(t *testing.T) {
	t.Parallel()
	const (
		company = "acme-healthcare-services-incorporated" // which could be a token
		ours    = "4f1c9a7be2d80365814f1c9a7be2d803"
	)
	file := func(name, account, text, more string) string {
		return "tenant: {name: " + name + ", account: [" + account + "]}\nroutes:\n" + more +
			"  - {name: direct, branches: [{name: closed, callflow: '{\"module\":\"tts\",\"data\":{\"text\":\"" + text +
			"\"}}'}]}\n"
	}
	route := func(name, keys, text string) string {
		return "  - {name: " + name + ", " + keys +
			", branches: [{name: closed, callflow: '{\"module\":\"tts\",\"data\":{\"text\":\"" + text + "\"}}'}]}\n"
	}
	good := file(company, "acc0", "direct", route("main", "match: {dialed: \"1\"}", "main"))
	calls := []struct {
		path   string
		status int
		text   string
	}{
		{"/pivot?token=" + ours, 200, "main"},
		{"/" + ours + "/pivot", 200, "main"},
		{"/" + ours + "//pivot/", 200, "main"},
		{"/" + company + "/direct?token=" + ours, 200, "direct"},
		{"/" + ours + "/" + company + "/direct", 200, "direct"},
		{"/" + ours + "/nowhere", 404, ""},
		{"/pivot", 401, ""},
		{"/" + company + "/direct", 401, ""},
		{"/" + company + "/pivot", 401, ""},
		{"/" + company + "/" + company + "/direct", 401, ""},
	}
	for name, evil := range map[string]string{
		"none": "",
		"a token that is the other's name": route("a", "path: /direct, auth: {token: "+company+"}", "evil") +
			route("b", "match: {dialed: \"1\"}, auth: {token: "+company+"}", "evil"),
		"a token that is the other's name, on every path": route("a",
			"path: /"+company+"/direct, auth: {token: "+company+"}", "evil") +
			route("b", "path: /"+company+", auth: {token: "+company+"}", "evil") +
			route("c", "path: /"+company+"/pivot, auth: {networks: 0.0.0.0/0}", "evil"),
		"the main file's token as a path": route("a", "path: /"+ours+"/pivot", "evil") +
			route("b", "path: /"+ours, "evil") +
			route("c", "path: /"+ours+"/"+company+"/direct, auth: {networks: 0.0.0.0/0}", "evil"),
		"the main file's token": route("a", "path: /direct, auth: {token: "+ours+"}", "evil"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"tenants/" + company + ".yaml": good}
			if evil != "" {
				files["tenants/evil.yaml"] = file("evil", "acc9", "evil", evil)
			}
			w := started(t, "include: [tenants/*.yaml]\nauth: {token: "+ours+"}\n", files)
			for _, c := range calls {
				want := c.text
				if want != "" {
					want = `{"module":"tts","data":{"text":"` + want + `"}}`
				}
				got := w.call(post(c.path, "Account-ID", "acc0", "Request", "1"))
				if b := body(t, got); got.StatusCode != c.status || want != "" && b != want {
					t.Errorf("%s: got %d %s, want %d %s", c.path, got.StatusCode, b, c.status, want)
				}
			}
		})
	}
}
