# make run: set up what is missing, start everything, print the address.
# make test: the same for the tests; this is what CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev

.PHONY: run test check unit e2e chaos packages lock clean

run: $(RUN_STAMP)
	@exec $(BIN)/python app.py

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Signalbench needs Python 3.11 or newer; try: make run PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || bash .ci/install-debian-packages python3-venv
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# torch is installed by pip, which honours the index and wheel folder of the machine's own pip
# settings (a CPU-only build, for instance); everything else comes from the lock with hashes.
$(RUN_STAMP): requirements.lock | $(BIN)/uv
	@echo "Setting up Signalbench (once, about a minute) ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check 'torch>=2.10,<=2.13.0' 'setuptools<85'
	@touch $@

$(DEV_STAMP): requirements-dev.lock $(RUN_STAMP)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

# The servers and the browser that the tests drive for real.
packages:
	@bash .ci/install-debian-packages chromium postgresql redis-server poppler-utils

test: $(DEV_STAMP) packages check unit e2e

check: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(DEV_STAMP)
	$(BIN)/pytest -q -n 2 --dist loadscope --no-loadscope-reorder --ignore=tests/e2e

e2e: $(DEV_STAMP)
	$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder tests/e2e

# Breaks a running bench 200 times and compares every run with an undisturbed twin; the short form
# is in the tests. CHAOS="--faults 1000 --seed 7 --postgres" makes it longer or repeats it.
CHAOS ?=
chaos: $(DEV_STAMP) packages
	$(BIN)/python -m tests.chaos $(CHAOS)

# sktime is installed for the recordings in its wheel and never imported. What only its code needs
# stays out: scikit-learn imports pandas where it finds it, a second in every classical run.
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
	--no-emit-package pandas --no-emit-package scikit-base pyproject.toml requirements-torch.in

lock: | $(BIN)/uv
	$(COMPILE) -o requirements.lock
	$(COMPILE) --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
