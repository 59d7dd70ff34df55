package console

import (
	"net/http"
	"net/url"
	"strings"
)

// quoted is a word for a POSIX shell.
func quoted(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:,%@="
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// command is a line for a shell.
func command(words ...string) string {
	for i, w := range words {
		words[i] = quoted(w)
	}
	return strings.Join(words, " ")
}

// questionKeys are the parameters of a question, as the API and the flags of callhours explain have
// them, in the order in which people say them.
var questionKeys = [...]string{"route", "path", "account", "dialed", "caller", "param", "at"}

// explainLine is the same question for callhours explain.
func explainLine(asked url.Values) string {
	words := []string{"callhours", "explain"}
	for _, key := range questionKeys {
		for _, value := range asked[key] {
			if value != "" {
				words = append(words, "--"+key, value)
			}
		}
	}
	return command(words...)
}

// curlLine is the same question for the API of this server. curl asks for the password of a user.
func curlLine(r *http.Request, address string, asked url.Values) string {
	words := []string{"curl", "-sSG"}
	if user, _, ok := r.BasicAuth(); ok {
		words = append(words, "-u", user)
	}
	for _, key := range questionKeys {
		for _, value := range asked[key] {
			if value != "" {
				words = append(words, "--data-urlencode", key+"="+value)
			}
		}
	}
	return command(append(words, address+"/api/v1/explain")...)
}
