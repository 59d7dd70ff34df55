package config

import (
	"math"
	"strings"
)

const (
	// tokenBits is how much a token must leave to guess: it stands in URLs and headers, and nothing
	// counts how often somebody guesses.
	tokenBits = 128
	// tokenVariety is how many different characters it has at least. Of 32 random hexadecimal
	// digits some fourteen differ.
	tokenVariety = 8
)

// token gives a secret that opens something by itself; the zero Secret if the key is not given
// or the token cannot be one.
func (f fields) token(key string) Secret {
	token := f.secret(key)
	f.plainSecret(f.get(key), "a token")
	switch text := token.Reveal(); {
	case !token.Given():
	case !segment.MatchString(text):
		f.mistake(token.Pos, `want a token of letters, digits and "._~-", since it may stand in a path`)
		return Secret{}
	case !isStrong(text):
		f.mistake(token.Pos,
			"the token can be guessed: want %d bits or more, such as 32 random hexadecimal digits; make one with: openssl rand -hex 16", tokenBits)
		return Secret{}
	}
	return token
}

// isStrong reports whether a text could have been drawn from 2^tokenBits others that look alike:
// its length times the bits of a character of the kinds that it has. Words and repetitions are
// weaker than they look, which only their author can know.
func isStrong(token string) bool {
	seen := map[rune]bool{}
	lower, upper, digit, other, hex := false, false, false, false, true
	for _, c := range token {
		seen[c] = true
		switch {
		case '0' <= c && c <= '9':
			digit = true
		case 'a' <= c && c <= 'z':
			lower = true
		case 'A' <= c && c <= 'Z':
			upper = true
		default:
			other = true
		}
		hex = hex && strings.ContainsRune("0123456789abcdefABCDEF", c)
	}
	alphabet := 0.0
	for _, kind := range []struct {
		used bool
		size float64
	}{{lower, 26}, {upper, 26}, {digit, 10}, {other, 4}} {
		if kind.used {
			alphabet += kind.size
		}
	}
	if hex {
		alphabet = min(alphabet, 16)
	}
	return len(seen) >= tokenVariety && float64(len(token))*math.Log2(max(alphabet, 1)) >= tokenBits
}
