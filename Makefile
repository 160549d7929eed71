# Two commands do all the set-up: `make demo` and `make test`. Everything else is for those who work on digest.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check -q
# A lock names all there is to install, so nothing is resolved: an older pip takes `coverage[toml]` for something unpinned.
LOCKED := $(PIP) install --require-hashes --no-deps -r
LOCK   := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links

.PHONY: demo preview test lint lock screenshots migration bench checkers look chaos clean
.DEFAULT_GOAL := demo

$(VENV)/run.stamp: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(LOCKED) requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	$(LOCKED) requirements-dev.lock
	@touch $@

demo: $(VENV)/run.stamp   ## the whole week on this machine: sample items, sample subscribers, a built-in inbox
	@$(BIN)/digest demo

preview: $(VENV)/run.stamp ## the next edition in a browser, as any subscriber would get it
	@$(BIN)/digest preview

test: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest -q -m "not slow" -n auto --maxprocesses 4 --dist worksteal $(ARGS)

lint: $(VENV)/dev.stamp
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache

lock: $(VENV)/dev.stamp    ## both locks anew; they hold hashes and no address
	$(LOCK) pyproject.toml --extra postgres --group build -o requirements.lock --upgrade
	$(LOCK) pyproject.toml --extra postgres --group dev -c requirements.lock -o requirements-dev.lock --upgrade

screenshots: $(VENV)/dev.stamp ## the pictures in docs/, from the real program
	@$(BIN)/python scripts/screenshots_docs.py

migration: $(VENV)/dev.stamp   ## a migration from what changed in store/tables/: MESSAGE="what changes"
	@$(BIN)/python scripts/migration.py "$(MESSAGE)"

checkers:                  ## other people's checkers of mail and pages, from npm, for `make look`
	@cd tests/checkers && npm ci --ignore-scripts --no-audit --no-fund --silent

look: $(VENV)/dev.stamp    ## the mail and the pages in a real browser, judged by the checkers, and what else takes long in tests/integration
	@$(BIN)/python -m pytest -q -m slow tests/integration $(ARGS)

chaos: $(VENV)/dev.stamp   ## kill -9 of senders and workers, again and again: KILLS=20; and loops with a real Postfix and Dovecot
	@$(BIN)/python -m pytest -q -m slow tests/acceptance $(ARGS)

bench: $(VENV)/dev.stamp   ## digest beside its peers, measured and written to docs/benchmarks.md: ARGS="--quick" in two minutes
	@$(BIN)/python benchmarks/run.py $(ARGS)

clean:
	rm -rf var/demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis htmlcov
