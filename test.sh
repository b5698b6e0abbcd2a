#!/usr/bin/env bash
# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs what is missing, builds, runs the tests.
# Usage: ./test.sh [dev|asan|tsan|all]
#   (none)  the dev build with all tests, then the asan build of unit and contract tests
#   dev, asan, tsan  that build and its tests
#   all     dev, asan and tsan
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() { sed -n '/^# Usage/,/^set /p' "${BASH_SOURCE[0]}" | sed -n 's/^# \{0,1\}//p'; }

case "${1:-}" in
  "") presets=(dev asan) ;;
  dev | asan | tsan) presets=("$1") ;;
  all) presets=(dev asan tsan) ;;
  -h | --help)
    usage
    exit 0
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac

groups=(build test)
if [[ " ${presets[*]} " == *" tsan "* ]]; then groups+=(tsan); fi
deploy/install-deps.sh "${groups[@]}"

# Two at a time unless the machine has more cores: a compiler needs about 1 GiB.
jobs=$(nproc)
failed=()
for preset in "${presets[@]}"; do
  if [[ "$preset" == tsan ]]; then deploy/build-caf-tsan.sh; fi
  cmake --preset "$preset"
  cmake --build --preset "$preset" --parallel "$jobs"
  ctest --preset "$preset" --output-on-failure -j2 || failed+=("$preset")
done
if ((${#failed[@]})); then
  echo "tests failed: ${failed[*]}" >&2
  exit 1
fi
