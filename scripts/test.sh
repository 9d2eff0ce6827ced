#!/usr/bin/env bash
# Runs every test on a fresh Debian 12: sets the machine up, then builds and
# tests each phase. Run again, it builds only what changed.
#
#   scripts/test.sh                  all phases
#   scripts/test.sh --quick          the release phase only
#   scripts/test.sh --only PHASE     one phase; may be given several times
#
# Phases:
#   release  optimised build, every test
#   asan     AddressSanitizer and UndefinedBehaviorSanitizer, every test but
#            those of installing and of Python
#   tsan     ThreadSanitizer, the same but those of the tree, and chaos
#   fuzz     each fuzzer for MILLRACE_FUZZ_SECONDS (10), the one that compares
#            JPEG decoders for six times as long
#
# Real files are looked for in MILLRACE_TEST_DATA; without, the tests that need
# them are skipped and say so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Not under ThreadSanitizer: what reads the tree runs none of our code, and an
# instrumented library cannot be linked into the plain program that tests an
# installation. Nor chaos: it starts programs over and over, a dozen at a time,
# and what it looks for lies between processes; the tests of client and server
# look for races in them.
not_threaded='^(tidy|tidy_self_test|install|chaos)$'
all=(release asan tsan fuzz)
phases=()
usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
  exit 2
}
while (($#)); do
  case $1 in
    --quick) phases+=(release) ;;
    --only)
      [[ " ${all[*]} " == *" ${2:-none} "* ]] || usage
      phases+=("$2")
      shift
      ;;
    *) usage ;;
  esac
  shift
done
((${#phases[@]})) || phases=("${all[@]}")

summary=build/test-summary.txt
mkdir -p build
: >"$summary"

# Builds and tests one phase; its times and ctest's last lines go to the
# summary. Fails with its tests.
run_phase() {
  local phase=$1 built tested status=0
  local setup=("$phase")
  local ctest=(ctest --preset "$phase" -j "$(nproc)" --no-tests=error)
  case $phase in
    tsan) ctest+=(-E "$not_threaded") ;;
    fuzz) setup+=("-DMILLRACE_FUZZ_SECONDS=${MILLRACE_FUZZ_SECONDS:-10}") ;;
  esac

  echo "==> $phase: set-up and build"
  SECONDS=0
  scripts/setup.sh "${setup[@]}" || return
  built=$SECONDS

  echo "==> $phase: tests"
  SECONDS=0
  "${ctest[@]}" 2>&1 | tee "build/test-$phase.log" || status=$?
  tested=$SECONDS
  {
    echo "==> $phase: built in $built s, tested in $tested s"
    sed -n '/tests passed/,$p' "build/test-$phase.log" | sed '/^$/d'
  } | tee -a "$summary"
  return $status
}

scripts/setup.sh --peers
for phase in "${phases[@]}"; do
  run_phase "$phase" || {
    echo "test: the $phase phase failed; see build/test-$phase.log" >&2
    exit 1
  }
done
echo "==> all phases passed"
cat "$summary"
