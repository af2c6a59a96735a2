# Two commands to know: `make demo` and `make test`. Each makes the environment if it is not there.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install demo test check bench lock clean

install: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("auditbot needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Set PYTHON=python3.11 or newer.") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: install
	@$(BIN)/python -m bot.demo $(if $(ONCE),--once)

test: install
	$(BIN)/python -m pytest -q --numprocesses auto --dist loadfile

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/auditbot check
	@! grep -nE 'https?://' requirements.lock || (echo "requirements.lock: addresses do not belong in it; make it again with 'make lock'." && false)

bench: install
	$(BIN)/python tests/bench/bench_load.py
	$(BIN)/python tests/bench/bench_spc.py
	$(BIN)/python tests/bench/bench_null.py
	$(BIN)/python tests/bench/bench_turn.py
	$(BIN)/python tests/bench/bench_chart.py
	$(BIN)/python tests/bench/bench_ask.py

# Needs uv on the path.
lock:
	uv pip compile pyproject.toml --group dev --universal --generate-hashes \
	  --no-annotate --no-header --python-version 3.11 --quiet --output-file requirements.lock > /dev/null

clean:
	rm -rf .venv var dist .mypy_cache .ruff_cache .pytest_cache
