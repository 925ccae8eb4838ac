# Two commands on a fresh machine: `make demo` runs the main job, `make test` the tests. Each installs what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# `make demo DATA=../shared/data` shows real texts of indigenous languages too.
DATA ?=
# Tests start many processes, which share the bytecode of the first.
REAL = PYTHONDONTWRITEBYTECODE= $(if $(wildcard ../shared/data),LATAM_CORPUS_DATA="$$(cd ../shared/data && pwd)")

.PHONY: demo test test-fast test-train coverage check style types compiled compiled-demo compiled-pairs compiled-asserts format messages versions reference docs sbom gate bench profile mutants clean

# Of pip's lines, the large downloads and the last step, so that no step is silent for long.
STEPS = sed -n -e 's/^ *Downloading \([A-Za-z0-9_.]*\)-.* \(([0-9.]* [MG]B)\).*/  downloading \1 \2/p' -e 's/^Installing collected.*/  writing files/p'
# pip's success is noted by its side of the pipe, because the pipe has the exit code of the other.
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --only-binary :all: --no-binary latam-corpus,srt -c constraints.txt
EXTRAS = crawl,desk,desk-postgresql,http,marc,ray,s3,sheets,sign

# What running needs, the crawler of the demo included. Dependency groups need pip 25.1.
$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; name one: make PYTHON=python3.12 ..."; exit 2; }
	@rm -f $@
	@echo "step 1 of 2: make a virtual environment in $(VENV) (about 10 s)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	@echo "step 2 of 2: install what running needs: 77 packages, 1.1 GB on the disk (about a minute)"
	@{ $(INSTALL) -e '.[crawl]' && touch $@; } | $(STEPS); test -e $@

# What tests and checks need beside it.
$(VENV)/.dev: $(VENV)/.ready
	@rm -f $@
	@echo "installing what tests and checks need, too: 1.0 GB more (about two minutes)"
	@{ $(INSTALL) -e '.[$(EXTRAS)]' --group dev && touch $@; } | $(STEPS); test -e $@

# PyTorch and LitData (several GB, if PyTorch comes with CUDA).
$(VENV)/.train: $(VENV)/.dev
	@rm -f $@
	@echo "installing PyTorch and LitData, too"
	@{ $(INSTALL) -e '.[$(EXTRAS),train]' --group dev --group train && touch $@; } | $(STEPS); test -e $@

demo: $(VENV)/.ready
	@$(BIN)/latam-corpus demo $(if $(DATA),--data "$(DATA)")

test: $(VENV)/.dev
	@$(MAKE) --no-print-directory -j 3 types style compiled
	$(REAL) $(BIN)/python -m pytest -n auto --dist worksteal

test-fast: $(VENV)/.dev
	$(REAL) $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not real"

# The files with tests that are skipped without PyTorch, torchdata or LitData.
test-train: $(VENV)/.train
	$(REAL) $(BIN)/python -m pytest -n auto tests/train/test_torch_dataset.py tests/train/test_export.py tests/lab/test_ablate.py

# The quick tests, worker processes and commands counted; fails below the floor in pyproject.toml. Python 3.12 and later
# can count without tracing each line.
coverage: $(VENV)/.dev
	rm -rf .coverage
	COVERAGE_CORE=$$($(BIN)/python -c 'import sys; print("sysmon" if sys.version_info >= (3, 12) else "ctrace")') $(REAL) \
	  $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not real" --cov --cov-report=term

check: style types

style: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry --no-ansi .
	$(BIN)/vulture

types: $(VENV)/.dev
	$(BIN)/mypy

# What is compiled at first use is compiled once for all processes of the tests, while the code is checked. What the demo
# doesn't call some tests do, whose results count where all are run.
compiled: compiled-demo compiled-pairs compiled-asserts

compiled-demo: $(VENV)/.dev
	@LATAM_CORPUS_COMPILE=1 $(BIN)/latam-corpus demo > /dev/null

compiled-pairs: $(VENV)/.dev
	@$(REAL) $(BIN)/python -m pytest -q -p no:cacheprovider tests/dedupe/test_dedupe_verify.py \
	  tests/quality_gate/dedupe/test_judged_pairs.py > /dev/null || true

