# make demo      the whole job in front of you: installs into .venv, reads two sandbox systems, writes letters, alerts
# make demo-live the same, stays up with a faster clock
# make test      format, lint, types, import contract, all tests (aim: under 5 minutes on two cores; took 3 1/2)
# make proof     the same properties, fuzzers and kill points at full counts; writes reports/proof-<date>.md
# make bench     the benchmarks
# make lock      resolves setup.cfg and requirements-dev.in anew into the two lock files
# make wheels    fills wheels/ for machines without a network: PIP_NO_INDEX=1 PIP_FIND_LINKS=wheels make demo
# make clean     removes what these made

# The system's own Python where it will do: built to run fast, as one compiled by hand seldom is.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo /usr/bin/python3 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
PYTEST_JOBS ?= 4
# Hundreds of stores, each flushed at every commit: in memory where there is room, since no test is about the disk's speed.
TEST_TMP ?= $(shell [ -w /dev/shm ] && df -Pk /dev/shm | awk 'NR == 2 { exit $$4 < 3000000 }' && echo /dev/shm || echo $${TMPDIR:-/tmp})
COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url

# A machine may forbid bytecode; here each of some hundred started programs would then compile the whole project anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo demo-live test still domain rest proof bench lock wheels clean

demo: $(VENV)/.run
	$(BIN)/dunghen demo

demo-live: $(VENV)/.run
	$(BIN)/dunghen demo --live

# The readers of source use one core, so the rules are tested on the other meanwhile: in one process, since pytest-cov
# takes no notice of `no_cover` in the workers of xdist.
test: $(VENV)/.dev
	$(MAKE) --no-print-directory -j2 --output-sync=target still domain
	$(MAKE) --no-print-directory rest

still: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

domain: $(VENV)/.dev
	TMPDIR=$(TEST_TMP) $(BIN)/pytest tests/domain --cov --cov-report=term-missing:skip-covered

rest: $(VENV)/.dev
	TMPDIR=$(TEST_TMP) $(BIN)/pytest -n $(PYTEST_JOBS) --dist worksteal --ignore=tests/domain

proof: $(VENV)/.dev
	$(BIN)/python -m tests.proof

bench: $(VENV)/.dev
	set -e; for file in bench/*.py; do echo "== $$file"; $(BIN)/python -m bench.$$(basename $$file .py); done

lock: $(VENV)/.dev
	echo 'setuptools>=77' | $(COMPILE) setup.cfg - --extra demo --extra sign -o requirements.lock
	$(COMPILE) setup.cfg requirements-dev.in --extra demo --extra sign -c requirements.lock -o requirements-dev.lock

wheels: $(VENV)/.run
	$(PIP) download --require-hashes -r requirements.lock -d wheels
	$(PIP) wheel --no-deps --no-build-isolation -w wheels .

clean:
	rm -rf $(VENV) build dist wheels demo reports *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .import_linter_cache

# locked FILE, OPTION FOR UV, OPTION FOR PIP. uv installs the same hashes in seconds where pip takes a minute; it knows nothing
# of pip's own settings, so wherever it does not get through (no network, a wheel folder, a mirror) pip does it.
define locked
awk '/^[^ #]/ { on = /^uv==/ } on' requirements-dev.lock > $(VENV)/uv.lock
{ [ -z "$$PIP_NO_INDEX" ] && $(PIP) install --require-hashes -r $(VENV)/uv.lock \
	&& $(BIN)/uv pip install -q --python $(BIN)/python $(2) --require-hashes -r $(1); } \
	|| $(PIP) install $(3) --require-hashes -r $(1)
endef

# Everything below the program has an exact version and a hash; the program itself is installed editable.
$(VENV)/.run: requirements.lock setup.cfg pyproject.toml | $(BIN)/python
	$(call locked,requirements.lock,,--no-compile)
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements-dev.lock setup.cfg pyproject.toml | $(BIN)/python
	$(call locked,requirements-dev.lock,--compile-bytecode,)
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: PYTHON=python3.12 make …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "One package is missing. Run:  apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
