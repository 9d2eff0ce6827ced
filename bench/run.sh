#!/usr/bin/env bash
# How fast is Millrace on this machine, against its peers and the physical
# limits, in one run? See bench/run.py --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh --peers >&2
scripts/setup.sh release >&2
exec python3 bench/run.py "$@"
