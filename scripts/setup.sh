#!/usr/bin/env bash
# Installs what Millrace needs on Debian 12 (with sudo where not root), then
# configures and builds a preset. Quick when all of it is there already.
#
#   scripts/setup.sh [PRESET [CMAKE_ARGUMENT...]]        default: release
#   scripts/setup.sh --packages                          no build
#   scripts/setup.sh --peers                             no build: also what
#       tests and benchmarks compare with; does without if it cannot be had
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(
  build-essential clang lld llvm libclang-rt-14-dev ccache cmake ninja-build
  pkg-config
  libgrpc++-dev protobuf-compiler-grpc protobuf-compiler libprotobuf-dev
  libabsl-dev librocksdb-dev libjpeg62-turbo-dev libpng-dev prometheus-cpp-dev
  libgtest-dev libgmock-dev libhwy-dev libroaring-dev nlohmann-json3-dev
  libspdlog-dev libcli11-dev libpugixml-dev zlib1g-dev libssl-dev libxxhash-dev
  libisal-dev
  libcairo2-dev fonts-dejavu-core
  python3 python3-grpcio python3-protobuf python3-numpy python3-pil
  python3-pip python3-setuptools python3-venv python3-wheel
)

# Made for x86 only; without it, small samples are digested at half the speed.
[[ $(dpkg --print-architecture) != amd64 ]] || packages+=(libipsec-mb-dev)

peers=(python3-torchvision iperf3 linux-perf mypy)

# Installs those of its arguments that are missing.
install() {
  local missing=() sudo=()
  for package; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null |
      grep -q 'install ok installed' || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  echo "==> installing ${#missing[@]} packages with apt: ${missing[*]}"
  if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null || {
      echo "setup: not root and no sudo; install these first: ${missing[*]}" >&2
      return 1
    }
    sudo=(sudo)
  fi
  "${sudo[@]}" apt-get update -qq &&
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

install "${packages[@]}"
if [[ ${1:-} == --peers ]]; then
  install "${peers[@]}" ||
    echo "setup: no ${peers[*]}; what compares with them is skipped" >&2
  exit 0
fi

preset=${1:-release}
[[ $preset != --packages ]] || exit 0
shift || true
# Clones of one tree share what they compiled, wherever they lie.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
echo "==> building the $preset preset into build/$preset"
if [[ ! -f build/$preset/build.ninja ]] || (($#)); then
  cmake --preset "$preset" "$@" >/dev/null
fi
cmake --build --preset "$preset"
