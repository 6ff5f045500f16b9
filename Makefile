# Everything runs in the project's own virtual environment, made on first use and brought up to date when
# pyproject.toml or constraints.txt change.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP_RUN := $(VENV)/.installed-run
STAMP_DEV := $(VENV)/.installed-dev
# Tests of one file stay in one process: they share a browser, or a service. tests/conftest.py says which come first.
JOBS ?= 2
# The tests that schemathesis makes vanish without a word where processes share the work.
FUZZING := tests/http/openapi/test_fuzzing.py
STAMP_BENCH := $(VENV)/.installed-bench
# Images set it; without bytecode of our own each of the hundred processes that tests start compiles everything.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help run test test-shared test-fuzzing test-long mutants simulate lint format screenshots bench clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(STAMP_RUN): $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable '.[uvloop]'
	@touch $@

# Not on top of the former: to install once is faster than twice.
$(STAMP_DEV): $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable '.[uvloop,dev]'
	@touch $(STAMP_RUN) $@

$(STAMP_BENCH): $(STAMP_RUN)
	$(PIP) --editable '.[uvloop,bench]'
	@touch $@

run: $(STAMP_RUN)  ## Install, then serve the demonstration catalogue from the embedded database
	$(BIN)/actor-ticketing serve --config config.toml --demo

test: test-shared test-fuzzing  ## Install what the tests need, then run all tests

test-shared: $(STAMP_DEV)
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder -p no:schemathesis \
		--ignore $(FUZZING) $(ARGS)

test-fuzzing: $(STAMP_DEV)
	$(BIN)/python -m pytest $(FUZZING)

test-long: $(STAMP_DEV)  ## As test, with what takes minutes: planted bugs, many kills, 10,000 simulated seeds (SEEDS, FIRST)
	$(BIN)/python -m pytest -m 'long or not long' $(ARGS)
	PYTHONPATH=tests $(BIN)/python -m support.simulation --first $(or $(FIRST),0) --seeds $(or $(SEEDS),10000)

simulate: $(STAMP_DEV)  ## Run one seed of the simulation again: make simulate SEED=123
	PYTHONPATH=tests $(BIN)/python -m support.simulation --seed $(SEED)

mutants: $(STAMP_DEV)  ## Plant known bugs one by one, in copies: each must turn its test red
	$(BIN)/python -m pytest -m 'long or not long' tests/mutations $(ARGS)

lint: $(STAMP_DEV)  ## ruff, mypy strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(STAMP_DEV)  ## Let ruff format and mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

screenshots: $(STAMP_DEV)  ## Draw the pictures of the storefront and the desk in docs/screenshots anew
	PYTHONPATH=.:tests $(BIN)/python tests/browser/screenshots.py

bench: $(STAMP_BENCH)  ## Install what it compares with, then measure the service side by side with others
	@sh bench/install.sh
	$(BIN)/python -m bench $(ARGS)

clean:  ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache *.egg-info
