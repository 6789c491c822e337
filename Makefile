# Everything runs in .venv, which the first target that needs it makes.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check test-servers speed coverage crawling transfer extraction relevance relevance-fit clean
.PHONY: demo test check test-servers speed crawling answers transfer extraction relevance relevance-fit clean
.PHONY: demo test check test-servers speed crawling alerts-power transfer extraction relevance relevance-fit clean
.PHONY: demo test check test-servers speed families crawling transfer extraction relevance relevance-fit clean
.PHONY: demo test check test-servers speed crawling transfer extraction relevance relevance-fit changes clean
.PHONY: demo test check test-servers speed crawling transfer extraction relevance relevance-fit themes-quality themes-fit clean

demo: .venv/installed
	$(BIN)/overheard demo

# Half an hour of processor time: shared by the cores, four at most, for each test process holds a model.
test: check
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist worksteal

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Installs what is absent of the servers that some tests run: needs root and Debian, or a system derived from it.
test-servers: .venv/installed-dev
	@PYTHON="$(PYTHON)" tests/servers/install
	OVERHEARD_REQUIRE_SERVERS=1 $(BIN)/pytest -m servers

# Speed against named baselines, in one run: some ten minutes on a machine that does nothing else.
speed: .venv/installed
	$(BIN)/python benchmarks/speed.py

# How often the 95 % intervals hold the truth, simulated as docs/methods.md says: some minutes.
coverage: .venv/installed
	$(BIN)/python benchmarks/coverage.py
# False marks of `compare` where all brands are alike, as docs/methods.md says: some five minutes.
families: .venv/installed
	$(BIN)/python benchmarks/families.py

# Crawls beside `scrapy bench`, as docs/crawling.md says: some six minutes on a machine that does nothing else.
crawling: .venv/installed
	$(BIN)/python benchmarks/crawling.py

# Every answer, cold, on a generated store of a million mentions, which ANSWERS keeps: a quarter of an hour to make it.
# STORE=postgresql://… measures there instead, in a database that it empties.
ANSWERS ?= /tmp/overheard-answers
answers: .venv/installed
	$(BIN)/python benchmarks/answers.py --folder $(ANSWERS)$(if $(STORE),-postgresql --store $(STORE))
# False alerts in quiet years and the power of alerts, as docs/alerts.md says: some five minutes. With STORE=URL, the URL
# of a classified store, also with days drawn from its brands.
alerts-power: .venv/installed
	$(BIN)/python benchmarks/alerts.py $(if $(STORE),--store $(STORE))

# PUBLIC: a folder with the public test sets named in docs/transfer.md.
transfer: .venv/installed
	$(BIN)/python benchmarks/transfer.py $(PUBLIC)

# Is a mention about the brand? With PUBLIC=FOLDER also on GermEval 2017 (docs/relevance.md).
relevance: .venv/installed
	$(BIN)/python benchmarks/relevance.py $(if $(PUBLIC),--public $(PUBLIC))

# After a training run: the weights that judge relevance belong to the encoder's.
relevance-fit: .venv/installed
	$(BIN)/python benchmarks/relevance.py --fit

# Themes on the labelled set beside BERTopic, which the bench extra installs: some minutes (docs/themes.md).
themes-quality: .venv/installed
	$(BIN)/pip install --quiet --editable '.[bench]'
	$(BIN)/python benchmarks/themes.py

# After a training run: the vectors of themes belong to the encoder's weights.
themes-fit: .venv/installed
	$(BIN)/python benchmarks/themes_fit.py

# Reviews out of pages, against extruct and trafilatura, which the bench extra installs: half a minute.
extraction: .venv/installed
	$(BIN)/pip install --quiet --editable '.[bench]'
	$(BIN)/python benchmarks/extraction.py

# False change points and power of `trend`, as docs/methods.md says: a minute. With STORE=URL also on shuffled histories.
changes: .venv/installed
	$(BIN)/python benchmarks/changes.py $(if $(STORE),--store $(STORE))

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable .
	touch $@

.venv/installed-dev: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[dev]'
	mkdir -p .venv/types && ln -sfn "$$PWD" .venv/types/overheard
	touch $@ .venv/installed

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
