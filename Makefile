# Every target does its own set-up. PYTHON chooses the interpreter (3.11 or later).
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/ready
INSTALL = $(VENV)/bin/uv pip install --quiet --compile-bytecode --system-certs --python $(VENV)/bin/python
SLOWLY = $(VENV)/bin/pip install --quiet --disable-pip-version-check
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help setup demo repro paper test slow light bench corpus-check lint check gate tiny trust coverage audit lock \
  clean

help: ## Say what there is
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## Make .venv and install the locked dependencies

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("error: Python 3.11 or later is needed, this is " + sys.version.split()[0] + "; say make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	@# uv, from the same lock file, installs the rest in half of pip's time. It does not read pip's settings (an
	@# index of one's own, say): where it fails, pip does it.
	sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.txt
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement $(VENV)/uv.txt
	$(INSTALL) --require-hashes --no-deps --requirement requirements.lock || \
	  $(SLOWLY) --require-hashes --no-deps --requirement requirements.lock
	$(INSTALL) --no-deps --no-build-isolation --editable . || $(SLOWLY) --no-deps --no-build-isolation --editable .
	@touch $@

# The demo is run in a copy, so that no file here changes. What it converted and trained stays there: said again, it does
# only what is left to do.
DEMO := .work/demo

demo: $(READY) ## Run the whole pipeline on music21's own quartets, in .work/demo: minutes on two cores, no download of music
	@echo "The whole pipeline in $(DEMO), where nothing else is changed. It trains two small networks from nothing, with a line"
	@echo "of progress for each stage; ten minutes at most on two cores, and in the end the address of a page to open."
	.ci/copy $(DEMO)
	cd $(DEMO) && python -m quartetvae.pipeline.profiles profiles/demo.yaml > profile.log && \
	  QUARTETVAE_CACHE="$${QUARTETVAE_CACHE:-$(CURDIR)/.work/downloads}" dvc repro && python -m stages

repro: $(READY) ## Run the default profile, MusicNet and OpenScore: hours on two cores
	python -m quartetvae.pipeline.profiles profiles/default.yaml
	dvc repro
	@python -m stages

paper: $(READY) ## Run the paper's protocol, its defects included: hours
	python -m quartetvae.pipeline.profiles profiles/paper.yaml
	dvc repro
	@python -m stages

# A file's tests stay in one process, so that they share what it sets up.
TEST = python -m pytest --numprocesses auto --dist loadfile

test: $(READY) ## Run the tests, but for those that take long: minutes
	$(TEST) -m "not slow and not corpus"

slow: $(READY) ## Run the tests that take long
	$(TEST) -m "slow and not corpus"

light: $(READY) ## Build the package, install it into an empty environment, measure that and run it: a minute
	python -m benchmarks.install

# ITEMS names some of them; `python -m benchmarks --help` lists all.
bench: $(READY) ## Measure speed and growth, ours beside others: benchmarks/results.json and docs/benchmarks.md
	python -m benchmarks $(ITEMS)

corpus-check: $(READY) ## Read every score of OpenScore (QUARTETVAE_MIRROR names where it lies) and compare with the counts
	python -m pytest -m corpus

lint: $(READY) ## Check style and types
	ruff check .
	ruff format --check .
	mypy

check: $(READY) ## Check that dvc.lock is up to date with code and parameters
	@found="$$(dvc repro --dry --allow-missing)"; echo "$$found"; \
	  echo "$$found" | grep --quiet 'Data and pipelines are up to date'

# BASE is the git revision to compare with.
BASE ?= HEAD

gate: $(READY) ## Check that no figure in metrics/ got worse since the commit BASE (HEAD)
	python -m quartetvae.pipeline.gate --base $(BASE)

tiny: $(READY) ## Run a tiny pipeline twice: the same bytes, and figures that hold against those committed in .ci/tiny
	GATE_BASE=$(BASE) .ci/tiny/run

trust: $(READY) ## Kill the tiny pipeline, run it elsewhere, damage files and code, and write docs/trust.md: an hour or two
	python -m trust.kills
	python -m trust.bytes
	python -m trust.mutations
	python -m trust.mutants
	python -m tools.trust

coverage: $(READY) ## Run the tests and write into docs/trust.md which share of the branches they take: half an hour
	python -m trust.coverage
	python -m tools.trust

# pip-audit is run by uv in an environment of its own, so that its dependencies are not ours. It asks a database on the
# network about each locked version, and ends with 1 if there is one with a known vulnerability.
audit: $(READY) ## Ask the database of vulnerabilities (OSV) about the versions in requirements.lock
	uv tool run pip-audit --requirement requirements.lock --require-hashes --disable-pip \
	  --vulnerability-service osv --progress-spinner off

# numerics.lock repeats the lines of the libraries that figures hang on: another test tool must not retrain the model.
lock: $(READY) ## Write requirements.lock anew from pyproject.toml, and numerics.lock from that
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	  --python-version 3.11 --extra dev pyproject.toml --output-file requirements.lock
	names="$$(sed 's/==.*//' numerics.lock | sort -u | paste -sd '|')"; \
	  grep -E "^($$names)==" requirements.lock | sed 's/ \\$$//' > numerics.new && mv numerics.new numerics.lock

clean: ## Remove what make and dvc made here, but for DVC's cache
	rm -rf $(VENV) .work .mypy_cache .pytest_cache .ruff_cache .hypothesis
