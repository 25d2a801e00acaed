# Everything a fresh machine needs (Debian or Ubuntu with Python 3.11 or newer) is installed by these verbs.

.DEFAULT_GOAL := help
.PHONY: help run test check bench soak format clean

PYTHON := .venv/bin/python
# Containers often forbid bytecode; the suites start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=
SDK_SOURCES := $(shell find sdk -type f -not -path '*/node_modules/*' -not -path '*/dist/*')

help: ## Show the verbs
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

run: .make/venv .make/sdk ## Install what is missing, build, and serve on http://localhost:8600
	@.venv/bin/vivavoce serve

test: .make/venv .make/sdk ## Run all suites: Python, TypeScript, browser
	@script/test

check: .make/venv .make/sdk ## Format, lint, types, layers and fast tests, in under a minute
	@script/check

bench: .make/venv .make/sdk ## Measure density and latency against a bare socket
	@$(PYTHON) -m bench

soak: .make/venv .make/sdk ## Cut the connections of calls 200 times and count what is lost
	@$(PYTHON) -m bench soak

format: .make/venv ## Format all sources
	@.venv/bin/ruff format -q . && .venv/bin/ruff check -q --fix . && script/node npm run --silent --prefix sdk format

clean: ## Remove what was installed and built; data/ stays
	rm -rf .venv .make sdk/node_modules sdk/dist src/vivavoce/static

.make/venv: pyproject.toml script/venv
	@script/venv
	@mkdir -p .make && touch $@

.make/sdk: .make/venv $(SDK_SOURCES) script/node
	@script/node npm ci --prefix sdk --no-audit --no-fund --loglevel=error
	@script/node npm run --silent --prefix sdk build
	@touch $@
