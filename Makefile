# Every target sets up what it needs by itself: python3 (3.11 or newer), make and a package index are enough.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
READY := .venv/ready

.PHONY: demo test lint types unit test-slow lock clean

demo: $(READY)
	$(BIN)/bodychan demo --overwrite

test: lint types unit

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/pytest -m "not slow" -n 2 --dist loadgroup $(ARGS)

# Proofs that take minutes.
test-slow: $(READY)
	$(BIN)/pytest -m slow $(ARGS)

# The lock holds every package for every platform and Python, with hashes; needs uv.
lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock

clean:
	rm -rf .venv bodychan-demo .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): requirements.lock pyproject.toml scripts/bootstrap.py
	$(PYTHON) scripts/bootstrap.py
