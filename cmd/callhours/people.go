package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/callhours/callhours/internal/database"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/people"
	"github.com/callhours/callhours/server"
)

func peopleCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "people",
		Short: "add, list and revoke the people who may act on routes",
		Long: `people keeps people who are not in the configuration: by a link, a PIN or their
telephones they may see a route, close it or open it. They are kept in the
database: overrides.db in state_dir, or the PostgreSQL database of the
configuration. A running server need not be told: it asks the database.

  callhours people add acme "Anna Berger" --may close,open
  callhours people list acme
  callhours people revoke acme "Anna Berger"

TENANT is the name of a tenant, or - for routes without a tenant.`,
		Args: onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(peopleAddCommand(env), peopleListCommand(env), peopleRevokeCommand(env))
	return cmd
}

// noTenant is how the command line and tables write that somebody belongs to no tenant.
const noTenant = "-"

// tenantArgument is the tenant of an argument; "" for none.
func tenantArgument(text string) string {
	if text == noTenant {
		return ""
	}
	return text
}

// peopleOf opens the store of people of a configuration. close is to be called at the end.
func peopleOf(ctx context.Context, in installation, env environment) (store *people.Store, closeStore func(),
	err error,
) {
	o, err := server.DatabaseOptions(in.file, env.now)
	if err != nil {
		return nil, nil, usageError(err)
	}
	db, err := database.Open(ctx, o)
	if err != nil {
		return nil, nil, failure(err)
	}
	return people.NewStore(db, env.now), func() { _ = db.Close() }, nil
}

// openDamaged is open for commands that are needed most when something else is wrong: a
// configuration with mistakes is enough, as long as it says where the database is.
func openDamaged(path string, env environment) (installation, error) {
	in, mistakes, err := load(path, env)
	switch {
	case err != nil:
		return in, usageError(err)
	case in.file == nil:
		return in, usageError(mistakes.Err())
	case len(mistakes) > 0:
		fmt.Fprintf(env.stderr, "warning: the configuration has mistakes; run callhours check\n")
	}
	return in, nil
}

// author is who runs the program, as far as the system and sudo say.
func author() people.Author {
	name := "somebody"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if by := os.Getenv("SUDO_USER"); by != "" && os.Geteuid() == 0 && by != name {
		name = by + " as " + name
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	return people.Author{Name: name + "@" + host, Certainty: people.Claimed, Origin: "command line"}
}

func peopleRevokeCommand(env environment) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "revoke TENANT NAME",
		Short: "take a person's rights away, at once",
		Long: `revoke takes everything from a person: the link, the PIN and the telephones stop
working at once, also in servers that run. The record stays (people list
--revoked), and the name may be used again.

  callhours people revoke acme "Anna Berger"

It works with a configuration that has mistakes, if that says where the database
is. The exit code is 1 if there is no such person.`,
		Args: personArguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			return revokePerson(cmd.Context(), path, tenantArgument(args[0]), args[1], env)
		},
		ValidArgsFunction: completeTenants,
	}
	configFlag(cmd, &path)
	return cmd
}

// personArguments are a tenant and a name, which has more than one word as a rule.
func personArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 2 {
		return fmt.Errorf("%s takes TENANT and NAME, found %d arguments; put the name in quotes: %q", cmd.CommandPath(),
			len(args), strings.Join(args[1:], " "))
	}
	return arguments(2, 2, "TENANT and NAME")(cmd, args)
}

func revokePerson(ctx context.Context, path, tenant, text string, env environment) error {
	name, err := people.ParseName(text)
	if err != nil {
		return usageError(err)
	}
	in, err := openDamaged(path, env)
	if err != nil {
		return err
	}
	store, closeStore, err := peopleOf(ctx, in, env)
	if err != nil {
		return err
	}
	defer closeStore()
	_, err = store.Revoke(ctx, author(), tenant, name)
	if errors.Is(err, people.ErrUnknown) {
		return failure(unknownPerson(ctx, store, tenant, name))
	}
	if err != nil {
		return failure(err)
	}
	fmt.Fprintf(env.stdout, "%s (%s) is revoked: the link, the PIN and the telephones work no more\n", name,
		cmp.Or(tenant, noTenant))
	return nil
}

