# Each target sets up what it needs: a virtual environment in .venv and, where it may, the Debian packages.
# make dataset [ROWS=1000] [CONFIG=viewpoint-100k] [SOURCE=procedural] [OUT=viewpoint-100k]

PYTHON ?= $(shell command -v python3.11 || command -v python3)
CONFIG ?= viewpoint-100k
OUT    ?= viewpoint-100k
ROWS   ?=
SOURCE ?=
REPO   ?=
GPU    ?= gpu-check
MODEL  ?=
DATA   ?=
RUNS   ?= runs

VENV := .venv
BIN  := $(VENV)/bin
READY := $(VENV)/.ready
READY_TO_TRAIN := $(VENV)/.ready-to-train
EXTRAS := dev,pyrender,captures,audit,view

.DEFAULT_GOAL := help
.PHONY: help setup setup-train system dataset verify audit report publish probe sft grpo demo-train evaluate \
	test test-all test-tools test-versions lint docs bench gpu-check gpu-check-wheels clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(READY)  ## The virtual environment, the software renderer, and the Debian packages for both

# The C++ sources are compiled into the virtual environment, and again when they change.
NATIVE := $(wildcard renderers/software/native/*.* renderers/software/native/lanes/*.h viewpoint100k/native/*.*)

$(READY): pyproject.toml constraints.txt $(NATIVE) | system
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv"; exit 1; }
	@echo "setting up $(VENV)" >&2
	@$(PYTHON) -m venv $(VENV) || { echo "the venv module is missing: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	@$(BIN)/python -c 'from renderers.software.extension import why_missing as w; print(w() or "", end="")' >&2
	@# pyrender pins PyOpenGL 3.1.0, which fails with EGL on newer Pythons; a newer one serves it.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-warn-conflicts 'PyOpenGL==3.1.10'
	@touch $@

setup-train: $(READY_TO_TRAIN)

$(READY_TO_TRAIN): $(READY)
	@echo "installing what training needs" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-warn-conflicts -c constraints.txt -e '.[train]'
	@touch $@

# The compiler of the software renderer. Software OpenGL: EGL and Mesa's drivers; X11's libraries, which pyrender opens even
# without a display.
COMPILER := $(shell command -v c++ >/dev/null || echo g++)
PACKAGES := $(COMPILER) libegl1 libgl1 libgl1-mesa-dri libx11-6 libxext6 libxrender1

system:
	@command -v dpkg-query >/dev/null || exit 0; \
	missing=""; \
	for package in $(PACKAGES); do \
	  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	test -z "$$missing" && exit 0; \
	if [ "$$(id -u)" = 0 ]; then \
	  echo "installing$$missing" >&2; \
	  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $$missing >/dev/null; \
	else \
	  echo "the software renderer and OpenGL without a display may need:  sudo apt-get install$$missing" >&2; \
	fi

dataset: setup  ## Build the data set into OUT, verify every label, and look for shortcuts
	$(BIN)/viewpoint100k build $(CONFIG) --out $(OUT) $(if $(ROWS),--rows $(ROWS)) $(if $(SOURCE),--source $(SOURCE))
	$(BIN)/viewpoint100k verify $(OUT)
	$(BIN)/viewpoint100k audit $(OUT)

verify: setup  ## Recompute every label of OUT
	$(BIN)/viewpoint100k verify $(OUT)

audit: setup  ## Look for shortcuts to the answers of OUT
	$(BIN)/viewpoint100k audit $(OUT)

report: setup  ## Write report.html into OUT
	$(BIN)/viewpoint100k report $(OUT)

publish: setup  ## Publish OUT on the Hub as REPO=user/name (TAG=v1.0)
	@test -n "$(REPO)" || { echo "give REPO=user/viewpoint-100k"; exit 1; }
	$(BIN)/viewpoint100k publish $(OUT) $(REPO) $(if $(TAG),--tag $(TAG))

probe: setup-train  ## Can a small network learn OUT from nothing? With controls
	$(BIN)/viewpoint100k probe $(OUT)

# Of sft and grpo CONFIG is a training config, such as smoke, paper or lora_1gpu.
sft grpo: CONFIG := $(if $(filter command line,$(origin CONFIG)),$(CONFIG),lora_1gpu)
sft: setup-train  ## Train, stage 1: CONFIG=smoke|lora_1gpu|paper, MODEL, DATA
	$(BIN)/python -m recipe.train sft --config $(CONFIG) --runs $(RUNS) $(if $(MODEL),--model $(MODEL)) $(if $(DATA),--data $(DATA))

grpo: setup-train  ## Train, stage 2, from what stage 1 left
	$(BIN)/python -m recipe.train grpo --config $(CONFIG) --runs $(RUNS) $(if $(MODEL),--model $(MODEL)) $(if $(DATA),--data $(DATA))

demo-train: setup-train  ## Both stages for a small model from nothing, on a CPU, with controls
	$(BIN)/python -m recipe.demo --out $(RUNS)/demo

evaluate: setup-train  ## Accuracy and controls of MODEL on OUT
	@test -n "$(MODEL)" || { echo "give MODEL=runs/sft-lora_1gpu, or a name on the Hub"; exit 1; }
	$(BIN)/python -m recipe.evaluate $(OUT) --model $(MODEL)

test: setup lint  ## Lint, types, and the tests but the slow ones
	$(BIN)/python -m pytest -m 'not slow' -n 2 --dist loadfile --no-loadscope-reorder

test-all: setup-train lint  ## All tests
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-warn-conflicts -c constraints.txt \
	  -e '.[formats,cuda,storage,ray]' 'moto[server]>=5'
	$(BIN)/python -m pytest

test-tools: setup  ## The real tools that read our files, each in an environment of its own; TOOLS="polars duckdb"
	$(BIN)/python tests/tools/run.py $(TOOLS)

# The lowest versions that pyproject.toml allows, and the newest, on each Python that is here.
test-versions: setup  ## The suite with lowest and newest libraries on each Python; VERSIONS="3.11-lowest 3.13-newest"
	$(BIN)/python tests/tools/versions.py $(VERSIONS) $(if $(TESTS),--tests "$(TESTS)")

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

docs: setup  ## The documentation as a site, into site/
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: setup  ## Speed of a whole build, beside the usual loop of trimesh, pyrender and PNG; JSON
	@$(BIN)/viewpoint100k bench --json $(if $(ROWS),--rows $(ROWS)) $(if $(SOURCE),--source $(SOURCE))

# A folder that checks everything on a machine with a GPU and without a network; docs/gpu.md.
gpu-check-wheels: setup  ## Fill the folder GPU with what gpu-check needs on a machine without a network
	@mkdir -p $(GPU)/wheels
	@rm -f $(GPU)/wheels/viewpoint100k-*.whl
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir $(GPU)/wheels .
	@printf 'viewpoint100k[train,cuda]\ntorchvision\n' > $(GPU)/requirements.txt
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --wheel-dir $(GPU)/wheels --find-links $(GPU)/wheels \
	  -c constraints.txt -r $(GPU)/requirements.txt
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --dest $(GPU)/wheels --no-deps dashscope
	@$(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])' > $(GPU)/python-version
	@rm -rf $(GPU)/benchmarks && cp -r benchmarks $(GPU)/benchmarks && cp benchmarks/gpu_check/run.sh $(GPU)/run.sh
	@touch $(GPU)/.ready

$(GPU)/.ready:
	$(MAKE) gpu-check-wheels

gpu-check: $(GPU)/.ready  ## Check everything that needs a GPU, within 15 minutes; OPTIONS=--dry-run without one
	bash $(GPU)/run.sh $(OPTIONS)

clean:  ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
