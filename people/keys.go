package people

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// newToken makes the token of a link: 130 random bits, which nobody guesses, so that a plain hash of
// it is as good as a slow one.
func newToken() string { return rand.Text() }

// hashToken is what is kept of a token. Characters that are typed from paper, in lower case or with
// spaces, are the same.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(strings.ToUpper(strings.TrimSpace(token))))
	return hex.EncodeToString(sum[:])
}

// cost is what hashing a PIN takes. It is stored with each hash, so that another one can be set for
// new PINs.
type cost struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// Between RFC 9106's second choice (64 MiB), which a small container has no room for, and OWASP's
// least (19 MiB): some 60 ms. No cost makes up for a PIN of six digits, once its hash is stolen.
func defaultCost() cost { return cost{memory: 32 << 10, time: 3, threads: 1} }

const (
	saltBytes = 16
	hashBytes = 32
	// maxMemory bounds what a stored hash can ask for, in KiB.
	maxMemory = 256 << 10
	maxTime   = 20
)

// hashPIN hashes a PIN with a salt of its own, in the form that other programs write too:
// $argon2id$v=19$m=32768,t=3,p=1$SALT$HASH.
func hashPIN(pin string, c cost) string {
	var salt [saltBytes]byte
	_, _ = rand.Read(salt[:]) // it never fails
	return formatHash(c, salt[:], argon2.IDKey([]byte(pin), salt[:], c.time, c.memory, c.threads, hashBytes))
}

func formatHash(c cost, salt, hash []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.time, c.threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(hash))
}

// matchesPIN reports whether a stored hash is that of a PIN. The error is that of a hash that
// another program has written.
func matchesPIN(stored, pin string) (bool, error) {
	parts := strings.Split(stored, "$")
	foreign := errors.New("the hash of the PIN cannot be read; revoke the person and add them again")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, foreign
	}
	var c cost
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.threads); err != nil ||
		c.memory > maxMemory || c.time < 1 || c.time > maxTime || c.threads < 1 {
		return false, foreign
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(parts[4])
	hash, errHash := base64.RawStdEncoding.DecodeString(parts[5])
	if errSalt != nil || errHash != nil || len(hash) != hashBytes {
		return false, foreign
	}
	got := argon2.IDKey([]byte(pin), salt, c.time, c.memory, c.threads, hashBytes)
	return subtle.ConstantTimeCompare(got, hash) == 1, nil
}

// turn lets one PIN be hashed at a time: it takes 32 MiB.
func (s *Store) turn(ctx context.Context, do func() error) error {
	select {
	case s.hashing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.hashing }()
	return do()
}
