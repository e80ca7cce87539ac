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
DEVELOPMENT := requirements/development.txt
CHAIN := $(VENV)/supply-chain

.DEFAULT_GOAL := help
.PHONY: help install up demo test test-all docs lint format bench lock audit sbom clean

help: ## show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

install: $(INSTALLED) ## create .venv with everything development needs
	@echo "$(VENV) is ready"

# Keyed on the dependencies: a changed one installs again, an unchanged one costs nothing. Every file that is
# installed has a hash in the lock; what builds makegood itself is among them.
$(INSTALLED): pyproject.toml $(DEVELOPMENT)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "makegood needs Python 3.11 or newer; '$(PYTHON)' is older or absent. Try: make install PYTHON=python3.12" >&2; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV) || \
		{ echo "could not create $(VENV); on Debian: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@echo "installing into $(VENV); about a minute the first time"
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes --requirement $(DEVELOPMENT)
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

up: $(INSTALLED) ## run the whole system on this machine, until ctrl-C
	$(BIN)/python -m workflow.cli up

demo: $(INSTALLED) ## play a broken promise and its recovery; STORY=1 to 5 for another
	$(BIN)/python -m workflow.cli demo $(if $(STORY),--story $(STORY))

# CI says so by CI=true: there, nothing is left out.
test: $(INSTALLED) ## run each behaviour once, against real servers
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(if $(filter true,$(CI)),,--short)

test-all: $(INSTALLED) ## run every test in every variant, as CI does
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

docs: $(INSTALLED) ## the pages as a site, in build/docs; a link that leads nowhere is an error
	$(BIN)/python -m sphinx -W --keep-going -q -c docs . build/docs
	@echo "build/docs/index.html"

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

# What locks, audits and lists the packages has an environment of its own: who only develops need not wait for it.
$(CHAIN)/.installed: $(INSTALLED) requirements/supply-chain.txt
	@$(BIN)/python -m venv --clear $(CHAIN)
	@echo "installing into $(CHAIN)"
	@$(CHAIN)/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes \
		--requirement requirements/supply-chain.txt
	@touch $@

# For every Python and platform at once. Those of the image and of the build are chosen among those of development:
# what runs is what was tested.
COMPILE = $(CHAIN)/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --custom-compile-command 'make lock' --upgrade
REQUIRES = import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")

lock: $(CHAIN)/.installed ## choose the newest versions of all dependencies, with their hashes, in requirements/
	$(COMPILE) --extra dev --output-file $(DEVELOPMENT) pyproject.toml
	$(COMPILE) --extra channels --extra otel --extra postgresql --constraint $(DEVELOPMENT) \
		--output-file requirements/image.txt pyproject.toml
	$(BIN)/python -c '$(REQUIRES)' | $(COMPILE) --constraint $(DEVELOPMENT) --output-file requirements/build.txt -
	$(COMPILE) --group supply-chain --output-file requirements/supply-chain.txt

audit: $(CHAIN)/.installed ## ask the advisories of PyPI about every locked version
	$(CHAIN)/bin/python requirements/audit.py $(DEVELOPMENT) requirements/supply-chain.txt

sbom: $(CHAIN)/.installed ## what the image is made of, as CycloneDX: build/sbom.json
	@mkdir -p build
	$(CHAIN)/bin/cyclonedx-py requirements --output-reproducible --output-file build/sbom.json \
		--pyproject pyproject.toml requirements/image.txt

clean: ## remove .venv and caches; data in .makegood stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