// unknownPerson is the error for a name that nobody has, with what was probably meant.
func unknownPerson(ctx context.Context, store *people.Store, tenant, name string) error {
	list, err := store.List(ctx, people.Filter{})
	if err != nil {
		return err
	}
	var names, elsewhere []string
	for _, p := range list {
		if p.Tenant == tenant {
			names = append(names, p.Name)
		} else if p.Name == name {
			elsewhere = append(elsewhere, cmp.Or(p.Tenant, noTenant))
		}
	}
	hint := diag.Suggest(name, names)
	if len(elsewhere) > 0 {
		hint = "; there is one of tenant " + strings.Join(elsewhere, ", ")
	}
	return fmt.Errorf("tenant %s has no person %q%s", cmp.Or(tenant, noTenant), name, hint)
}

// peopleListFlags are the flags of people list.
type peopleListFlags struct {
	config, format string
	csv, revoked   bool
}

func peopleListCommand(env environment) *cobra.Command {
	var a peopleListFlags
	cmd := &cobra.Command{
		Use:   "list [TENANT]",
		Short: "list people, and when they were here last",
		Long: `list lists the people of a tenant, or of all, with their rights, and when they
used their link last. Links and PINs are not shown: only their hashes are kept.

  callhours people list
  callhours people list acme --revoked
  callhours people list --csv > people.csv

--csv writes what "people add --csv" reads. Cells that a spreadsheet would take
for a formula begin with an apostrophe.`,
		Args:              arguments(0, 1, "TENANT"),
		ValidArgsFunction: completeTenants,
		RunE:              func(cmd *cobra.Command, args []string) error { return listPeople(cmd.Context(), args, a, env) },
	}
	configFlag(cmd, &a.config)
	formatFlag(cmd, &a.format)
	cmd.Flags().BoolVar(&a.csv, "csv", false, "write CSV")
	cmd.Flags().BoolVar(&a.revoked, "revoked", false, "list people who are revoked, too")
	return cmd
}

func listPeople(ctx context.Context, args []string, a peopleListFlags, env environment) error {
	if err := checkFormat(a.format); err != nil {
		return err
	}
	if a.csv && a.format == "json" {
		return usageError(errors.New("--csv and --format json exclude each other; leave one out"))
	}
	in, err := openDamaged(a.config, env)
	if err != nil {
		return err
	}
	store, closeStore, err := peopleOf(ctx, in, env)
	if err != nil {
		return err
	}
	defer closeStore()
	filter := people.Filter{Revoked: a.revoked}
	if len(args) > 0 {
		tenant := tenantArgument(args[0])
		filter.Tenant = &tenant
	}
	list, err := store.List(ctx, filter)
	if err != nil {
		return failure(err)
	}
	switch {
	case a.csv:
		err = writePeopleCSV(exact(env.stdout), list)
	case a.format == "json":
		shown := make([]listedPerson, 0, len(list))
		for _, p := range list {
			shown = append(shown, newListedPerson(p))
		}
		err = newEncoder(env.stdout, isTerminal(env.stdout)).Encode(map[string]any{"people": shown})
	default:
		err = showPeople(env, list)
	}
	if err != nil {
		return failure(err)
	}
	return nil
}

// listedPerson is a person in JSON.
type listedPerson struct {
	Tenant    string                         `json:"tenant"`
	Name      string                         `json:"name"`
	Language  string                         `json:"language,omitempty"`
	Phones    []string                       `json:"phones"`
	May       map[string][]people.Permission `json:"may"`
	HasPIN    bool                           `json:"has_pin"`
	CreatedBy string                         `json:"created_by"`
	CreatedAt time.Time                      `json:"created_at"`
	LastUsed  time.Time                      `json:"last_used,omitzero"`
	RevokedBy string                         `json:"revoked_by,omitempty"`
	RevokedAt time.Time                      `json:"revoked_at,omitzero"`
}

