# README.md explains each of these; scripts/ holds what they do.
.PHONY: setup run test check format bench mutants axe databases messages pictures clean
.DEFAULT_GOAL := setup

BIN := .venv/bin

setup: ## create .venv and everything the portal needs in this folder
	@scripts/setup.sh run

run: ## set up and serve http://127.0.0.1:$${PORT:-8000}; Ctrl-C ends it
	@scripts/run.sh

test: ## set up and run all tests; ARGS='-k word' goes to pytest
	@scripts/test.sh $(ARGS)

check: ## format, lint, types, import contracts, missing migrations
	@scripts/check.sh

format: ## rewrite the code in the house format
	@scripts/setup.sh test
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

bench: ## benchmarks on PostgreSQL, as ratios; ARGS go to tests/load/bench.py
	@scripts/bench.sh $(ARGS)

mutants: ## change the scoring rules in every small way and print the share that its tests notice
	@scripts/mutants.sh

axe: ## let every role look at every page it may see, full, empty and with its forms sent wrong, light and dark
	@EVERY_ROLE=1 scripts/test.sh tests/e2e/test_every_page.py tests/e2e/test_pages.py

databases: ## export the cycles of the whole shared files from both databases and compare them byte by byte
	@EVERY_FILE=1 scripts/test.sh tests/integration/scoring/test_both_databases.py

messages: ## collect the strings to translate into locale/ (needs gettext)
	@scripts/messages.sh

pictures: ## take the pictures of docs/guide anew from a running demonstration; ARGS='rating board' for some
	@scripts/pictures.sh $(ARGS)

clean: ## remove what make created, except var/ with its data
	rm -rf .venv node_modules static/built .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .setup.lock
