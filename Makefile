# Two commands on a fresh machine: `make demo` runs the main job, `make test` the tests. Both set up what they need.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# `make demo DATA=../shared/data` shows real texts of indigenous languages too.
DATA ?=
# Tests start many processes, which share the bytecode of the first.
REAL = PYTHONDONTWRITEBYTECODE= $(if $(wildcard ../shared/data),LATAM_CORPUS_DATA="$$(cd ../shared/data && pwd)")

.PHONY: demo test test-fast coverage check style types compiled compiled-demo compiled-pairs format messages versions reference gate bench profile mutants clean

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; name one: make PYTHON=python3.12 ..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what is needed into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-binary latam-corpus,srt -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(VENV)/.ready
	@$(BIN)/latam-corpus demo $(if $(DATA),--data "$(DATA)")

test: $(VENV)/.ready
	@$(MAKE) --no-print-directory -j 3 types style compiled
	$(REAL) $(BIN)/python -m pytest -n auto --dist worksteal

test-fast: $(VENV)/.ready
	$(REAL) $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not real"

# The quick tests, worker processes and commands counted; fails below the floor in pyproject.toml. Python 3.12 and later
# can count without tracing each line.
coverage: $(VENV)/.ready
	rm -rf .coverage
	COVERAGE_CORE=$$($(BIN)/python -c 'import sys; print("sysmon" if sys.version_info >= (3, 12) else "ctrace")') $(REAL) \
	  $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not real" --cov --cov-report=term

check: style types

style: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry --no-ansi .
	$(BIN)/vulture

types: $(VENV)/.ready
	$(BIN)/mypy

# What is compiled at first use is compiled once for all processes of the tests, while the code is checked. What the demo
# doesn't call some tests do, whose results count where all are run.
compiled: compiled-demo compiled-pairs

compiled-demo: $(VENV)/.ready
	@LATAM_CORPUS_COMPILE=1 $(BIN)/latam-corpus demo > /dev/null

compiled-pairs: $(VENV)/.ready
	@$(REAL) $(BIN)/python -m pytest -q -p no:cacheprovider tests/dedupe/test_dedupe_verify.py \
	  tests/quality_gate/dedupe/test_judged_pairs.py > /dev/null || true

format: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The sentences in the source, to the catalogues and back: a new or edited one is to be translated in the .po files, then
# `make messages` again; what Babel guessed is marked as fuzzy, and isn't compiled.
messages: $(VENV)/.ready
	pot=$$(mktemp) && \
	PYTHONPATH=tests $(BIN)/pybabel -q extract -F tests/babel.cfg --add-location=file --sort-by-file -w 120 -o $$pot latam_corpus && \
	$(BIN)/pybabel -q update -D latam_corpus -d latam_corpus/locale -i $$pot -w 120 --previous \
	  --ignore-obsolete --ignore-pot-creation-date && rm $$pot
	$(BIN)/pybabel -q compile -D latam_corpus -d latam_corpus/locale

# What every stage gives of the fixed corpus, after a stage's `version` was raised or a policy, model or library changed.
versions: $(VENV)/.ready
	$(BIN)/python -m tests.pipeline.fixed_results

# docs/reference/ from the models, as `latam-corpus help TOPIC` prints them.
reference: $(VENV)/.ready
	for topic in source recipe stages columns formats errors commands; do \
	  $(BIN)/latam-corpus help $$topic --lang en > docs/reference/$$topic.md || exit 1; done
	for topic in source recipe; do $(BIN)/latam-corpus help $$topic --schema --lang en > docs/reference/$$topic.schema.json || exit 1; done

# The long measurements: floors on the real texts, thirty kills; figures are kept as dated JSON. Then more examples.
gate: $(VENV)/.ready
	$(REAL) LATAM_CORPUS_KILLS=30 LATAM_CORPUS_GATE=tests/quality_gate/results/$$(date +%F).json \
	  $(BIN)/python -m pytest tests/quality_gate tests/pipeline/test_real_recipes.py tests/pipeline/test_kill_and_resume.py \
	  tests/pipeline/test_damage_is_told.py tests/pages/test_tutorial.py \
	  tests/release/test_killed_release.py tests/release/test_pull_killed.py tests/harvest/test_crawl_kill.py \
	  tests/engine/test_engine_slurm.py tests/engine/test_engine_ray.py tests/engine/test_object_store.py \
	  tests/benchmarks/test_benchmarks_run.py tests/benchmarks/test_mutants.py \
	  tests/benchmarks/test_benchmark_language.py tests/dedupe/test_dedupe_planted.py tests/dedupe/test_dedupe_monotonous.py \
	  tests/quality/test_signals_equal_datatrove.py
	$(BIN)/python -m pytest -n auto --hypothesis-profile=gate $$(grep -rl --include='*.py' hypothesis tests)

# RIVAL=PATH names a Python with datatrove and spaCy, to be measured beside ours (tests/benchmarks/text_path.py).
bench: $(VENV)/.ready
	$(REAL) $(BIN)/python -m tests.benchmarks text_path --save $(if $(RIVAL),--rival-python "$(RIVAL)")
	for name in word_table profile growth memory; do $(REAL) $(BIN)/python -m tests.benchmarks $$name --save || exit 1; done

# Where our own time goes, by stage and by function, on the public texts.
DOCUMENTS ?= 3000
profile: $(VENV)/.ready
	$(REAL) $(BIN)/python -m tests.benchmarks profile --documents $(DOCUMENTS) --rounds 1

# Small changes of the code that decides, which its tests must see; ROOM=name tries one room.
ROOM ?=
mutants: $(VENV)/.ready
	$(BIN)/python -m tests.benchmarks mutants $(if $(ROOM),--room $(ROOM)) --save

clean:
	rm -rf $(VENV) .coverage out demo-out
