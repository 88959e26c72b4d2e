# Every target sets up what it needs by itself: python3 (3.11 or newer), make and a package index are enough.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
READY := .venv/ready

.PHONY: demo test lint types unit proof page test-libk4a test-rigs test-readers lock clean train train-check test-training

demo: $(READY)
	$(BIN)/bodychan demo --overwrite

test: lint types unit

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)
	$(BIN)/mypy

unit: $(READY) .venv/chromium
	$(BIN)/pytest -n 2 --dist loadgroup $(ARGS)

# What takes minutes: a batch of 40 recordings of the evaluation set with workers killed, beside a serial run.
proof: $(READY)
	$(BIN)/pytest -m proof --timeout 1800 $(ARGS)

# The viewer's page, from its sources in viewer/client; needs Node. What it makes is part of the repository.
page: $(READY)
	$(BIN)/python scripts/viewer_types.py
	cd viewer/client && npm ci --silent && npx tsc && node build.mjs

# Against the makers' own libraries, which `make` fetches on Linux x86-64; they are part of `unit`. The images of
# Microsoft's transformations need OpenGL: apt-get install xvfb libgl1-mesa-dri, else those tests skip.
test-libk4a: $(READY)
	$(BIN)/pytest tests/cameras tests/optics tests/tracking/k4abt $(ARGS)

# The recipes of docs/rigs.md in three.js itself, .glb before Khronos' validator, VMC on an avatar in three-vrm, and
# the messages in .mcap by Foxglove's schemas; needs node and npm. Blender is asked too where it is installed.
test-rigs: $(READY)
	npm install --silent --no-save --prefix .venv/three three gltf-validator@2.0.0-dev.3.10 \
	  @pixiv/three-vrm @foxglove/schemas
	$(BIN)/pytest tests/docs tests/outputs/test_glb.py tests/outputs/test_bvh.py tests/outputs/test_avatars.py \
	  tests/outputs/test_foxglove.py $(ARGS)

# The files before other people's readers, which are no part of the lock: some hundred MB for tests alone.
test-readers: $(READY)
	$(BIN)/python -m pip install --quiet duckdb ezc3d pandas polars pypsn pyxdf usd-core
	$(BIN)/pytest tests/outputs $(ARGS)

# The lock holds every package for every platform and Python, with hashes, but not the makers' libraries of
# the extra `azure`; needs uv.
lock:
	uv pip compile pyproject.toml --group dev --extra plots --extra network --extra cluster --extra lsl \
	  --extra mcap --extra realsense \
	  --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --quiet --output-file requirements.lock

# The tracker's network, from random people to the weights in the package; see training/README.md. Goes on
# where it was stopped. Both cores learn; makers of samples give way to that.
TRAIN := .train
TRAIN_BIN := $(TRAIN)/venv/bin
STEPS ?= 60000
# Weights to begin with, such as training/weights.pt, the present ones; none = from nothing.
START ?=
# Large blocks are kept instead of given back to the system at every step: a fifth faster with glibc.
KEEP_MEMORY := MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=8000000000
WEIGHTS := src/bodychan/tracking/builtin/weights/joints.onnx
PROPORTIONS := src/bodychan/articulated/proportions.npz

train: $(TRAIN)/bodies.npz
	rm -f $(TRAIN)/chunks/stop
	for maker in 0 1; do PYTHONPATH=.:src nice -n 19 $(TRAIN_BIN)/python -m training.stream $(TRAIN)/bodies.npz \
	  $(TRAIN)/chunks --share $$maker 2 & done; \
	  PYTHONPATH=.:src OMP_NUM_THREADS=2 $(KEEP_MEMORY) $(TRAIN_BIN)/python -m training.train $(TRAIN)/chunks $(TRAIN)/run \
	  --threads 2 --steps $(STEPS) $(if $(START),--start $(START)); done=$$?; touch $(TRAIN)/chunks/stop; wait; exit $$done
	PYTHONPATH=.:src $(TRAIN_BIN)/python -m training.export $(TRAIN)/run/checkpoint.pt $(TRAIN)/bodies.npz $(WEIGHTS)
	PYTHONPATH=.:src $(TRAIN_BIN)/python -m training.proportions $(TRAIN)/bodies.npz $(PROPORTIONS)

train-check: $(TRAIN)/bodies.npz
	PYTHONPATH=.:src $(TRAIN_BIN)/python -m training.evaluate $(WEIGHTS) --bodies $(TRAIN)/bodies.npz

# The data engine and the trainer themselves; `make test` has neither PyTorch nor anny and leaves them out.
test-training: $(TRAIN)/venv/ready
	$(TRAIN_BIN)/python -m pip install --quiet --group dev
	PYTHONPATH=.:src $(TRAIN_BIN)/python -m pytest tests/training --timeout 900 $(ARGS)

$(TRAIN)/bodies.npz: $(TRAIN)/venv/ready
	PYTHONPATH=. $(TRAIN_BIN)/python -m training.bodies $@

$(TRAIN)/venv/ready: pyproject.toml
	$(PYTHON) -m venv $(TRAIN)/venv
	$(TRAIN_BIN)/python -m pip install --quiet --upgrade pip
	$(TRAIN_BIN)/python -m pip install --quiet -e . --group train
	touch $@

clean:
	rm -rf .venv bodychan-demo .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/chromium: $(READY)
	$(BIN)/python scripts/chromium.py
	touch $@

$(READY): requirements.lock pyproject.toml scripts/bootstrap.py
	$(PYTHON) scripts/bootstrap.py
