#!/usr/bin/env bash
# Chaos: kills and stops servers, cuts and freezes connections, kills and
# resizes trainings, while three servers stream two datasets to four ranks
# each; then proves with `millrace audit` that each sample came once.
#
#   scripts/chaos.sh [--minutes 3] [--faults N] [--seed S] [MORE...]
#
# More: --epochs N, --keep, ...; see build/release/bin/chaos --help. Real files
# are looked for in MILLRACE_TEST_DATA, ../shared/data by default (mnist/,
# imagenet-sample/); without, they are drawn; it says which. The exit code is
# the audit's: 0 if all was exact.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ -z ${MILLRACE_TEST_DATA:-} && -d ../shared/data ]]; then
  export MILLRACE_TEST_DATA=$PWD/../shared/data
fi
arguments=("$@")
case " $* " in
  *" --help "* | *" -h "* | *" --minutes"* | *" --faults"*) ;;
  *) arguments+=(--minutes 3) ;;
esac
scripts/setup.sh release
exec build/release/bin/chaos "${arguments[@]}"
