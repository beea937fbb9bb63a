#!/usr/bin/env bash
# Runs on the machine with the GPU, from the folder that `make gpu-check-wheels` filled; needs no network.
# Options are those of `python -m benchmarks.gpu_check`. PYTHON names another Python of the version of the wheels.
set -euo pipefail
cd "$(dirname "$0")"
version=$(cat python-version)
PYTHON=${PYTHON:-python$version}
command -v "$PYTHON" >/dev/null || { echo "Python $version is needed, as the wheels are for it: set PYTHON=/path/to/python" >&2; exit 1; }
if [ ! venv/.ready -nt .ready ]; then
  "$PYTHON" -m venv --clear venv || { echo "the venv module is missing: apt-get install python$version-venv" >&2; exit 1; }
  install() { venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index --find-links wheels "$@"; }
  install -r requirements.txt
  install --no-deps dashscope
  touch venv/.ready
fi
# This folder has benchmarks/ alone; everything else comes from the wheel of the package.
exec venv/bin/python -m benchmarks.gpu_check --out results --spent "$SECONDS" "$@"
