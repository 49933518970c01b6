# Every target sets up its own .venv from nothing but Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCKS := infra/locks
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes
PYTEST := $(BIN)/python -m pytest
# The tests start hundreds of Pythons. Where this is set, as in many containers, each of them would
# compile again all that it imports, which takes longer than what it is there for.
unexport PYTHONDONTWRITEBYTECODE
# How long `make fuzz` looks at each target.
SECONDS ?= 60
# How many requests `make api-check` sends to each route at the least.
EXAMPLES ?= 50

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint types chaos fuzz api-check openapi bench bench-batch \
  bench-overhead bench-end-to-end bench-latency bench-peers bench-cost bench-scale \
  check-servers bench-extraction bench-ocr bench-truth bench-marks bench-formats bench-answers bench-ask bench-lists \
  bench-quality bench-console bench-model \
  bench-costs bench-report bench-sweep bench-coldstart pictures lock audit clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/uv: $(LOCKS)/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.13" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCKS)/bootstrap.txt || \
	  { echo "The packages did not come: the first set-up needs the network, or a mirror in PIP_INDEX_URL and UV_INDEX_URL." >&2; exit 1; }
	@touch $@

$(VENV)/.command-line: $(BIN)/uv $(LOCKS)/command-line.txt pyproject.toml
	@echo "Setting up $(VENV)"
	@$(INSTALL) -r $(LOCKS)/command-line.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.development: $(VENV)/.command-line $(LOCKS)/development.txt $(LOCKS)/scripts.txt
	@$(INSTALL) -r $(LOCKS)/development.txt
	@$(INSTALL) --no-deps -r $(LOCKS)/scripts.txt
	@touch $@

setup: $(VENV)/.development ## Make .venv with everything for development

demo: $(VENV)/.command-line ## Run the whole pipeline here: three PDFs in, summaries out
	@$(BIN)/seashore demo

test: $(VENV)/.development ## All tests: unit, moto, the local stack, a small chaos suite
	@$(PYTEST) -n 4 --dist loadgroup

chaos: $(VENV)/.development ## Nothing lost, nothing twice: the chaos suite at full size, with its figures
	@$(PYTEST) tests/chaos --full --timeout=0

fuzz: $(VENV)/.development ## Any input, no crash: decoders and PDFs, SECONDS (60) for each target
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

bench: bench-overhead bench-end-to-end bench-latency bench-peers bench-cost bench-batch bench-extraction bench-model bench-report bench-sweep bench-costs bench-coldstart ## Measure most of what follows; the first five write docs/benchmarks.md

bench-overhead: $(VENV)/.development ## Measure: CPU and requests an item beside a bare loop and plain Powertools
	@$(BIN)/python -m tests.benchmarks.suite overhead --keep

bench-end-to-end: $(VENV)/.development ## Measure: items a second on the local stack beside a no-op and an earlier commit
	@$(BIN)/python -m tests.benchmarks.suite end-to-end --keep

bench-latency: $(VENV)/.development ## Measure: from a dropped file to its summary, idle and busy
	@$(BIN)/python -m tests.benchmarks.suite latency --keep

bench-peers: $(VENV)/.development ## Measure: Celery, Dramatiq, taskiq, DBOS beside ours while workers are killed; needs redis-server
	@$(BIN)/python -m tests.benchmarks.suite peers --keep

bench-cost: $(VENV)/.development ## Measure: dollars of 1,000 documents beside Step Functions and durable functions
	@$(BIN)/python -m tests.benchmarks.suite cost --keep

bench-scale: $(VENV)/.development ## Measure: calls and time an item up to 100,000 items and 10,000 pages; hours, or OPTIONS="--minutes 20"
	@$(BIN)/python -m tests.benchmarks.suite scale --keep $(OPTIONS)

bench-batch: $(VENV)/.development ## Measure: a batch of ten beside plain Powertools
	@$(BIN)/python -m tests.benchmarks.bench_batch

bench-extraction: $(VENV)/.development ## Measure: pages per second beside both engines alone
	@$(BIN)/python -m tests.benchmarks.bench_extraction

bench-ocr: $(VENV)/.development ## Measure: recognition of 60 scanned pages, spoilt in four ways; OPTIONS
	@$(BIN)/python -m tests.benchmarks.bench_ocr $(OPTIONS)

