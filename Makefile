# `make demo` and `make test` need Python 3.11 and make, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint types imports check fuzz clean

demo: $(READY)
	$(BIN)/python -m benchmarks.demo

test: $(READY)
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	mkdir -p .mypy_cache/packages && ln -sfn ../../cli .mypy_cache/packages/lgcodec_cli
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports

check: test lint types imports

# Coverage-guided; atheris has wheels for Linux and Python 3.11 to 3.14 alone.
MINUTES ?= 10
fuzz: $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt atheris
	$(BIN)/python -m benchmarks.fuzz --minutes $(MINUTES) --no-write

clean:
	rm -rf $(VENV) out

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --requirement requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable .
	touch $@
