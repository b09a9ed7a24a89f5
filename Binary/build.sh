#!/bin/sh
# Builds dist/facetracker and its archive on Linux or macOS. PYTHON chooses the interpreter (3.11 or newer).
exec "${PYTHON:-python3}" "$(dirname "$0")/build.py" "$@"
