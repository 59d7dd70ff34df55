package config

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/callhours/callhours/internal/diag"
)

// kazooAccount is how Kazoo names an account; it compares without regard to case here.
var kazooAccount = regexp.MustCompile(`^[0-9A-Fa-f]{32}$`)

// accountInside is the id in what is copied with more around it: dashes of a UUID,
// blanks, the address of a page.
var accountInside = regexp.MustCompile(`[0-9A-Fa-f]{32}`)

// accounts reads Account-IDs, and warns of those that no call can come from.
// Of more than limit accounts it gives the first ones, and the first that is beyond.
func (f fields) accounts(key string, limit int) (accounts []Text, beyond Text) {
	accounts = f.nonBlanks(key)
	if len(accounts) > limit {
		accounts, beyond = accounts[:limit], accounts[limit]
	}
	for _, a := range accounts {
		f.warnAccount(a)
	}
	return accounts, beyond
}

// accountPatterns is accounts for a condition, which takes patterns, too.
func (f fields) accountPatterns(key string) []Text {
	all := f.nonBlanks(key)
	for _, a := range all {
		if !strings.ContainsAny(a.S, "*?/") {
			f.warnAccount(a)
		}
	}
	return all
}

func (f fields) warnAccount(a Text) {
	if a.S == "" || kazooAccount.MatchString(a.S) {
		return
	}
	hint := "copy it from the account's page or from a call's Account-ID"
	bare := strings.NewReplacer("-", "", " ", "", "\u00a0", "").Replace(a.S)
	if ids := accountInside.FindAllString(bare, -1); len(ids) == 1 {
		hint = "write " + strings.ToLower(ids[0])
	}
	f.warn(a.Pos, "account_odd", "account %s is not a Kazoo account ID, so no call has it: "+
		"an Account-ID has 32 digits from 0 to 9 and a to f, this has %d characters; %s",
		diag.Excerpt(a.S), utf8.RuneCountInString(a.S), hint)
}
