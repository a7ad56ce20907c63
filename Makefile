# `make demo` runs the library, `make test` and `make check` test it. Needs make and Python 3.11 or newer.
#
#   make demo PHOTOS=~/Pictures PORT=9000 HOST=127.0.0.1 DAM_DATA_DIR=/srv/library
#
# make hands variables of its command line and of the environment on to what it runs.

VENV ?= .venv
PY := $(VENV)/bin/python
PIP_INSTALL := $(PY) -m pip install --disable-pip-version-check --prefer-binary -c constraints.txt
CHECKED := dam dam_client media_library search benchmarks translations audits

.PHONY: demo test test-uploads test-faults test-hostile load-test test-many-machines schema-fuzz check audit format translations bench eval-search eval-facts eval-duplicates train calibrate eval-model clean distclean

# Every process starts faster, also where PYTHONDONTWRITEBYTECODE is set.
COMPILE = $(PY) -m compileall -qq dam dam_client media_library search || true

demo: $(VENV)/demo.stamp
	@$(COMPILE)
	@exec $(PY) -m dam.embedded.demo

# Half of them wait for something at any time, so three at once keep two cores busy. Each has its own servers. They take file
# after file, in the order of tests/conftest.py.
test: WORKERS ?= 3
test: $(VENV)/dev.stamp
	@$(PY) -m tests.chromium
	@$(COMPILE)
	$(PY) -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

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

# Thousands of files made to do harm, sent to the running product: docs/reliability.md.
# `make test-hostile FILES=5000 SEED=1`; a thousand take about five minutes.
test-hostile: export HOSTILE_FILES = $(or $(FILES),5000)
test-hostile: export HOSTILE_SEED = $(SEED)
test-hostile: $(VENV)/dev.stamp
	$(PY) -m pytest tests/hostile $(ARGS)

# Two hundred people browse, search and upload, and then three times as many: docs/reliability.md. Needs a quiet machine.
# `make load-test PEOPLE=200 MINUTES=10 FACTOR=3 THINK="15 45" ASSETS=20000 KEEP=/tmp/load`
load-test: $(VENV)/dev.stamp
	$(PY) -m benchmarks.load --people $(or $(PEOPLE),200) --minutes $(or $(MINUTES),10) --factor $(or $(FACTOR),3) \
	  --think $(or $(THINK),15 45) --assets $(or $(ASSETS),20000) $(if $(KEEP),--keep $(KEEP))

# Web, workers and beat on machines that share only PostgreSQL, Redis and a store, and searches on a replica that is
# paused and killed: docs/reliability.md. `make test-many-machines PICTURES=2000`
test-many-machines: export MACHINES_PICTURES = $(or $(PICTURES),2000)
test-many-machines: $(VENV)/dev.stamp
	$(PY) -m pytest tests/machines/many_machines.py tests/machines/read_replica.py $(ARGS)

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
	$(PY) -m audits code
	DAM_HTTPS=true DAM_ALLOWED_HOSTS=pictures.example DAM_PUBLIC_URL=https://pictures.example \
	  DAM_SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(50))')" \
	  $(PY) manage.py check --deploy --fail-level WARNING

# What is known to be dangerous in our code and in packages of others: docs/security.md.
audit: $(VENV)/dev.stamp
	$(PY) -m audits

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
	$(PIP_INSTALL) -e '.[offline,embedded,demo,mcp,documents,video,traces,dev]'
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
