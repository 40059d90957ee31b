# Everything a newcomer needs: `make demo`, `make test`, `make lab`. Each target sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
SANDBOX ?= auto
# Two busy BLAS threads on a shared machine are many times slower than one.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: bench demo ladder test bank lab build lint test-notebooks test-browser setup bubblewrap chromium clean

## demo: build the notebooks, grade a sample class in the sandbox into demo/, print the table
demo: setup bubblewrap
	$(BIN)/autograder demo --sandbox $(SANDBOX)

## test: the project's own tests, with the answer bank
test: setup bubblewrap lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not browser and not notebooks and not site" tests
	$(BIN)/python tests/bank --sandbox=$(SANDBOX)

## bank: every right and wrong answer through the real judge
bank: setup bubblewrap
	$(BIN)/python tests/bank --sandbox=$(SANDBOX)

## lab: open JupyterLab on notebooks/
lab: setup
	$(BIN)/jupyter lab --notebook-dir=notebooks

## build: notebooks/ from solutions/
build: setup
	$(BIN)/autograder build

lint: setup
	$(BIN)/ruff check .

## test-notebooks: every notebook from top to bottom, solved and unsolved
test-notebooks: setup
	$(BIN)/python -m pytest -n 2 -m notebooks tests

## test-browser: JupyterLab, Validate and the formgrader in a real browser
test-browser: setup bubblewrap chromium
	$(BIN)/python -m pip install --quiet -c constraints.txt --editable '.[browser]'
	$(BIN)/python -m pytest -n 2 --dist loadfile -m browser tests

## bench: the library against its peers, as ratios (build/bench/*.json)
bench: setup
	$(BIN)/python -m pip install --quiet -c constraints.txt --editable '.[bench]'
	$(BIN)/python benchmarks/ngram.py
	$(BIN)/python benchmarks/autodiff.py
	$(BIN)/python benchmarks/rnn.py
	$(BIN)/python benchmarks/transformer.py

## ladder: the loss of every model, on narwhals and on Shakespeare's characters: docs/ladder.md and its picture
ladder: setup
	$(BIN)/python benchmarks/ladder.py

setup: .venv/ready

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt --editable '.[test]'
	touch $@

# Debian packages: installed where we can, otherwise named.
bubblewrap:
	@command -v bwrap >/dev/null || [ "$(SANDBOX)" = none ] || $(MAKE) --no-print-directory package-bubblewrap

chromium:
	@command -v chromium >/dev/null || $(MAKE) --no-print-directory package-chromium

package-%:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	then apt-get update -qq && apt-get install -y -qq $* >/dev/null; \
	else echo "Please install the package $* (Debian and Ubuntu: sudo apt-get install $*) and run make again."; exit 1; fi

clean:
	rm -rf build demo class .venv

## bench-grading: nbgrader autograde against autograder grade, CPU and wall time per submission
bench-grading: setup bubblewrap
	$(BIN)/python benchmarks/grading.py

## bench-formgrader: pages of the formgrader for a class of a thousand
bench-formgrader: setup bubblewrap
	$(BIN)/python benchmarks/formgrader.py

## test-kill: the grader killed a hundred times at random moments, and run again
test-kill: setup bubblewrap
	KILLS=100 $(BIN)/python -m pytest -s tests/test_kill.py

## test-postgres: the gradebook on a real PostgreSQL server
test-postgres: setup bubblewrap postgresql
	$(BIN)/python -m pip install --quiet -c constraints.txt --editable '.[postgres]'
	POSTGRES=1 $(BIN)/python -m pytest tests/test_postgres.py

postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || $(MAKE) --no-print-directory package-postgresql

## test-scale: two thousand submissions in bounded memory
test-scale: setup bubblewrap
	SUBMISSIONS=2000 $(BIN)/python -m pytest -s tests/test_scale.py

.PHONY: bench-grading bench-formgrader test-kill test-postgres test-scale postgresql

## site: the course as a book to read in a browser, in build/site/reader/html; COURSE=1: no solutions, in build/site/course/html
SITE := $(if $(COURSE),course,reader)
site: build/site/ready
	$(BIN)/python site/book $(if $(COURSE),--course)

## site-open: the same, served on this machine only
site-open: site
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory build/site/$(SITE)/html 8000

build/site/ready: .venv/ready site/package-lock.json
	$(BIN)/python -m pip install --quiet -c constraints.txt --editable '.[site]'
	mkdir -p build/site
	cp site/package.json site/package-lock.json build/site
	$(BIN)/npm ci --prefix build/site --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

## test-site: both sites, read in a real browser with no way out
test-site: site chromium
	$(BIN)/python -m pip install --quiet -c constraints.txt --editable '.[browser]'
	$(BIN)/python -m pytest -m site tests

.PHONY: site site-open test-site
