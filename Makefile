# Everything a newcomer needs: `make demo`, `make test`, `make lab`. Each target sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
# Two busy BLAS threads on a shared machine are many times slower than one.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: demo test bank lab build lint setup sandbox clean

setup: .venv/ready

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt --editable '.[test]'
	touch $@

clean:
	rm -rf build demo class .venv
