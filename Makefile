# `make demo` runs the library, `make test` and `make check` test it. Needs make and Python 3.11 or newer.
#
#   make demo PHOTOS=~/Pictures PORT=9000 HOST=127.0.0.1 DAM_DATA_DIR=/srv/library
#
# make hands variables of its command line and of the environment on to what it runs.

VENV ?= .venv
PY := $(VENV)/bin/python
PIP_INSTALL := $(PY) -m pip install --disable-pip-version-check --prefer-binary -c constraints.txt
CHECKED := dam dam_client media_library search benchmarks translations

.PHONY: demo test test-uploads test-faults schema-fuzz check format translations bench eval-search eval-facts eval-duplicates train calibrate eval-model clean distclean

# Compiled here, every process starts faster, also where PYTHONDONTWRITEBYTECODE is set.
demo: $(VENV)/demo.stamp
	@$(PY) -m compileall -qq dam dam_client media_library search || true
	@exec $(PY) -m dam.embedded.demo

# Half of them wait for something at any time, so two at once take little more than half the time. Each has its own servers.
test: WORKERS ?= 2
test: $(VENV)/dev.stamp
	@$(PY) -m tests.chromium
	$(PY) -m pytest --numprocesses $(WORKERS) --dist loadfile $(ARGS)

# Two thousand files through the page, with the web server killed half-way: docs/uploads.md.
test-uploads: export UPLOAD_FILES = $(or $(FILES),2000)
test-uploads: $(VENV)/dev.stamp
	@$(PY) -m tests.chromium
	$(PY) -m pytest tests/browser/test_two_thousand_uploads.py $(ARGS)

# Everything killed at random, the disk full and S3 cut off, while pictures are imported: docs/reliability.md.
# `make test-faults ROUNDS=50 PICTURES=1000 SEED=1`; each test takes about a minute a round.
test-faults: export FAULT_ROUNDS = $(or $(ROUNDS),50)
test-faults: export FAULT_PICTURES = $(or $(PICTURES),1000)
test-faults: export FAULT_SEED = $(SEED)
test-faults: export FAULT_MODEL = $(or $(MODEL),offline)
test-faults: $(VENV)/dev.stamp
	$(PY) -m pytest tests/faults $(ARGS)

# What the schema says, asked of a running server for longer than `make test` does: `FUZZ_EXAMPLES=500 make schema-fuzz`.
schema-fuzz: export FUZZ_EXAMPLES ?= 100
schema-fuzz: export FUZZ_PHASES ?= examples,coverage,fuzzing,stateful
schema-fuzz: export FUZZ_SECONDS ?= 14400
schema-fuzz: $(VENV)/dev.stamp
	$(PY) -m pytest tests/fuzz/test_schema_fuzz.py $(ARGS)

# The settings make a secret key on first use; a check leaves nothing behind.
check: export DAM_SECRET_KEY = check
check: $(VENV)/dev.stamp
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy $(CHECKED)
	$(PY) -m dam.embedded.run --throwaway manage.py makemigrations --check --dry-run
	$(PY) manage.py check

format: $(VENV)/dev.stamp
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# After texts of the code or the templates have changed: see translations/__init__.py.
translations: $(VENV)/dev.stamp
	$(PY) -m translations $(ARGS)

# Prints tables; needs a quiet machine. `make bench ARGS="queries recall"` runs a part of it.
bench: $(VENV)/dev.stamp
	$(PY) -m benchmarks $(ARGS)

# What searches find, and whether bands can be trusted, on photographs with one folder per class.
eval-search: $(VENV)/dev.stamp
	$(PY) -m benchmarks.composed --photos $(JUDGED)
	$(PY) -m benchmarks.fused --photos $(JUDGED)
	$(PY) -m benchmarks.relevance --photos $(JUDGED)
	$(PY) -m benchmarks.planted --photos $(JUDGED) --backgrounds $(DATA)

# Whether blurred, dark and bright pictures are told from others.
eval-facts: $(VENV)/dev.stamp
	$(PY) -m benchmarks.facts --photos $(JUDGED) --train $(DATA)

# Whether edited copies of photographs are found, and nothing else is taken for one.
eval-duplicates: $(VENV)/dev.stamp
	$(PY) -m benchmarks.duplicates --photos $(JUDGED) --train $(DATA) $(ARGS)

# --- the offline model: see training/README.md ------------------------------------------------------------------

DATA ?= ../shared/data/train
JUDGED ?= ../shared/data/photos
TRAINING_CACHE ?= .cache/training
RUN ?= runs/tower
STEPS ?= 7000
SIZE ?= 96
TOWER ?= search/embedders/offline/image_tower.safetensors

EVALUATE = $(PY) -m training.evaluate --size $(SIZE) --data $(DATA) --cache $(TRAINING_CACHE) \
  --baseline $(DATA)/baseline-regnetx_004.safetensors --photos $(JUDGED) --keep-away $(JUDGED)

train: $(VENV)/train.stamp
	$(PY) -m training.train --data $(DATA) --keep-away $(JUDGED) --cache $(TRAINING_CACHE) --out $(RUN) --steps $(STEPS)
	$(PY) -m training.export --checkpoint $(RUN)/checkpoint.pt --out $(RUN) --size $(SIZE)
	$(EVALUATE) --tower $(RUN)/image_tower.safetensors > $(RUN)/table.md
	@echo "$(RUN)/table.md is the table of its model card."

# The bands of search results under the offline model: after `make train`, once its tower has been put into its place.
calibrate: $(VENV)/train.stamp
	$(PY) -m training.calibrate --data $(DATA) --keep-away $(JUDGED) --cache $(TRAINING_CACHE)

eval-model: $(VENV)/train.stamp
	$(EVALUATE) --tower $(TOWER)
	$(PY) -m training.speed --tower $(TOWER)

# --- the virtual environment: made once, installed again when what is wanted changes ----------------------------

$(VENV)/demo.stamp: pyproject.toml constraints.txt $(VENV)/made.stamp
	@echo "Installing into $(VENV): some minutes and about 1.5 GB the first time."
	$(PIP_INSTALL) -e '.[offline,embedded,demo,mcp]'
	@touch $@

$(VENV)/dev.stamp: pyproject.toml constraints.txt $(VENV)/demo.stamp
	$(PIP_INSTALL) -e '.[offline,embedded,demo,mcp,dev]'
	@touch $@

$(VENV)/train.stamp: pyproject.toml constraints.txt $(VENV)/demo.stamp
	$(PIP_INSTALL) -e '.[offline,embedded,demo,mcp,train]'
	@touch $@

$(VENV)/made.stamp:
	@for python in $$PYTHON python3 python3.13 python3.12 python3.11 python3.14; do \
	  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    "$$python" -m venv --clear $(VENV) && touch $@ && exit 0; \
	    exit 1; \
	  fi; \
	done; \
	echo "Python 3.11 or newer with its venv module is needed: install it (Debian, Ubuntu: apt install python3-venv;" \
	  "macOS: brew install python), or name one with PYTHON=/path/to/python3." >&2; \
	exit 1

clean:
	rm -rf .pytest_cache .mypy_cache .ruff_cache test-results *.egg-info build
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV)