# In a new checkout pytest rewrites the asserts of all tests, for half a minute: once, and not in each of its processes.
compiled-asserts: $(VENV)/.dev
	@test -n "$$(find tests/catalog -name '*-pytest-*.pyc')" || \
	  $(REAL) $(BIN)/python -m pytest -q -p no:cacheprovider --collect-only > /dev/null || true

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The sentences in the source, to the catalogues and back: a new or edited one is to be translated in the .po files, then
# `make messages` again; what Babel guessed is marked as fuzzy, and isn't compiled.
messages: $(VENV)/.dev
	pot=$$(mktemp) && \
	PYTHONPATH=tests $(BIN)/pybabel -q extract -F tests/babel.cfg --add-location=file --sort-by-file -w 120 -o $$pot latam_corpus && \
	$(BIN)/pybabel -q update -D latam_corpus -d latam_corpus/locale -i $$pot -w 120 --previous \
	  --ignore-obsolete --ignore-pot-creation-date && rm $$pot
	$(BIN)/pybabel -q compile -D latam_corpus -d latam_corpus/locale
	pot=$$(mktemp) && \
	PYTHONPATH=tests $(BIN)/pybabel -q extract -F tests/babel-web.cfg -k gettext_lazy -k ngettext_lazy:1,2 \
	  --add-location=file --sort-by-file -w 120 -o $$pot latam_corpus/web && \
	$(BIN)/pybabel -q update -D django -d latam_corpus/web/locale -i $$pot -w 120 --previous \
	  --ignore-obsolete --ignore-pot-creation-date && rm $$pot
	$(BIN)/pybabel -q compile -D django -d latam_corpus/web/locale

# What every stage gives of the fixed corpus, after a stage's `version` was raised or a policy, model or library changed.
versions: $(VENV)/.dev
	$(BIN)/python -m tests.pipeline.fixed_results

# docs/reference/ from the models, as `latam-corpus help TOPIC` prints them.
reference: $(VENV)/.dev
	for topic in source recipe stages columns formats errors commands; do \
	  $(BIN)/latam-corpus help $$topic --lang en > docs/reference/$$topic.md || exit 1; done
	for topic in source recipe; do $(BIN)/latam-corpus help $$topic --schema --lang en > docs/reference/$$topic.schema.json || exit 1; done

# The documentation site, in build/docs; warnings are errors.
docs: $(VENV)/.ready
	@$(BIN)/python -c 'import furo, myst_parser, sphinx' 2> /dev/null || $(INSTALL) --quiet --group docs
	$(BIN)/python -m sphinx -q -E -a -W --keep-going docs build/docs
	@echo "open build/docs/index.html"

# The dependencies with their tested versions and licences, as the wheel carries them.
sbom: $(VENV)/.dev
	$(BIN)/python -m tests.package.sbom

# Polars' threads in the gate's tests; in `make test` it has one (tests/conftest.py).
THREADS = POLARS_MAX_THREADS=$$($(BIN)/python -c 'import os; print(os.cpu_count())')

# The long measurements: floors on the real texts, thirty kills; figures are kept as dated JSON. Then more examples, and
# the loaders of PyTorch and LitData.
gate: $(VENV)/.dev
	$(REAL) $(THREADS) LATAM_CORPUS_KILLS=30 LATAM_CORPUS_GATE=tests/quality_gate/results/$$(date +%F).json \
	  $(BIN)/python -m pytest tests/quality_gate tests/pipeline/test_real_recipes.py tests/pipeline/test_kill_and_resume.py \
	  tests/pipeline/test_damage_is_told.py tests/pipeline/test_run_history.py tests/pipeline/test_versions.py tests/pages/test_tutorial.py tests/package \
	  tests/release/test_killed_release.py tests/release/test_pull_killed.py tests/release/test_withdrawals_hold.py \
	  tests/release/test_withdrawals_at_once.py \
	  tests/pages/test_first_version_page.py tests/harvest/test_crawl_kill.py \
	  tests/engine/test_engine_slurm.py tests/engine/test_engine_ray.py tests/engine/test_object_store.py \
	  tests/benchmarks/test_benchmarks_run.py tests/benchmarks/test_mutants.py \
	  tests/benchmarks/test_benchmark_language.py tests/dedupe/test_dedupe_planted.py tests/dedupe/test_dedupe_monotonous.py \
	  tests/quality/test_signals_equal_datatrove.py tests/web/browser
	$(THREADS) $(BIN)/python -m pytest -n auto --hypothesis-profile=gate $$(grep -rl --include='*.py' hypothesis tests)
	$(MAKE) --no-print-directory test-train

# RIVAL=PATH names a Python with datatrove and spaCy, to be measured beside ours (tests/benchmarks/text_path.py).
bench: $(VENV)/.dev
	$(REAL) $(BIN)/python -m tests.benchmarks text_path --save $(if $(RIVAL),--rival-python "$(RIVAL)")
	for name in word_table profile growth memory; do $(REAL) $(BIN)/python -m tests.benchmarks $$name --save || exit 1; done

# Where our own time goes, by stage and by function, on the public texts.
DOCUMENTS ?= 3000
profile: $(VENV)/.dev
	$(REAL) $(BIN)/python -m tests.benchmarks profile --documents $(DOCUMENTS) --rounds 1

# Small changes of the code that decides, which its tests must see; ROOM=name tries one room.
ROOM ?=
mutants: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks mutants $(if $(ROOM),--room $(ROOM)) --save

clean:
	rm -rf $(VENV) .coverage out demo-out
