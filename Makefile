# Everything runs in .venv, which is made and brought up to date as needed.
#   PYTHON=python3.12                       the interpreter that .venv is made with
#   AOMUSE_DATABASE_URL=mariadb+...         the database, instead of sqlite:///aomuse.db
#   make load ROOT=/data/night              a tree of your own, instead of the sample night
#   make test PYTEST_ARGS='-k fits -x -n 0'  options for pytest; -n 0: in one process

# What Python compiles is kept: hundreds of processes of the tests would do it anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
# What is imported is compiled then: compiling all of it would take a third of the time.
PIP := .venv/bin/python -m pip --quiet --disable-pip-version-check install --no-compile
SERVER = $(PYTHON) -m scripts.mariadb_server

# Each stamp says that this part of pyproject.toml is installed; later runs cost nothing.
INSTALLED := .venv/.installed
MARIADB := .venv/.installed-mariadb
CONNECTOR := .venv/.installed-connector
DEV := .venv/.installed-dev
SUPERSET := .venv-superset/.installed
SPARK := .venv-spark/.installed
MATRIX := .venv-matrix/.installed

# options of the benchmark; without --write the page stays as it is
BENCH_ARGS ?= --write

# Tests wait for servers and for processes: one worker more than cores keeps these busy.
WORKERS = $$(($$(getconf _NPROCESSORS_ONLN) + 1))

# system packages that the tests need, and the benchmark
SYSTEM := connector server

# value: a password may hold a dollar sign
ifneq ($(filter mariadb% mysql%,$(value AOMUSE_DATABASE_URL)),)
APPLICATION := $(INSTALLED) $(MARIADB)
else
APPLICATION := $(INSTALLED)
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help migrate load test test-fast test-system lint bench torture bi-check spark-check spider-check matrix \
	docs docs-check site mariadb mariadb-stop clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

migrate: $(APPLICATION) ## bring the database to the newest schema (SQLite, or AOMUSE_DATABASE_URL)
	@.venv/bin/aomuse migrate

ifdef ROOT
load: $(APPLICATION) ## load ROOT=/data/night, or a sample night and three first queries
	@.venv/bin/aomuse load "$(ROOT)"
else
load: $(APPLICATION) sample/.complete
	@.venv/bin/aomuse load sample
	@.venv/bin/python -m scripts.first_queries
endif

test: SYSTEM += browser stilts
test: test-system $(INSTALLED) $(DEV) $(CONNECTOR) ## run all tests, on SQLite and on a private MariaDB server
	@.venv/bin/python -m pytest --numprocesses $(WORKERS) --dist worksteal $(PYTEST_ARGS)

test-fast: $(INSTALLED) $(DEV) ## run the tests that need SQLite at most and start no processes
	@.venv/bin/python -m pytest -m fast --numprocesses logical --dist worksteal $(PYTEST_ARGS)

lint: $(DEV) ## check style and types
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy

bench: test-system $(INSTALLED) $(DEV) $(CONNECTOR) ## measure aomuse beside its rivals, and write docs/performance.md (BENCH_ARGS=--check: in small)
	@.venv/bin/python -m scripts.bench $(BENCH_ARGS)

torture: test-system $(INSTALLED) $(DEV) $(CONNECTOR) ## kill, disturb and damage for TORTURE_MINUTES=30, and print a table
	@TORTURE_MINUTES='$(TORTURE_MINUTES)' .venv/bin/python -m scripts.torture $(TORTURE_ARGS)

bi-check: SYSTEM += browser
bi-check: test-system $(DEV) $(CONNECTOR) $(SUPERSET) ## compare the Superset dashboard with SQL, in a real Superset
	@.venv/bin/python -m scripts.superset.check $(BI_CHECK_ARGS)

spark-check: SYSTEM := java
spark-check: test-system $(DEV) $(SPARK) ## ask a real Spark every view of a lake, and compare with SQLite
	@.venv/bin/python -m scripts.spark

spider-check: SYSTEM += spider
spider-check: test-system $(INSTALLED) $(DEV) $(CONNECTOR) ## spread samples over two private servers, and kill them (PYTEST_ARGS)
	@.venv/bin/python -m pytest scripts/spider/check $(PYTEST_ARGS)

