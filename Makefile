# Every target sets up what it needs: Python >= 3.11 and make are enough.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-input

.PHONY: help demo run test check bench faults fmt lock schema screenshots clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## watch the sample day ring in this terminal: no tokens, no internet
	$(BIN)/newsalert demo

run: $(VENV)/.runtime ## the bot on live feeds, with the tokens of your .env
	$(BIN)/newsalert run

test: $(VENV)/.judges ## every test
	$(BIN)/python -m pytest

check: $(VENV)/.dev ## format, lint, types, layers, the shipped rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_architecture.py tests/test_docs.py
	$(BIN)/newsalert check

bench: $(VENV)/.dev ## ratios against named peers, measured side by side
	$(BIN)/python -m benchmarks

faults: $(VENV)/.judges ## the long kill harness, and what feeds may say, at length
	$(BIN)/python -m tests.faults.kills --kills 1000
	FUZZ_ITEMS=200000 $(BIN)/python -m pytest tests/notify/test_telegram_text.py tests/notify/test_slack_judged.py

fmt: $(VENV)/.dev ## format and repair what can be repaired
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.dev ## pin every dependency anew, by hash, wheels only, naming no index
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --only-binary :all: \
	  --no-header --no-emit-index-url --no-emit-find-links --upgrade \
	  pyproject.toml requirements/build.in -o requirements/runtime.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --only-binary :all: \
	  --no-header --no-emit-index-url --no-emit-find-links --upgrade -c requirements/runtime.txt \
	  pyproject.toml requirements/build.in requirements/dev.in -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --only-binary :all: \
	  --no-header --no-emit-index-url --no-emit-find-links --upgrade requirements/judges.in -o requirements/judges.txt

schema: $(VENV)/.dev ## write rules/rules.schema.json from the models
	$(BIN)/newsalert rules schema > rules/rules.schema.json.new
	mv rules/rules.schema.json.new rules/rules.schema.json

screenshots: $(VENV)/.dev ## docs/screenshots from the sample day, light and dark (needs a Chromium)
	$(BIN)/python -m tests.e2e.screenshots

clean: ## remove the virtual environment and every cache
	rm -rf $(VENV) tests/judges/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "newsalert needs Python 3.11 or newer; say which: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Setting up $(VENV), once; this takes a minute or two."
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) --require-hashes --only-binary :all: -r requirements/runtime.txt
	$(PIP) --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	$(PIP) --require-hashes --only-binary :all: -r requirements/dev.txt
	@touch $@

# Programs of other people that judge what we send and what our fakes answer: npm by its lock file, with the Node of
# requirements/dev.txt; Python by requirements/judges.txt, in an environment of its own.
$(VENV)/.judges: tests/judges/package-lock.json requirements/judges.txt $(VENV)/.dev
	$(BIN)/python -m tests.judges.node
	$(BIN)/python -m tests.judges.clients
	@touch $@
