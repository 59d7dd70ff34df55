# How callhours is built, tested and checked. `make help` lists the targets.

VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS  := -s -w -X main.version=$(VERSION)
OUT      := callhours
PROFILE  := cmd/callhours/calls.pgo
FUZZTIME := 30s
MAN      := man
TOOL     := go tool -modfile=tools/go.mod
VULNDB   := https://vuln.go.dev

build: ## build ./callhours: static, without paths of this machine (OUT=file)
	CGO_ENABLED=0 go build -trimpath -buildvcs=auto -pgo $(PROFILE) -ldflags '$(LDFLAGS)' -o $(OUT) ./cmd/callhours

dist: ## what is released, into dist/: binaries, deb, rpm, image, bill of materials, checksums (VERSION=1.0.0)
	packaging/dist $(VERSION) dist

run: ## answer Pivot requests from the built-in example, or from ./callhours.yaml
	@echo 'building callhours; the first time takes about a minute' >&2
	@go build -o $(OUT) ./cmd/callhours
	@exec ./$(OUT) serve

# The race detector waits for a second as a program ends, and tests start hundreds.
test: ## run all tests but those of test-system, with the race detector; needs Go and a C compiler
	GORACE=atexit_sleep_ms=20 go test -race -shuffle=on ./...

# What is not installed is skipped, and said; with CI=1 it fails.
test-system: SHELL = bash
test-system: .SHELLFLAGS = -o pipefail -c
test-system: ## run the tests that need prometheus, promtool, postgresql, chromium, dpkg, lintian, systemd, nginx and php-fpm (CALLHOURS_AXE=path of axe-core's axe.min.js)
	CALLHOURS_SYSTEM=1 go test -count=1 -v -run '^Test(Prometheus|Promtool|Alerts|Expressions|Console|Migrate|Postgres|Unit|Package|Image)$$' \
		./cmd/callhours ./examples ./internal/database ./people ./packaging | grep -vE '^ *(=== |--- PASS)|^PASS$$'

soak: ## run all tests with the full counts of the long ones (CALLHOURS_SOAK=30m go test -run TestSoak ./server: longer)
	CALLHOURS_SOAK=1 go test -timeout 60m -shuffle=on ./...

check: lint vulns ## what a change must pass besides tests: modules, lint and known vulnerabilities
	go mod verify
	go mod tidy -diff
	go -C tools mod tidy -diff

lint: ## gofumpt, vet, golangci-lint with staticcheck, deadcode
	@files=$$($(TOOL) gofumpt -l .); test -z "$$files" || { echo "$$files: not formatted; run make fmt"; exit 1; }
	go vet ./...
	$(TOOL) golangci-lint run
	@dead=$$($(TOOL) deadcode -test ./...); test -z "$$dead" || { echo "$$dead"; exit 1; }

vulns: ## known vulnerabilities in what is called; skipped where the database is out of reach (VULNDB=file:///copy of it)
	@if curl -fsS -m 5 -o /dev/null $(VULNDB)/index/db.json; then $(TOOL) govulncheck -db $(VULNDB) ./...; \
	else echo "govulncheck skipped: $(VULNDB) cannot be reached; set VULNDB=file:///DIR to use a copy of the database"; fi

fmt: ## format all Go files
	$(TOOL) gofumpt -w .
	go fix ./...

fuzz: ## fuzz each target (FUZZTIME=30s)
	tools/fuzz $(FUZZTIME)

bench: ## benchmarks of a call's way, beside net/http's bare handler
	go test -run - -bench . -benchmem ./server ./render ./routes ./calendars ./pivot ./templates/...

profile: ## record what a call does, for the compiler; worth it when that has changed much
	go test -trimpath -run - -bench '^BenchmarkCalls$$' -benchtime 20s -cpuprofile $(abspath $(PROFILE)) -o $(shell mktemp -d)/test ./server

bench-http: build ## callhours, net/http, nginx and php-fpm by the same calls (ARGS="-format markdown")
	go -C tools run ./benchhttp -callhours $(abspath $(OUT)) $(ARGS)

curves: ## measure what things cost as they grow, and draw it into docs/performance (CALLHOURS_ROUTES bounds the routes)
	CALLHOURS_CURVES=$(CURDIR)/docs/performance go test -count=1 -timeout 60m -run '^TestCurves$$' -v ./server

scale: ## measure 10,000 routes with 20,000 calendars: start, memory, refreshing, calls, and calls during reloads (CALLHOURS_ROUTES=n)
	CALLHOURS_SOAK=1 go test -count=1 -timeout 60m -run '^TestProvider$$' -v ./server
	go test -count=1 -timeout 60m -run - -bench CallDuringReload -benchtime 1x ./server

update: ## rewrite golden files and scripts; look at the diff
	UPDATE=1 go test ./...

conformance: ## compare the calendars with the shared corpus, where it is present
	go test -count 1 -v -run Conformance ./calendars

tzdata: ## pack the newest time zone data, and the zones of Windows, into calendars/zones/tzdata
	tools/tzdata/fetch

notices: ## write the licences of all that is linked in into THIRD_PARTY_NOTICES
	GOOS=linux GOARCH=amd64 $(MAKE) build
	go -C tools run ./notices $(abspath $(OUT)) $(CURDIR)/THIRD_PARTY_NOTICES

man: ## write the manual pages into man/ (MAN=directory)
	go run ./cmd/callhours man $(MAN)

dashboards: ## write Grafana's dashboards, and compare them with Grafana's own types
	go -C tools run ./dashboards ../examples/grafana/dashboards
	tools/dashboards/types

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | expand -t 14

.PHONY: build dist run test test-system soak check lint vulns fmt fuzz bench profile bench-http curves scale update conformance tzdata notices dashboards man help
