# Each verb makes its own virtual environment when there is none.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=

# flake8-async beside ruff. Not asked: 109, a timeout of our client is part of the ask;
# 124, handlers are awaited whether they wait or not; 127, httpx is pinned on purpose;
# 128, a startable function may hand its task_status on; 910, 911, not every function
# that may be a checkpoint must be one.
UNASKED := ASYNC109,ASYNC124,ASYNC127,ASYNC128,ASYNC910,ASYNC911

.PHONY: serve test soak check bench fuzz docs sheet lock vendor screenshots

# Nothing is fetched that has no hash in requirements/: what a package without a wheel
# needs for its build would be, so only wheels are taken. To build one, WHEELS= does.
WHEELS ?= --only-binary :all:
INSTALL := $(BIN)/python -m pip install --quiet --require-hashes $(WHEELS)

# What a server needs. A stamp remembers which lock file was installed.
$(VENV)/run.stamp: requirements/run.txt requirements/build.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) -r requirements/run.txt -r requirements/build.txt
	$(BIN)/python -m pip install --quiet --no-index --no-deps --no-build-isolation -e .
	@touch $@

# What a developer needs on top.
$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	$(INSTALL) -r requirements/dev.txt
	@touch $@

# The third-party files of the page: once for each lock, as a stamp of their own says.
vendor:
	@$(PYTHON) tools/vendor_web.py

# Where those files cannot be had, the server runs all the same, and `/` says so. A make in
# a terminal of ANT is none of ours, so it gets no variable of this one.
serve: $(VENV)/run.stamp
	@$(BIN)/python tools/vendor_web.py || true
	@exec env -u MAKELEVEL -u MAKEFLAGS -u MFLAGS $(BIN)/ant serve $(ARGS)

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/flake8 --select=ASYNC --extend-ignore=$(UNASKED) \
	  --transform-async-generator-decorators=as_safe_channel \
	  --startable-in-context-manager=_signals,_guarded,run_session,start_tracking,start_delivering ant
	$(BIN)/mypy
	$(BIN)/python tools/check_web.py
	$(BIN)/pytest -q tests/test_architecture.py

# Side by side, three for two cores: a third of the time they wait for programs. More at
# once would be less like a quiet machine than tests of what takes how long can bear.
# Where the environment forbids Python to keep what it compiled, each of the servers that
# the tests start would compile us anew: a sixth of what starting one takes.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/dev.stamp
	@$(BIN)/python tools/vendor_web.py && $(BIN)/python tools/vendor_web.py --tools || true
	$(BIN)/pytest -q -n 3 --dist worksteal $(ARGS)

# Long loops: kills, torture, many examples. Two side by side: most of them wait, and none
# measures a time that a second one beside it would spoil.
soak: export PYTHONDONTWRITEBYTECODE =
soak: $(VENV)/dev.stamp
	$(BIN)/pytest -q -m soak --timeout 600 -n 2 --dist worksteal $(ARGS)

# Pictures of every screen into a folder, and those of the README into docs/images/.
screenshots: $(VENV)/dev.stamp vendor
	$(BIN)/python -m tests.web.screenshots $(or $(ARGS),screenshots)

bench: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks $(ARGS)

fuzz: $(VENV)/dev.stamp
	$(BIN)/pytest -q tests --hypothesis-profile=fuzz -k "any_split or fuzz" $(ARGS)

# Rewrites the pages that are generated from the source.
docs: $(VENV)/run.stamp
	$(BIN)/python -m ant.config > docs/settings.md
	$(BIN)/python -m ant.core.counters > docs/limits.md
	$(BIN)/python -m ant.http.contract.frame_schemas docs/schemas
	$(BIN)/python -m ant.http.reference docs/api.md
	$(BIN)/python -m ant.client.sync_source ant/client
	$(BIN)/python -m ant.http.client_reference docs/clients.md docs/library.md

# Rewrites what docs/agents.md says of each agent, from the recordings.
sheet: $(VENV)/dev.stamp
	$(BIN)/python -m tests.terminal.sheet

# Rewrites the hashed locks; needs uv. They name no index, so any mirror serves. One
# environment has all three, so the last takes the versions of the others.
COMPILE := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
  --no-header --python-version 3.11

lock:
	$(COMPILE) pyproject.toml -o requirements/run.txt
	$(COMPILE) pyproject.toml --extra dev -o requirements/dev.txt
	$(COMPILE) --group build -c requirements/dev.txt -o requirements/build.txt
	$(COMPILE) --group node -o requirements/node.txt
