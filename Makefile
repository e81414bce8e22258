# Each target is one readable command. `make` alone = format, lint, types, test.
PYTHON ?= python3
BIN := .venv/bin

all: format lint types test

# Everything that run and test need, from nothing but Python >= 3.11.
setup: .venv/.ready

.venv/.ready: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "apnsim needs Python 3.11 or newer; call: make PYTHON=python3.11")'
	@echo 'Setting up .venv (once; a minute or two with downloads) …'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: setup
	$(BIN)/apnsim demo

test: setup
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not alone"
	$(BIN)/python -m pytest -q -m alone

# Every property with examples that no run before had, ten times as many as in `make test`, which
# has the same ones each time. Some five minutes; what fails says how to have it again.
fuzz: setup
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m hypothesis --hypothesis-profile=fuzz

format: setup
	$(BIN)/ruff format .

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

coverage: setup
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not alone" --cov --cov-report=
	$(BIN)/python -m coverage report --skip-covered --fail-under=95
	$(BIN)/python -m coverage report --include='protocol/*,gateway/routing/*' --fail-under=100

interop: setup
	$(BIN)/python -m interop $(if $(CI),--require-all)

interop-faults: setup
	$(BIN)/python -m interop.faults $(if $(CI),--check)

schemathesis: setup
	$(BIN)/python -m interop.control_api

h2spec: setup
	$(BIN)/python -m interop.h2spec

# What is shipped: the wheel and the sdist it is made of; then both are tried where nothing else is.
dist: deploy/.cache/venv/.ready
	rm -rf dist build/lib build/bdist.*
	deploy/.cache/venv/bin/python -m build --no-isolation

dist-check: setup dist
	$(BIN)/python -m pytest -q deploy

# The npm package: its types, its tests with a real client, its examples in three test runners.
js: setup
	cd js && npm ci --no-fund --no-audit --silent && npm run types && PATH=$(CURDIR)/$(BIN):$$PATH npm test
	cd js/examples && npm ci --no-fund --no-audit --silent && PATH=$(CURDIR)/$(BIN):$$PATH npm test

# The Java example: JUnit and Pushy against a gateway as a process; needs a JDK and Maven.
junit: setup
	cd examples/junit && PATH=$(CURDIR)/$(BIN):$$PATH mvn --batch-mode --no-transfer-progress test

deploy/.cache/venv/.ready: deploy/checks.lock
	$(PYTHON) -m venv deploy/.cache/venv
	deploy/.cache/venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

bench: setup
	$(BIN)/python -m bench

# The web page in Chromium; screenshots for looking at are left in build/page.
page: setup .venv/.page
	rm -rf build/page
	$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/page
	@echo 'Screenshots: build/page'

# Its JavaScript; needs npm.
page-lint:
	npx --yes @biomejs/biome@2.6.8 lint --error-on-warnings gateway/console/page

.venv/.page: requirements-page.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-page.lock
	@touch $@

# What we write in formats of others, judged by their tools: Debian's promtool, npm's har-schema.
formats: setup build/formats/.ready
	$(BIN)/python -m pytest -q tests/formats

build/formats/.ready:
	mkdir -p build/formats
	cd build/formats && apt-get download -qq prometheus && dpkg -x prometheus_*.deb .
	cd build/formats && npm pack --silent har-schema@2.0.0 && tar xzf har-schema-2.0.0.tgz
	@touch $@

# The documentation as a site, in build/site; a link that leads nowhere fails.
docs: setup .venv/.docs
	$(BIN)/mkdocs build --strict --quiet

.venv/.docs: requirements-docs.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.lock
	@touch $@

# The page's libraries, as gateway/console/page/vendor/manifest.json names them; needs npm.
vendor:
	$(PYTHON) tests/page/vendor.py

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q --no-strip-extras --extra dev --extra otel --extra pypush -o requirements-dev.lock pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -c requirements-dev.lock -o requirements.lock pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q --extra page -c requirements-dev.lock -o requirements-page.lock pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q --extra docs -c requirements-dev.lock -o requirements-docs.lock pyproject.toml
	cd interop/python && uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o pyapns2.lock pyapns2.in
	cd interop/python && uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o schemathesis.lock schemathesis.in
	cd deploy && uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o checks.lock checks.in

clean:
	rm -rf .venv .apnsim dist deploy/.cache interop/.cache interop/node/node_modules js/node_modules js/examples/node_modules examples/junit/target .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage* build *.egg-info

.PHONY: all setup run test fuzz format lint types coverage interop interop-faults schemathesis h2spec dist dist-check bench page formats docs vendor js junit lock clean
