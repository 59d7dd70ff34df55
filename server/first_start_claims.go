package server

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/diag"
)

// disputed finds what tenants of a first generation would take although it may be a tenant's that
// is left out, since its file cannot be understood: they would keep it, for that generation is
// accepted. The name is that of the file's place; an account is one that stands in the file, if
// that lies where several tenants' files do. What stands in the directory of one tenant takes
// nothing from others, or its author could take them off the air by mentioning what is theirs: that
// is only noted.
func (c *blame) disputed(g *Generation) (mistakes diag.Mistakes) {
	c.notes = nil
	accounts := accountsOf(g.file)
	for _, file := range slices.Sorted(maps.Keys(c.names)) {
		if c.present.TenantName(file) != "" {
			continue // the others' claims have been compared with its own
		}
		at := c.place(file)
		for _, t := range g.file.Tenants {
			own := c.place(t.Pos.File)
			asMuch := own.Name == at.Name && (own.Directory || !at.Directory)
			if t.Owner != at.Owner && t.Name == at.Name && !asMuch {
				mistakes = append(mistakes,
					diag.Mistakef(t.Pos, "the name %q is that of %s, which cannot be understood at "+
						"present; correct that, or use your own", t.Name, at.Owner))
				c.owners[t.Name] = at.Owner
				c.names[file] = c.name(file)
			}
		}
		mentioned := c.mentioned(file, accounts)
		mentioned = slices.DeleteFunc(mentioned, func(a disputable) bool { return a.tenant.Owner == at.Owner })
		if at.Directory {
			c.note(file, mentioned)
			continue
		}
		for _, a := range mentioned {
			mistakes = append(mistakes,
				diag.Mistakef(a.Pos, "account %s is also in %s, which cannot be read at "+
					"present, and no accepted configuration shows whose it is; correct that file, or give the account in the main "+
					"file: tenants: {NAME: {account: …}}", diag.Excerpt(a.S), file))
		}
	}
	return mistakes
}

// disputable is an account that a tenant's file claims.
type disputable struct {
	diag.Text
	tenant *config.Tenant
}

// accountsOf are the accounts of tenants by their longest word, in lower case, without those that
// the main file gives.
func accountsOf(f *config.File) map[string][]disputable {
	all := map[string][]disputable{}
	for _, t := range f.Tenants {
		if t.Granted {
			continue
		}
		for _, a := range t.Accounts {
			longest := ""
			for word := range words(a.S) {
				if len(word) > len(longest) {
					longest = word
				}
			}
			all[longest] = append(all[longest], disputable{a, t})
		}
	}
	delete(all, "")
	return all
}

// words are those of letters and digits in a text, in lower case.
func words(text string) iter.Seq[string] {
	return strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// mentioned are the accounts that stand in a file, each once.
func (c *blame) mentioned(file string, accounts map[string][]disputable) (found []disputable) {
	seen := map[string]bool{}
	for word := range words(string(c.present.Body(file))) {
		if all := accounts[word]; all != nil && !seen[word] {
			seen[word] = true
			found = append(found, all...)
		}
	}
	return found
}

// note says that accounts stand in the directory of a tenant that does not get them.
func (c *blame) note(file string, mentioned []disputable) {
	if len(mentioned) == 0 {
		return
	}
	a, more := mentioned[0], ""
	switch n := len(mentioned) - 1; n {
	case 0:
	case 1:
		more = ", as does one other account of a tenant"
	default:
		more = fmt.Sprintf(", as do %d other accounts of tenants", n)
	}
	c.notes = append(c.notes,
		fmt.Errorf("account %s of tenant %q is also in %s, which cannot be read%s, and no "+
			"accepted configuration shows whose it is; the tenant has it: if it is not its own, give it in the main file: "+
			"tenants: {NAME: {account: …}}", diag.Excerpt(a.S), a.tenant.Name, file, more))
}