func newListedPerson(p people.Person) listedPerson {
	return listedPerson{
		Tenant: p.Tenant, Name: p.Name, Language: p.Language, Phones: append([]string{}, p.Phones...), May: p.May,
		HasPIN: p.HasPIN, CreatedBy: p.CreatedBy, CreatedAt: p.CreatedAt.UTC(), LastUsed: p.UsedAt.UTC(),
		RevokedBy: p.RevokedBy, RevokedAt: p.RevokedAt.UTC(),
	}
}

// showPeople writes a line for each person.
func showPeople(env environment, list []people.Person) error {
	if len(list) == 0 {
		fmt.Fprintln(env.stderr, "nobody has been added")
		return nil
	}
	t := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TENANT\tNAME\tMAY\tPHONES\tPIN\tADDED\tLAST USED")
	now := env.now()
	for _, p := range list {
		used := "never"
		if !p.UsedAt.IsZero() {
			used = since(max(0, now.Sub(p.UsedAt))) + " ago"
		}
		if !p.RevokedAt.IsZero() {
			used += ", revoked " + p.RevokedAt.UTC().Format(time.DateOnly) + " by " + p.RevokedBy
		}
		pin := "no"
		if p.HasPIN {
			pin = "yes"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s by %s\t%s\n", cmp.Or(p.Tenant, noTenant), p.Name, mayText(p),
			cmp.Or(strings.Join(p.Phones, " "), "none"), pin, p.CreatedAt.UTC().Format(time.DateOnly), p.CreatedBy, used)
	}
	return t.Flush()
}

// mayText is what somebody may do: "see,close on front-desk; see on sales", or "see,close" where
// that is on all routes.
func mayText(p people.Person) string {
	var parts []string
	for _, route := range p.Routes() {
		text := permissionsText(p.May[route], ",")
		if route != people.AllRoutes {
			text += " on " + route
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

func permissionsText(list []people.Permission, separator string) string {
	var words []string
	for _, permission := range list {
		words = append(words, string(permission))
	}
	return strings.Join(words, separator)
}

// writePeopleCSV writes a line for each person and set of rights: one person has several lines if
// they may do different things on different routes.
func writePeopleCSV(to io.Writer, list []people.Person) error {
	w := csv.NewWriter(to)
	rows := [][]string{{
		"tenant", "name", "may", "routes", "phones", "language", "has_pin", "created_by", "created_at", "last_used",
		"revoked_by", "revoked_at",
	}}
	moment := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	for _, p := range list {
		routes, sets := map[string][]string{}, []string{}
		for _, route := range p.Routes() {
			set := permissionsText(p.May[route], " ")
			if routes[set] == nil {
				sets = append(sets, set)
			}
			routes[set] = append(routes[set], route)
		}
		for _, set := range sets {
			rows = append(rows, []string{
				cmp.Or(p.Tenant, noTenant), p.Name, set, strings.Join(routes[set], " "), strings.Join(p.Phones, " "),
				p.Language, strconv.FormatBool(p.HasPIN), p.CreatedBy, moment(p.CreatedAt), moment(p.UsedAt), p.RevokedBy,
				moment(p.RevokedAt),
			})
		}
	}
	for _, row := range rows {
		for i := range row {
			row[i] = plainCell(row[i])
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// formulaStarts is what begins a formula in spreadsheets, or is skipped before one.
const formulaStarts = "=+-@\t\r\n＝＋－＠"

// plainCell makes a cell a text for spreadsheets, which run what looks like a formula.
func plainCell(text string) string {
	if len(text) > 1 && (strings.ContainsAny(firstRune(text), formulaStarts) ||
		text[0] == '\'' && strings.ContainsAny(firstRune(text[1:]), "'"+formulaStarts)) {
		return "'" + text
	}
	return text
}

// cellText undoes plainCell.
func cellText(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && strings.ContainsAny(firstRune(rest), "'"+formulaStarts) {
		return rest
	}
	return cell
}

func firstRune(text string) string {
	for i := range text {
		if i > 0 {
			return text[:i]
		}
	}
	return text
}

// completeTenants completes the first argument by the tenants of the configuration.
func completeTenants(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := []string{}
	for _, t := range configured(cmd).Tenants {
		names = append(names, t.Name)
	}
	return withPrefix(slices.Compact(names), prefix), cobra.ShellCompDirectiveNoFileComp
}
