package config

import (
	"math"
	"strings"
)

const (
	// tokenBits is the entropy that a token needs: it is part of URLs and headers, and guesses are
	// not rate limited.
	tokenBits = 128
	// tokenVariety is how many different characters it needs. Of 32 random hexadecimal digits some
	// fourteen differ.
	tokenVariety = 8
)

// token returns a secret that grants access by itself; the zero Secret if the key is not given or
// the token is invalid.
func (f fields) token(key string) Secret {
	token := f.secret(key)
	f.plainSecret(f.get(key), "a token")
	switch text := token.Reveal(); {
	case !token.Given():
	case !pathSegment.MatchString(text):
		f.mistake(token.Pos, `expected a token of letters, digits and "._~-", since it may stand in a path`)
		return Secret{}
	case !isStrong(text):
		f.mistake(token.Pos,
			"the token can be guessed: expected %d bits or more, such as 32 random hexadecimal digits; make one with: openssl rand -hex 16", tokenBits)
		return Secret{}
	}
	return token
}

// isStrong reports whether a text may be one of 2^tokenBits of its form: its length times the bits
// of a character of its kinds. Words and repetitions are weaker than that, which cannot be
// computed.
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
