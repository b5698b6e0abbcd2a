#!/usr/bin/env bash
# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
#
# Builds the fuzz targets and runs each for a given time over a copy of its corpus.
# Usage: tests/fuzz/run.sh [--seconds N] [--out FOLDER] [--minimize] [TARGET...]
#   --seconds N   for each target; default 60
#   --out FOLDER  where findings, logs and grown corpora are kept; default build/fuzz/findings
#   --minimize    then adds what reaches new code, at most 4 KiB an input, to the corpus in the tree
#   TARGET        such as bodies; default all of them
# Ends with 1 if there was a finding. Its input lies in FOLDER/TARGET; when it is fixed, it goes to
# tests/fuzz/regressions/TARGET, and ctest replays it from then on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage() { sed -n '/^# Usage/,/^set /p' "${BASH_SOURCE[0]}" | sed -n 's/^# \{0,1\}//p'; }

seconds=60
out=build/fuzz/findings
minimize=0
targets=()
while (($#)); do
  case "$1" in
    --seconds)
      seconds="${2:?--seconds needs a number}"
      shift
      ;;
    --out)
      out="${2:?--out needs a folder}"
      shift
      ;;
    --minimize) minimize=1 ;;
    -h | --help)
      usage
      exit 0
      ;;
    -*)
      usage >&2
      exit 2
      ;;
    *) targets+=("$1") ;;
  esac
  shift
done
if ((${#targets[@]} == 0)); then
  for folder in tests/fuzz/corpus/*/; do targets+=("$(basename "$folder")"); done
fi
for target in "${targets[@]}"; do
  if [[ ! -f "tests/fuzz/$target.cpp" || ! -d "tests/fuzz/corpus/$target" ]]; then
    echo "unknown target '$target'; known:" tests/fuzz/corpus/* >&2
    exit 2
  fi
done

deploy/install-deps.sh build test fuzz
cmake --preset fuzz > /dev/null
cmake --build build/fuzz --parallel "$(nproc)" --target "${targets[@]/#/fuzz_}"

# An allocation may take 64 MiB and a run 1 GiB; the targets themselves measure a second of the
# processor for an input. Files of the targets lie in memory where that can be.
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
if [[ -w /dev/shm ]]; then export TMPDIR=/dev/shm; fi
limits=(-timeout=60 -malloc_limit_mb=64 -rss_limit_mb=1024 -max_len=16384)
failed=()
for target in "${targets[@]}"; do
  corpus="$out/$target.corpus"
  mkdir -p "$corpus" "$out/$target"
  seeds=("tests/fuzz/corpus/$target")
  if [[ -d "tests/fuzz/regressions/$target" ]]; then seeds+=("tests/fuzz/regressions/$target"); fi
  words=()
  if [[ -f "tests/fuzz/dictionaries/$target" ]]; then
    words=("-dict=tests/fuzz/dictionaries/$target")
  fi
  echo "$target: $seconds s, log in $out/$target.log"
  if ! "build/fuzz/bin/fuzz_$target" "${limits[@]}" "${words[@]}" -max_total_time="$seconds" \
    -print_final_stats=1 -artifact_prefix="$out/$target/" "$corpus" "${seeds[@]}" \
    > "$out/$target.log" 2>&1; then
    failed+=("$target")
    grep -aE '^(SUMMARY|does not hold)|Test unit written' "$out/$target.log" || true
  fi
  # The last status line: executions, edges (cov) and features (ft).
  grep -aE '^#[0-9]+.*cov:' "$out/$target.log" | tail -n 1 || true
  if ((minimize)); then
    kept="$(mktemp -d)"
    "build/fuzz/bin/fuzz_$target" -merge=1 -max_len=4096 "$kept" "tests/fuzz/corpus/$target" \
      "$corpus" > /dev/null 2>&1
    for file in "$kept"/*; do
      [[ -e "$file" ]] && cp -n "$file" "tests/fuzz/corpus/$target/"
    done
    rm -rf "$kept"
  fi
done
if ((${#failed[@]})); then
  echo "findings: ${failed[*]}; their inputs are in $out" >&2
  exit 1
fi
