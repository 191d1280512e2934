# The door to everything: `make run` and `make test` need python3 (3.11 or later) with pip, and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed
PIP = $(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check --no-input --quiet
PYTEST_ARGS ?=
DEMO_ARGS ?=
# A module is compiled when it is first used: most of what the packages hold never is, and setting up takes half as long.
INSTALL = $(PIP) install --no-compile
# Tests start many processes of the program; it is compiled once for all of them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run demo-large test test-all check audit fix messages peers peers-voice bench docs lock clean

help: ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: $(DEVELOPMENT) ## Make .venv with everything to run, test and change Clarion

run: $(RUNTIME) ## Start Clarion and say where it is; Ctrl-C stops it
	@exec $(BIN)/clarion up

demo-large: $(RUNTIME) ## Fill a workspace with 1,000 campaigns and 10 million messages; Clarion must be running
	$(BIN)/clarion demo load --large $(DEMO_ARGS)

test: $(DEVELOPMENT) ## Run the tests that need nothing but this machine
	$(BIN)/pytest -m "not bench" $(PYTEST_ARGS)

test-all: $(DEVELOPMENT) ## Run the same tests with ten times as many random examples
	EXAMPLES=all $(BIN)/pytest -m "not bench" $(PYTEST_ARGS)

check: $(DEVELOPMENT) ## Everything that is checked besides the tests; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/clarion check --migrations --templates
	$(BIN)/python docs/generate.py --check

audit: $(DEVELOPMENT) ## Ask whether a pinned dependency is known to be vulnerable
	@$(BIN)/python -m tools.audit

fix: $(DEVELOPMENT) ## Repair what can be repaired by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

messages: $(DEVELOPMENT) ## Bring the catalogues of translations up to date with the sources
	$(BIN)/python -m tools.messages

peers: ## Install third-party servers and Chromium for more tests (Debian, as root)
	@sh tests/servers/install-peers.sh

peers-voice: ## The same with Asterisk, for the tests of calls: 370 MB, and a minute or two (Debian, as root)
	@sh tests/servers/install-peers.sh asterisk

bench: $(DEVELOPMENT) ## Measure; figures mean something on an idle machine only
	$(BIN)/python -m tests.bench.bench_send
	$(BIN)/python -m tests.bench.bench_email_parts
	$(BIN)/python -m tests.bench.bench_paying_ledger
	$(BIN)/python -m tests.bench.bench_import
	$(BIN)/python -m tests.bench.bench_push
	$(BIN)/pytest -m bench -s tests/bench $(PYTEST_ARGS)

docs: $(DEVELOPMENT) ## Write the generated reference pages anew
	$(BIN)/python docs/generate.py

lock: ## Resolve the dependencies anew (needs uv)
	uv pip compile --quiet --no-header --no-emit-index-url --universal --python-version 3.11 --upgrade \
		pyproject.toml --output-file requirements.txt
	uv pip compile --quiet --no-header --no-emit-index-url --universal --python-version 3.11 --group dev \
		pyproject.toml --constraint requirements.txt --output-file requirements-dev.txt

clean: ## Remove .venv and caches; data under CLARION_HOME stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Debian's python3 has neither ensurepip nor a usable `venv` with pip in it, so the system's pip installs from outside.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Clarion needs Python 3.11 or later; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." \
			"Name another with: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { \
		echo "Clarion needs pip for $(PYTHON): on Debian and Ubuntu 'apt-get install python3-pip'." >&2; exit 1; }
	@$(PYTHON) -m venv --without-pip $(VENV)

$(RUNTIME): requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing Clarion into $(VENV): once, about a minute."
	@$(INSTALL) -r requirements.txt
	@$(INSTALL) --no-deps --editable .
	@touch $@

$(DEVELOPMENT): requirements-dev.txt requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing Clarion and its development tools into $(VENV): once, about two minutes."
	@$(INSTALL) -r requirements-dev.txt
	@$(INSTALL) --no-deps --editable .
	@touch $(RUNTIME) $@