matrix: test-system $(MATRIX) ## run the fast tests with each Python, newest and oldest versions, and try each MariaDB driver
	@.venv-matrix/bin/nox $(MATRIX_ARGS)

docs: $(INSTALLED) ## write the generated pages of docs/ anew
	@.venv/bin/python -m scripts.generate_docs
	@.venv/bin/python -m scripts.superset.generate

docs-check: $(INSTALLED) ## fail where the generated pages of docs/ are out of date
	@.venv/bin/python -m scripts.generate_docs --check
	@.venv/bin/python -m scripts.superset.generate --check

site: $(DEV) ## build the documentation as a site in build/site; warnings are errors
	@.venv/bin/python -m scripts.site

mariadb: ## start a private throw-away MariaDB server in .mariadb/, with the settings of fast loads
	@$(SERVER) start --option=--innodb-adaptive-hash-index=ON --option=--innodb-log-file-size=1G
	@$(SERVER) url
	@echo 'stop it with: make mariadb-stop'

mariadb-stop: ## stop the private MariaDB server
	@$(SERVER) stop

clean: ## remove .venv, sample/, builds and caches; databases stay
	@if [ -d .mariadb ]; then $(SERVER) stop; fi
	@rm -rf .venv .venv-superset .venv-spark .venv-matrix .nox .bi-check .spark-check sample build dist
	@rm -rf *.egg-info .coverage
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find aomuse migrations scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +
	@for data in aomuse.db .mariadb; do \
		if [ -e $$data ]; then echo "left as it is, because it holds data: $$data"; fi; \
	done

test-system: .venv/bin/python
	@.venv/bin/python -m scripts.system_packages --install $(SYSTEM)

# a tree without the stamp was interrupted while it was written
sample/.complete: | $(INSTALLED)
	@rm -rf sample
	@.venv/bin/aomuse simulate sample
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'error: aomuse needs Python 3.11 or newer; name one with: make PYTHON=python3.12' >&2; \
		exit 1; }
	@$(PYTHON) -m venv .venv || { \
		rm -rf .venv; \
		echo 'error: $(PYTHON) cannot make .venv (Debian: apt-get install python3-venv)' >&2; \
		exit 1; }

$(INSTALLED): .venv/bin/python pyproject.toml
	@echo 'installing aomuse into .venv'
	@$(PIP) --editable .
	@touch $@

$(DEV): $(INSTALLED)
	@echo 'installing the development tools into .venv'
	@$(PIP) --editable '.[cluster,dev,docs,lake,psfr,report]'
	@touch $@

$(MARIADB): $(INSTALLED)
	@echo 'installing the MariaDB drivers into .venv'
	@$(PIP) --editable '.[mariadb]'
	@touch $@

# the stable line; `make matrix` tries what does not compile
$(CONNECTOR): $(INSTALLED)
	@.venv/bin/python -m scripts.system_packages connector
	@echo 'compiling the MariaDB connector into .venv'
	@$(PIP) --editable '.[mariadb-source]'
	@touch $@

# Superset pins many packages: it gets an environment of its own.
$(SUPERSET): bi/superset/requirements.txt
	@echo 'installing Apache Superset into .venv-superset'
	@$(PYTHON) -m venv .venv-superset
	@.venv-superset/bin/python -m pip --quiet --disable-pip-version-check install --requirement $<
	@touch $@

# Spark is 400 MB, and nothing else needs it.
$(SPARK): scripts/spark/requirements.txt
	@echo 'installing Apache Spark into .venv-spark'
	@$(PYTHON) -m venv .venv-spark
	@.venv-spark/bin/python -m pip --quiet --disable-pip-version-check install --requirement $<
	@touch $@

# nox makes an environment for each case, uv fills it.
$(MATRIX):
	@echo 'installing nox into .venv-matrix'
	@$(PYTHON) -m venv .venv-matrix
	@.venv-matrix/bin/python -m pip --quiet --disable-pip-version-check install 'nox[uv]>=2025.5'
	@touch $@
