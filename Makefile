# A shorter way to say `python -m tasks HABIT`; everything is done there, and the same on every system.
# make test ARGS=--require-neo4j    arguments go through
# make bench ONLY=name              one benchmark
# make PYTHON=python3.12 demo       with another Python (3.11 or newer)

PYTHON ?= python3
ARGS ?=
ONLY ?=

HABITS := demo serve seed test lint schema docs setup lock

.DEFAULT_GOAL := help
.PHONY: help bench $(HABITS)

help:
	@$(PYTHON) -m tasks help

$(HABITS):
	@$(PYTHON) -m tasks $@ $(ARGS)

bench:
	@$(PYTHON) -m tasks bench $(if $(ONLY),--only $(ONLY)) $(ARGS)
