package funcs

import "strings"

// Why functions that people know from elsewhere cannot be called.
const (
	quotes  = "quotes and escapes are added for you; leave it out"
	random  = "an answer does not depend on chance"
	server  = "a template has the data of the call, not of the server"
	secret  = "keys and secrets are not made in templates"
	change  = "maps cannot be changed; make one with dict, pick or omit"
	clocks  = "it speaks the server's clock or zone; write date, ago or spoken"
	useless = "a callflow has no use for it"
)

// Refused is why a well-known function of text/template or sprig cannot be called; false for
// others.
func Refused(name string) (reason string, ok bool) {
	reason, ok = refused[name]
	return reason, ok
}

// refused are the functions of text/template and sprig that are known and not available, by name.
var refused = reasons(map[string]string{
	quotes: "html js quote squote toPrettyJson toRawJson urlquery",
	random: "randAlpha randAlphaNum randAscii randBytes randInt randNumeric shuffle uuidv4",
	server: "env expandenv getHostByName osBase osClean osDir osExt osIsAbs",
	secret: "bcrypt buildCustomCert decryptAES derivePassword encryptAES genCA genCAWithKey genPrivateKey " +
		"genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey htpasswd",
	change: "deepCopy merge mergeOverwrite mustDeepCopy mustMerge mustMergeOverwrite set unset",
	clocks: "date_in_zone date_modify dateModify duration durationRound htmlDateInZone must_date_modify " +
		"mustDateModify mustToDate unixEpoch",
	useless: "abbrevboth add1f addf adler32sum b32dec b32enc base call clean deepEqual dir divf ext hello isAbs maxf minf " +
		"mulf semver semverCompare sha1sum sha512sum subf toDecimal toStrings typeIs typeIsLike typeOf urlJoin urlParse wrapWith",

	"write append":             "push mustPush",
	"write list":               "tuple",
	"write max":                "biggest",
	"write trimAll":            "trimall",
	instead("append"):          "mustAppend",
	instead("chunk"):           "mustChunk",
	instead("compact"):         "mustCompact",
	instead("first"):           "mustFirst",
	instead("fromJson"):        "mustFromJson",
	instead("has"):             "mustHas",
	instead("initial"):         "mustInitial",
	instead("last"):            "mustLast",
	instead("prepend"):         "mustPrepend",
	instead("regexFind"):       "mustRegexFind",
	instead("regexFindAll"):    "mustRegexFindAll",
	instead("regexMatch"):      "mustRegexMatch",
	instead("regexReplaceAll"): "mustRegexReplaceAll mustRegexReplaceAllLiteral",
	instead("regexSplit"):      "mustRegexSplit",
	instead("rest"):            "mustRest",
	instead("reverse"):         "mustReverse",
	instead("slice"):           "mustSlice",
	instead("toJson"):          "mustToJson mustToPrettyJson mustToRawJson",
	instead("uniq"):            "mustUniq",
	instead("without"):         "mustWithout",
})

// instead names the function that reports errors without a must.
func instead(name string) string { return "write " + name + ", which reports what is wrong" }

// reasons turns reason → names into name → reason.
func reasons(names map[string]string) map[string]string {
	m := map[string]string{}
	for reason, list := range names {
		for name := range strings.FieldsSeq(list) {
			m[name] = reason
		}
	}
	return m
}
