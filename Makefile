# Two commands on a fresh machine: `make install`, `make demo`. Every target below installs first if needed.
# Another interpreter: `make install PYTHON=python3.13`. Fewer test processes: `make test WORKERS=1`.
PYTHON ?= python3
# One more than two cores have: tests that play a story wait more than they work.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(max(3, os.cpu_count() or 1))')
# Where a shell forbids bytecode, each of the hundreds of processes that tests start would compile our modules anew.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install up demo test lint format bench clean

help: ## show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

install: $(INSTALLED) ## create .venv with everything development needs
	@echo "$(VENV) is ready"

# Keyed on pyproject.toml: a changed dependency installs again, an unchanged one costs nothing.
$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "makegood needs Python 3.11 or newer; '$(PYTHON)' is older or absent. Try: make install PYTHON=python3.12" >&2; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV) || \
		{ echo "could not create $(VENV); on Debian: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@echo "installing into $(VENV); about a minute the first time"
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --editable '.[dev]'
	@touch $@

up: $(INSTALLED) ## run the whole system on this machine, until ctrl-C
	$(BIN)/python -m workflow.cli up

demo: $(INSTALLED) ## play a broken promise and its recovery, in compressed time; STORY=1 to 5 for another
	$(BIN)/python -m workflow.cli demo $(if $(STORY),--story $(STORY))

test: $(INSTALLED) ## run all tests, against real servers
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

lint: $(INSTALLED) ## style, types, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED) ## let ruff put style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED) ## measure everything beside the limit and the peers; half an hour, nothing else running
	$(BIN)/python -m benchmarks $(if $(JSON),--json $(JSON)) $(NAMES)

clean: ## remove .venv and caches; data in .makegood stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
