#!/usr/bin/env bash
# Runs once, when Gradescope builds the container: Python 3.11 or newer, and what the autograder needs.
set -euo pipefail
cd "${AUTOGRADER_ROOT:-/autograder}/source"

apt-get update -qq
apt-get install -y -qq bubblewrap libseccomp2 >/dev/null || true   # isolation, where the container lets us have it
python=""
for candidate in python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
    then python="$candidate"; break; fi
done
if [ -z "$python" ]; then
    apt-get install -y -qq python3.11 python3.11-venv >/dev/null
    python=python3.11
fi
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet -c constraints.txt .
