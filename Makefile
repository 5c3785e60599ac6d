# `make demo` and `make test` do all set-up by themselves: a virtual environment in .venv, by uv where it is there.
# Another Python: `make PYTHON=python3.13 test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
PRISM := tests/contract/node_modules/.package-lock.json
LOOKS := tests/browser/node_modules/.package-lock.json

.PHONY: help demo test contract browser gallery peers fuzz fast lint format golden bench clean

help:
	@echo "make demo | test | contract (requests against the forges' descriptions; needs Node.js) | browser (pages in Chromium; needs that and Node.js) | gallery (screenshots of all kinds of reports, in gallery/; needs the same) | peers (beside the tools themselves, which it installs) | fuzz (damaged files) | fast (without slow tests) | lint | format | golden (expected reports anew) | bench (measures) | clean"

demo: $(STAMP)
	$(BIN)/mlbot demo

test: $(STAMP)
	$(BIN)/pytest

contract: $(STAMP) $(PRISM)
	$(BIN)/pytest -n 0 tests/contract

browser: $(STAMP) $(LOOKS)
	$(BIN)/pytest -n 2 tests/browser

gallery: $(STAMP) $(LOOKS)
	$(BIN)/python -m tests.gallery

peers: $(STAMP)
	$(BIN)/pytest -n 0 tests/peers

fuzz: $(STAMP)
	$(BIN)/pytest tests/fuzz

fast: $(STAMP)
	$(BIN)/pytest -m "not slow"

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/yamllint -d "{extends: relaxed, rules: {line-length: disable}}" .github .pre-commit-config.yaml

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(STAMP)
	$(BIN)/pytest -n 0 tests/test_golden.py tests/test_docs.py --update-golden

bench: $(STAMP)
	$(BIN)/python -m tests.bench

$(STAMP): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "mlbot needs Python 3.11 or newer: try make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; exit 2; }
	@if command -v uv >/dev/null 2>&1; then \
		test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) $(VENV); \
		uv pip install --quiet --python $(BIN)/python --group dev -e ".[demo]"; \
	else \
		test -x $(BIN)/python || $(PYTHON) -m venv $(VENV); \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev -e ".[demo]"; \
	fi
	@touch $(STAMP)

# None of the packages needs its scripts.
$(PRISM) $(LOOKS): tests/%/node_modules/.package-lock.json: tests/%/package.json tests/%/package-lock.json
	@command -v npm >/dev/null || { echo "make $* needs Node.js 18.20 or newer, with npm: install it" >&2; exit 2; }
	@npm ci --prefix tests/$* --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

clean:
	rm -rf $(VENV) tests/contract/node_modules tests/browser/node_modules gallery build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis mlbot-report
