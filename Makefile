# Two commands do everything on a fresh machine with Python 3.11 or newer:
#
#   make demo    install what is needed into .venv and run the hello module
#   make test    the same, then every check and every test but those of make faults
#
# PYTHON=/path/to/python3 chooses the interpreter, WORKERS=n the number of test processes; PYTEST_ARGS and BENCH_ARGS are
# handed on.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=
BENCH_ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

# Processes are killed, or Pepr's behaviour is put in: minutes, so these are part of faults and not of test.
FAULTS := tests/faults tests/deployed tests/pepr/test_put_in.py tests/watch/test_replicas.py tests/examples/operator/test_killed.py \
	tests/cluster/test_durability.py tests/cli/test_run_certificates.py tests/cli/test_run_provided.py

TYPED := $(wildcard src examples)
LINTED := $(wildcard src examples tests tools benchmarks)

.PHONY: help demo test faults bench soak compiled lint format coverage lock models clean

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: $(VENV)/runtime.stamp ## Start a small cluster and show what the hello module does in it
	@$(BIN)/poblano demo

# A third of the time a test waits for a process or a clock: with three, two processors have work all the time.
test: lint compiled ## Every check, and every test that does not take minutes
	@$(BIN)/pytest -n $(or $(WORKERS),3) --dist loadfile --no-loadscope-reorder $(addprefix --ignore=,$(FAULTS)) $(PYTEST_ARGS)

faults: compiled ## What takes minutes: a cluster that fails, with an auditor; processes that are killed; Pepr's behaviours, put in
	@$(BIN)/pytest -n $(or $(WORKERS),2) --dist loadgroup $(PYTEST_ARGS) $(FAULTS)

# The tests start hundreds of processes. Where PYTHONDONTWRITEBYTECODE is set, each of them would compile what it imports.
compiled: $(VENV)/dev.stamp
	@$(BIN)/python -m compileall -q src

lint: $(VENV)/dev.stamp ## Style, types and layers, without the tests
	@tools/step "style" $(BIN)/ruff check $(LINTED)
	@tools/step "format" $(BIN)/ruff format --check $(LINTED)
	@tools/step "layers" $(BIN)/lint-imports --no-logo
	@if [ -f tools/generate_models.py ]; then tools/step "models are fresh" $(BIN)/python tools/generate_models.py --check; fi
	@tools/step "data of the cluster are fresh" $(BIN)/python tools/generate_cluster_data.py --check
	@tools/step "types: mypy, pyright" tools/together $(BIN)/mypy $(BIN)/pyright

format: $(VENV)/dev.stamp ## Let ruff rewrite what it can
	@$(BIN)/ruff check --fix-only $(LINTED)
	@$(BIN)/ruff format $(LINTED)

coverage: $(VENV)/dev.stamp ## The tests once more, with the lines and branches that none of them reaches
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -q $(PYTEST_ARGS)
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report

bench: $(VENV)/dev.stamp ## Poblano beside Pepr, measured in one run
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

soak: $(VENV)/dev.stamp ## 100 000 requests, watching the memory; then what hostile clients do to the others; then SIGKILL, and the faults at full length
	@$(BIN)/python -m benchmarks.soak
	@$(BIN)/python -m benchmarks.abuse
	@$(BIN)/python -m tests.cluster.killing 20
	@$(BIN)/python -m tests.watch.killing 10
	@POBLANO_FAULTS=full $(BIN)/pytest -n $(or $(WORKERS),2) --dist loadgroup tests/faults

lock: $(VENV)/dev.stamp ## Write requirements/*.lock anew from pyproject.toml (UPGRADE=1: newest versions)
	@tools/lock $(if $(UPGRADE),--upgrade)

models: $(VENV)/dev.stamp ## Generate src/poblano/models anew
	@$(BIN)/python tools/generate_models.py

clean: ## Remove what the other commands made
	@rm -rf $(VENV) build dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than what it was made from, so a second run installs nothing.
# Nothing comes from outside the lock: --no-build-isolation takes the build backend from it too.

$(VENV)/bin/python:
	@python=$$(tools/find-python) && printf '%-24s %s\n' "virtual environment" "$$python" && $$python -m venv $(VENV)

$(VENV)/runtime.stamp: requirements/runtime.lock pyproject.toml | $(VENV)/bin/python
	@tools/step "install" $(BIN)/python -m pip install --quiet --require-hashes -r requirements/runtime.lock
	@tools/step "install poblano" $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.lock $(VENV)/runtime.stamp
	@tools/step "install the checks" $(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.lock
	@touch $@
