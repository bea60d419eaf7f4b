# Every target sets up what it needs in .venv; set PYTHON to use another interpreter (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Byte code is compiled when a module is imported, not for each of the 10,000 modules that are installed; so let Python
# keep it, also where the machine's settings say otherwise.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
unexport PYTHONDONTWRITEBYTECODE
# A process for each core; a process that is done takes tests from the others.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help setup demo test audit second-verifier coverage lint types imports vectors bench wheel-test readme check ci clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("zkharvest needs Python 3.11 or newer: make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV) || { echo "this Python has no venv module (on Debian: apt-get install python3-venv)" >&2; exit 1; }

# Two stamps, so that no target installs anything twice: the program alone, and with it the tools for working on it.
$(VENV)/.program: pyproject.toml | $(BIN)/python
	@echo "installing zkharvest into $(VENV) ..."
	@$(PIP) --editable '.[prove,qr]'
	@touch $@

$(VENV)/.tools: pyproject.toml | $(BIN)/python
	@echo "installing zkharvest and the developer's tools into $(VENV) ..."
	@$(PIP) --editable '.[dev]'
	@touch $(VENV)/.program $@

setup: $(VENV)/.tools ## install the program and the developer's tools into .venv

demo: $(VENV)/.program ## prove and verify the example's losses; then two years of pages as a chain, and its forgeries
	$(BIN)/python examples/demo.py
	$(BIN)/python examples/chain/story.py

test: $(VENV)/.tools ## run the tests
	$(PYTEST)

# Guided fuzzing needs atheris, which is there for Linux; node runs the second verifier.
audit: $(VENV)/.tools ## run the long tests of the proof core: all mutants, all attacks, guided fuzzing, both verifiers
	@$(PIP) --editable '.[dev,fuzz]' || echo "no atheris here: fuzzing that is guided by coverage is left out" >&2
	$(PYTEST) -m audit

second-verifier: $(VENV)/.program ## run all vectors through the second verifier (needs node 20)
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && $(BIN)/zkharvest vectors --write "$$dir" && \
		$(BIN)/python vectors/drive.py "$$dir" node web/main.mjs
	node --test web

coverage: $(VENV)/.tools ## run the tests and say which branches they leave out
	$(PYTEST) --cov --cov-report=term-missing:skip-covered

lint: $(VENV)/.tools ## ruff
	$(BIN)/ruff check .

types: $(VENV)/.tools ## mypy --strict
	$(BIN)/mypy

imports: $(VENV)/.tools ## the import contracts: data flows one way, the verifier stands alone
	$(BIN)/lint-imports

vectors: $(VENV)/.program ## run the published vectors
	$(BIN)/zkharvest vectors

bench: $(VENV)/.tools ## measure proving and verifying; writes benchmarks/results/
	$(BIN)/python -m benchmarks

wheel-test: ## build sdist and wheel, install the wheel elsewhere, run demo and vectors there
	PYTHON="$(PYTHON)" sh .ci/wheel-test

readme: $(VENV)/.tools ## bring the README's quotes of the program's help up to date
	$(BIN)/python docs/quote_help.py README.md

check: lint types imports ## all that reads the code without running it

ci: ## what CI runs, in a clean clone of the last commit
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && git clone --quiet . "$$dir/zkharvest" && bash "$$dir/zkharvest/.ci/run"

clean: ## remove .venv, builds and caches
	rm -rf $(VENV) demo dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
