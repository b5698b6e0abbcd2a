#!/usr/bin/env bash
# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
#
# The one list of Debian 12 packages. Quick when everything is present.
# Usage: deploy/install-deps.sh [build] [run] [test] [bench] [tsan] [fuzz]; without: build.
set -euo pipefail

build=(
  build-essential ccache cmake mold ninja-build
  libboost1.81-dev libboost-filesystem1.81-dev libboost-json1.81-dev
  libcaf-dev libcli11-dev libhwy-dev libmimalloc-dev libspdlog-dev libtomlplusplus-dev
  libwiredtiger-dev libzstd-dev prometheus-cpp-dev zlib1g-dev
  libopenblas0-pthread  # loaded at run time
)
run=(curl python3)
test=(ca-certificates catch2 clang-format nodejs npm python3)
bench=(dataset-fashion-mnist libbenchmark-dev libfaiss-dev libhnswlib-dev libopenblas-dev python3)
tsan=(dpkg-dev)
fuzz=(clang-14 libclang-rt-14-dev)

wanted=()
for group in "${@:-build}"; do
  case "$group" in
    build) wanted+=("${build[@]}") ;;
    run) wanted+=("${run[@]}") ;;
    test) wanted+=("${test[@]}") ;;
    bench) wanted+=("${bench[@]}") ;;
    tsan) wanted+=("${tsan[@]}") ;;
    fuzz) wanted+=("${fuzz[@]}") ;;
    *)
      echo "unknown group '$group'; known: build, run, test, bench, tsan, fuzz" >&2
      exit 2
      ;;
  esac
done

present=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2> /dev/null |
  sed -n 's/^installed //p' || true)
missing=()
for package in "${wanted[@]}"; do
  grep -qxF "$package" <<< "$present" && continue
  # A Node.js from elsewhere brings its own npm and conflicts with Debian's package.
  if [[ "$package" == npm ]] && command -v npm > /dev/null; then continue; fi
  missing+=("$package")
done
if ((${#missing[@]} == 0)); then exit 0; fi

as_root=()
if [[ "$(id -u)" != 0 ]]; then
  if ! command -v sudo > /dev/null; then
    echo "these packages are missing: ${missing[*]}" >&2
    echo "install them as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "installing ${missing[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
  "${missing[@]}"
