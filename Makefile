# Bare `make` prints this menu. Every target sets up .venv by itself when it is missing.
PYTHON ?= python3
BIN := .venv/bin
PEERS := .venv-bench/bin
GUARDS := .venv-guards/bin
SBOM := .venv-sbom/bin
EXTRAS := celery fab fhir hl7 openlineage oracle postgres sftp
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' plugins/hms_syn/__init__.py)
SEMGREP := $(GUARDS)/semgrep scan --metrics off --disable-version-check
INDEX := $(or $(UV_DEFAULT_INDEX),$(PIP_INDEX_URL),$(shell $(PYTHON) -m pip config get global.index-url 2>/dev/null))
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraints constraints.txt $(if $(INDEX),--default-index $(INDEX))
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test soak bench check lint guards fmt types docs sbom lock clean

help: ## print this menu
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 16

demo: .venv/.ready ## the whole product in two minutes (ARGS=--once ends by itself)
	@$(BIN)/hms-syn demo $(ARGS)

test: .venv/.ready-dev ## every test, with its own PostgreSQL, Airflow and node-soap (ARGS=-k name)
	@$(BIN)/pytest -n 3 $(ARGS)

soak: .venv/.ready-dev ## 20,000 schedules, hundreds of kills, minutes of bad weather (ARGS="--kills 300 --minutes 10 --seed 1")
	@SCHEDULES=$(or $(SCHEDULES),20000) $(BIN)/pytest -q -n 2 tests/simulation/test_schedules.py tests/simulation/test_more_schedules.py
	@$(BIN)/pytest -q tests/soak/soak_*.py $(ARGS)

check: lint guards types test ## everything CI runs: style, layers, types, tests, docs

lint: .venv/.ready-dev ## ruff and the layers of the architecture
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports

guards: .venv-guards/.ready ## our own semgrep rules, each with its test, and zizmor on the workflows
	@PATH="$(GUARDS):$$PATH" $(SEMGREP) --test guards
	@PATH="$(GUARDS):$$PATH" $(SEMGREP) --config guards --error --quiet plugins dags docs
	@$(GUARDS)/zizmor --offline --no-progress --quiet .github docs/examples

types: .venv/.ready-dev ## mypy, strict
	@$(BIN)/mypy

fmt: .venv/.ready-dev ## format and mend what ruff can mend
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: .venv-bench/.ready ## beside the peers, with ratios (GOALS=queue, ROUNDS=3, QUICK=1, WRITE=1 renews the page)
	@PYTHONPATH=. $(PEERS)/python -W ignore -m benchmarks $(if $(GOALS),--goals $(GOALS)) \
	  $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(QUICK),--quick) $(if $(WRITE),--write)

docs: .venv/.ready-docs ## the documentation as a site, in site/ (every warning is an error)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "open site/index.html"

# The version stands in the package alone, so that the list is given a copy of pyproject.toml that says it.
sbom: .venv-sbom/.ready ## what the image installs, as CycloneDX JSON, in dist/
	@mkdir -p dist
	@sed 's/^dynamic = \["version"\]/version = "$(VERSION)"/' pyproject.toml > .venv-sbom/pyproject.toml
	@$(SBOM)/cyclonedx-py environment .venv-sbom/runtime/bin/python --pyproject .venv-sbom/pyproject.toml \
	  --output-reproducible --short-PURLs --validate --output-file dist/hms-syn.cdx.json
	@echo "dist/hms-syn.cdx.json"

lock: .venv/.ready-dev ## renew constraints.txt, without index addresses
	@$(BIN)/uv pip compile pyproject.toml --group dev --group bench --group docs $(EXTRAS:%=--extra %) --universal --python-version 3.10 --upgrade --quiet \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --output-file constraints.txt
	@for each in requirements sbom; do \
	  $(BIN)/uv pip compile guards/$$each.in --universal --python-version 3.10 --upgrade --quiet \
	    --no-emit-index-url --no-emit-find-links --no-header --no-annotate --output-file guards/$$each.txt || exit 1; done
	@! grep -nE '://|index-url|find-links' constraints.txt guards/requirements.txt guards/sbom.txt

clean: ## remove what the targets above have made
	@rm -rf .venv .venv-bench .venv-guards .venv-sbom .hms-syn .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist site tests/peers/node_modules tests/peers/soapbar_venv tests/peers/.clinic tests/peers/*.lock

.venv/bin/uv: constraints.txt
	@echo "Setting up .venv (once, a minute or two) …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	@touch $@

.venv/.ready: .venv/bin/uv pyproject.toml
	@echo "Installing Airflow and HMS-SYN …"
	@$(INSTALL) --editable .
	@touch $@

.venv/.ready-dev: .venv/.ready
	@echo "Installing what the tests need …"
	@$(INSTALL) --editable '.[celery,fab,postgres,fhir,hl7,openlineage,oracle,sftp]' --group dev
	@touch $@

.venv/.ready-docs: .venv/bin/uv pyproject.toml
	@$(INSTALL) --group docs
	@touch $@

.venv-guards/.ready: .venv/bin/uv guards/requirements.txt
	@echo "Installing the guards …"
	@$(PYTHON) -m venv .venv-guards
	@$(BIN)/uv pip install --quiet --python $(GUARDS)/python --requirement guards/requirements.txt $(if $(INDEX),--default-index $(INDEX))
	@touch $@

# In runtime/ is what the image installs and nothing else, so that the list has its licences and what needs what.
.venv-sbom/.ready: .venv/bin/uv guards/sbom.txt pyproject.toml constraints.txt
	@echo "Installing what the list is made of …"
	@$(PYTHON) -m venv --clear .venv-sbom
	@$(BIN)/uv pip install --quiet --python $(SBOM)/python --requirement guards/sbom.txt $(if $(INDEX),--default-index $(INDEX))
	@$(PYTHON) -m venv --without-pip .venv-sbom/runtime
	@$(BIN)/uv pip install --quiet --python .venv-sbom/runtime/bin/python --constraints constraints.txt \
	  --requirement pyproject.toml $(EXTRAS:%=--extra %) $(if $(INDEX),--default-index $(INDEX))
	@touch $@

# The peers stay out of .venv: one of them is an Airflow plugin too, with a habit of telling its makers that it runs.
.venv-bench/.ready: .venv/bin/uv pyproject.toml
	@echo "Installing the peers to measure beside …"
	@$(PYTHON) -m venv .venv-bench
	@$(subst $(BIN)/python,$(PEERS)/python,$(INSTALL)) --editable '.[postgres,fhir,hl7,oracle,sftp]' --group dev --group bench
	@touch $@
