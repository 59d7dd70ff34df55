package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/callhours/callhours/config"
	"github.com/callhours/callhours/internal/contain"
	"github.com/callhours/callhours/internal/diag"
	"github.com/callhours/callhours/people"
)

// peopleAddFlags are the flags of people add.
type peopleAddFlags struct {
	config, format, may, language, csv string
	routes, phones                     []string
	pin                                bool
}

func peopleAddCommand(env environment) *cobra.Command {
	var a peopleAddFlags
	cmd := &cobra.Command{
		Use:   "add TENANT NAME",
		Short: "add a person, and print their link once",
		Long: `add adds a person, and prints the path of their link, which nobody can find out
later: only its hash is kept. Whoever has the link is that person, so send it to
nobody else.

  callhours people add acme "Anna Berger" --may close,open
  callhours people add acme "Ben Fischer" --route front-desk --phone +493012345678 --pin
  callhours people add - "Otto" --may close --language de
  callhours people add --csv people.csv

Everybody may see the state and hours of their routes. --may adds: see-people (who
is on call), close, open, branch, message (free text for callers), refresh,
history. Without --route it is for every route of the tenant.

--pin asks for a PIN on the terminal, or reads it from the first line of standard
input. It has 6 to 12 digits, and is never written on the command line, which
others can read.

--csv adds everybody in a file, or nobody if anything is wrong with it. Its first
line names the columns: tenant, name, may, routes, phones, language, pin. Only
tenant and name are needed; several values in a cell are separated by spaces. With
- it reads standard input. The pin column is in plain text: delete the file.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if a.csv != "" {
				if len(args) > 0 {
					return fmt.Errorf("--csv takes tenants and names from the file; remove %q", args[0])
				}
				return nil
			}
			return personArguments(cmd, args)
		},
		ValidArgsFunction: completeTenants,
		RunE:              func(cmd *cobra.Command, args []string) error { return addPeople(cmd.Context(), args, a, env) },
	}
	f := cmd.Flags()
	configFlag(cmd, &a.config)
	formatFlag(cmd, &a.format)
	f.StringVar(&a.may, "may", "", "`permissions` besides see, separated by commas")
	f.StringSliceVar(&a.routes, "route", nil, "`name` of a route of the tenant; may be repeated (default: all)")
	f.StringSliceVar(&a.phones, "phone", nil, "telephone `number` or extension; may be repeated")
	f.BoolVar(&a.pin, "pin", false, "read a PIN from the terminal or standard input")
	f.StringVar(&a.language, "language", "", "`language` in which the person reads, such as de (default: the tenant's)")
	f.StringVar(&a.csv, "csv", "", "add the people of a CSV `file`; - is standard input")
	var words []string
	for _, p := range people.Permissions() {
		words = append(words, string(p))
	}
	completeFlag(cmd, "may", words...)
	completeRouteFlag(cmd)
	return cmd
}

func addPeople(ctx context.Context, args []string, a peopleAddFlags, env environment) error {
	if err := checkFormat(a.format); err != nil {
		return err
	}
	if a.csv != "" && (a.may != "" || a.language != "" || a.pin || len(a.routes)+len(a.phones) > 0) {
		return usageError(errors.New("--csv takes everything from the file; leave out the other flags"))
	}
	in, err := open(a.config, env)
	if err != nil {
		return err
	}
	if a.csv != "" {
		return addFromCSV(ctx, in, a, env)
	}
	n := people.New{Tenant: tenantArgument(args[0]), Name: args[1], Language: a.language, Phones: a.phones}
	var mistakes []error
	n.May, mistakes = rights(in.file, n.Tenant, a.may, a.routes)
	if len(mistakes) > 0 {
		return usageError(errors.Join(mistakes...))
	}
	if a.pin {
		if n.PIN, err = readPIN(ctx, env); err != nil {
			return usageError(err)
		}
	}
	return storePeople(ctx, in, []people.New{n}, func(_ int, err error) error { return err }, a.format, env)
}

// rights are what somebody may do, or everything that is wrong with the words for it.
func rights(file *config.File, tenant, may string, routes []string) (map[string][]people.Permission, []error) {
	var wrong []error
	if err := knownTenant(file, tenant); err != nil {
		wrong = append(wrong, err)
	}
	permissions, err := people.ParsePermissions(may)
	if err != nil {
		wrong = append(wrong, err)
	}
	found := map[string][]people.Permission{}
	for _, route := range routes {
		if route == people.AllRoutes {
			found[route] = permissions
			continue
		}
		name, err := routeOf(file, tenant, route)
		if err != nil && len(wrong) == 0 {
			wrong = append(wrong, err)
		}
		found[name] = permissions
	}
	if len(found) == 0 {
		found[people.AllRoutes] = permissions
	}
	return found, wrong
}

func knownTenant(file *config.File, tenant string) error {
	var names []string
	for _, t := range file.Tenants {
		names = append(names, t.Name)
	}
	switch {
	case tenant == "" || slices.Contains(names, tenant):
		return nil
	case len(names) == 0:
		return fmt.Errorf("unknown tenant %s; the configuration has no tenants, use %s", diag.Quote(tenant), noTenant)
	}
	return fmt.Errorf("unknown tenant %s%s", diag.Quote(tenant), diag.Suggest(tenant, names))
}

// routeOf is a route's name without its tenant, which may be written before it.
func routeOf(file *config.File, tenant, text string) (string, error) {
	short := text
	if tenant != "" {
		short = strings.TrimPrefix(text, tenant+"/")
	}
	var names []string
	for _, r := range file.Routes {
		own := ""
		if r.Tenant != nil {
			own = r.Tenant.Name
		}
		if own != tenant {
			continue
		}
		name := r.Name
		if own != "" {
			name = strings.TrimPrefix(name, own+"/")
		}
		if name == short {
			return name, nil
		}
		names = append(names, name)
	}
	return "", fmt.Errorf("unknown route %s of tenant %s%s", diag.Quote(text), cmp.Or(tenant, noTenant),
		diag.Suggest(short, names))
}

// storePeople adds people and prints their links. place says where one of them is written.
func storePeople(ctx context.Context, in installation, list []people.New, place func(int, error) error, format string,
	env environment,
) error {
	store, closeStore, err := peopleOf(ctx, in, env)
	if err != nil {
		return err
	}
	defer closeStore()
	stop := startProgress(env, "adding people")
	added, err := store.Add(ctx, author(), list)
	stop()
	if wrong, ok := errors.AsType[people.ListError](err); ok {
		var all []error
		for _, item := range wrong {
			all = append(all, place(item.Index, item.Err))
		}
		return failure(errors.Join(all...))
	}
	if err != nil {
		return failure(err)
	}
	if format == "json" {
		err = newEncoder(env.stdout, isTerminal(env.stdout)).Encode(map[string]any{"added": addedPeople(added)})
	} else {
		for _, p := range addedPeople(added) {
			if _, err = fmt.Fprintf(env.stdout, "%s\t%s\t%s\n", cmp.Or(p.Tenant, noTenant), p.Name, p.Link); err != nil {
				break
			}
		}
		fmt.Fprintln(env.stderr, "This is shown once. It is the path of a link: put the address of the share page before it.")
	}
	if err != nil { // nobody has seen the links
		return failure(fmt.Errorf("the links could not be written; revoke these people and add them again: %w", err))
	}
	return nil
}

// addedPerson is somebody who was added, in JSON.
type addedPerson struct {
	Tenant string `json:"tenant"`
	Name   string `json:"name"`
	Link   string `json:"link"`
}

func addedPeople(list []people.Added) []addedPerson {
	shown := make([]addedPerson, 0, len(list))
	for _, p := range list {
		shown = append(shown, addedPerson{p.Tenant, p.Name, "/s/" + p.Token})
	}
	return shown
}

// readPIN reads a PIN: twice from a terminal, which does not show it, or one line of what standard
// input is.
func readPIN(ctx context.Context, env environment) (string, error) {
	f, ok := env.stdin.(*os.File)
	if !ok || !isTerminalFile(f) {
		line, err := bufio.NewReader(io.LimitReader(env.stdin, 256)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("--pin: %w", err)
		}
		return strings.TrimSpace(line), nil
	}
	restore, err := hideInput(f)
	if err != nil {
		return "", fmt.Errorf("--pin: the terminal cannot hide what is typed (%w); give the PIN on standard input", err)
	}
	defer restore()
	lines := make(chan string)
	go func() {
		_ = contain.Do(func() error { // the program ends, or lines is read
			for in := bufio.NewScanner(io.LimitReader(f, 512)); in.Scan(); {
				lines <- strings.TrimSpace(in.Text())
			}
			close(lines)
			return nil
		})
	}()
	var typed [2]string
	for i, prompt := range []string{"PIN (6 to 12 digits): ", "PIN again: "} {
		fmt.Fprint(env.stderr, prompt)
		select {
		case typed[i] = <-lines:
			fmt.Fprintln(env.stderr)
		case <-ctx.Done():
			fmt.Fprintln(env.stderr)
			return "", ctx.Err()
		}
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two PINs differ; nobody was added")
	}
	return typed[0], nil
}

// hideInput keeps a terminal from showing what is typed, until restore is called.
func hideInput(f *os.File) (restore func(), err error) {
	before, err := unix.IoctlGetTermios(int(f.Fd()), getTermios)
	if err != nil {
		return nil, err
	}
	hidden := *before
	hidden.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(int(f.Fd()), setTermios, &hidden); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(int(f.Fd()), setTermios, before) }, nil
}
