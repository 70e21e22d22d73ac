.DEFAULT_GOAL := help
.PHONY: help install demo test lint types bench chaos

help:            ## what can be made
	@python3 scripts/make_help.py Makefile

install:         ## .venv with pinned, hashed requirements, and the command .venv/bin/stanch
	@python3 scripts/install.py

demo: install    ## a recorded intrusion: detected, contained against the lab, verified, undone
	@.venv/bin/stanch demo

test: install    ## every test
	@.venv/bin/python scripts/run_tests.py

lint: install    ## style and architecture
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/lint-imports

types: install   ## mypy --strict
	@.venv/bin/mypy

bench: install   ## every figure that README and BENCHMARKS.md quote
	@.venv/bin/python -m benchmarks

chaos: install   ## kill -9 at each labelled point and each fault of the lab; the broker away for a minute: the tables
	@.venv/bin/python -m tests.chaos
