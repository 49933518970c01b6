# Every target sets up its own .venv from nothing but Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCKS := infra/locks
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes
PYTEST := $(BIN)/python -m pytest
# How long `make fuzz` looks at each target.
SECONDS ?= 60

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint types chaos fuzz bench bench-batch bench-extraction bench-model \
  lock clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/uv: $(LOCKS)/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.13" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCKS)/bootstrap.txt
	@touch $@

$(VENV)/.command-line: $(BIN)/uv $(LOCKS)/command-line.txt pyproject.toml
	@echo "Setting up $(VENV)"
	@$(INSTALL) -r $(LOCKS)/command-line.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.development: $(VENV)/.command-line $(LOCKS)/development.txt
	@$(INSTALL) -r $(LOCKS)/development.txt
	@touch $@

setup: $(VENV)/.development ## Make .venv with everything for development

demo: $(VENV)/.command-line ## Run the whole pipeline here: three PDFs in, summaries out
	@$(BIN)/seashore demo

test: $(VENV)/.development ## All tests: unit, moto and the local stack, then a small chaos suite by itself
	@$(PYTEST) -n auto --dist loadgroup --ignore=tests/chaos
	@$(PYTEST) tests/chaos

chaos: $(VENV)/.development ## Nothing lost, nothing twice: the chaos suite at full size, with its figures
	@$(PYTEST) tests/chaos --full --timeout=0

fuzz: $(VENV)/.development ## Any input, no crash: decoders and PDFs, SECONDS (60) for each target
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

bench: bench-batch bench-extraction bench-model ## Measure everything that follows

bench-batch: $(VENV)/.development ## Measure: a batch of ten beside plain Powertools
	@$(BIN)/python -m tests.benchmarks.bench_batch

bench-extraction: $(VENV)/.development ## Measure: pages per second beside both engines alone
	@$(BIN)/python -m tests.benchmarks.bench_extraction

bench-model: $(VENV)/.development ## Measure: a model call beside the SDK alone, the extractive model
	@$(BIN)/python -m tests.benchmarks.bench_llm

lint: $(VENV)/.development ## Format and lint checks, and the template's
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/cfn-lint --append-rules cfn_lint_serverless.rules -- infra/template.yaml

types: $(VENV)/.development ## mypy, strict
	@$(BIN)/mypy

check: lint types test ## What CI runs: lint, types, tests

lock: $(BIN)/uv ## Resolve the dependencies anew into hashed lock files
	@$(BIN)/python infra/locks/compile.py

clean: ## Remove environments, caches and the local stack's state
	@rm -rf $(VENV) .seashore build .mypy_cache .pytest_cache .ruff_cache .hypothesis