bench-truth: $(VENV)/.development ## Measure: what is read beside independent readers; FOLDERS, OPTIONS
	@$(BIN)/python -m tests.benchmarks.bench_truth $(OPTIONS) $(FOLDERS)

bench-marks: $(VENV)/.development ## Measure: are quotes marked where they stand, and nothing else; FOLDERS, OPTIONS
	@$(BIN)/python -m tests.benchmarks.bench_marks $(OPTIONS) $(FOLDERS)

bench-formats: $(VENV)/.development ## Measure: words, units and speed of formats beside other libraries
	@$(BIN)/python -m tests.benchmarks.bench_formats $(OPTIONS)

check-servers: $(VENV)/.development ## Check: what comes of the answers of real model servers; installs 900 MB
	@$(BIN)/python -m tests.servers.check_servers

bench-answers: $(VENV)/.development ## Measure: dollars and truth of summaries beside an earlier commit; OPTIONS
	@$(BIN)/python -m tests.benchmarks.bench_answers $(OPTIONS)

bench-lists: $(VENV)/.development ## Measure: are long lists whole, what they cost, how long they take; OPTIONS
	@$(BIN)/python -m tests.benchmarks.bench_lists $(OPTIONS)

bench-quality: $(VENV)/.development ## Measure: the golden set's scores beside an earlier commit; OPTIONS
	@$(BIN)/python -m tests.benchmarks.bench_quality $(OPTIONS)

bench-console: $(VENV)/.development ## Measure: the console's lists over 10,000 documents, beside the JSON route
	@$(BIN)/python -m tests.benchmarks.bench_console $(OPTIONS)

bench-ask: $(VENV)/.development ## Measure: peak memory of a question over 20 documents of 5,000 pages
	@$(BIN)/python -m tests.benchmarks.bench_ask $(OPTIONS)

bench-costs: $(VENV)/.development ## Measure: what a thousand documents cost, part by part
	@$(BIN)/python -m tests.benchmarks.bench_costs

bench-report: $(VENV)/.development ## Measure: the report of a day with 100,000 documents
	@$(BIN)/python -m tests.benchmarks.bench_report

bench-sweep: $(VENV)/.development ## Measure: the sweep of 100,000 dead letters
	@$(BIN)/python -m tests.benchmarks.bench_sweep

bench-model: $(VENV)/.development ## Measure: a model call beside the SDK alone, the extractive model
	@$(BIN)/python -m tests.benchmarks.bench_llm

bench-coldstart: $(VENV)/.development ## Measure: the start of each function beside a naive handler
	@$(BIN)/python -m tests.benchmarks.bench_coldstart

lint: $(VENV)/.development ## Format and lint checks, and the template's
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/cfn-lint --append-rules cfn_lint_serverless.rules -- infra/template.yaml

types: $(VENV)/.development ## mypy, strict
	@$(BIN)/mypy

audit: $(VENV)/.development ## What other tools find: sam validate and build, checkov, bandit, detect-secrets
	@$(BIN)/python -m infra.audit

check: lint types test ## What CI runs: lint, types, tests

api-check: $(VENV)/.development ## schemathesis against the HTTP API on a local stack, EXAMPLES (50) a route
	@$(PYTEST) tests/local_stack/test_api_schema.py --api-examples $(EXAMPLES) --timeout=0

openapi: $(VENV)/.development ## Write docs/openapi.json anew from the routes of the HTTP API
	@$(BIN)/python -m infra.openapi_file

pictures: $(VENV)/.command-line ## Take the README's pictures anew from a demo; needs Debian's chromium
	@$(BIN)/seashore demo
	@$(BIN)/python -m infra.pictures

lock: $(BIN)/uv ## Resolve the dependencies anew into hashed lock files
	@$(BIN)/python infra/locks/compile.py

clean: ## Stop the local stack; remove environments, caches and the stack's state
	@test ! -e .seashore/local.json || ! test -x $(BIN)/seashore || $(BIN)/seashore local down --delete-data
	@rm -rf $(VENV) .seashore build .mypy_cache .pytest_cache .ruff_cache .hypothesis
