#!/usr/bin/env bash
# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
#
# Builds CAF from Debian's source package with -fsanitize=thread into build/caf-tsan, where the
# tsan preset looks for it. Debian's own binary is not instrumented, so ThreadSanitizer would see
# none of its synchronisation. Usage: deploy/build-caf-tsan.sh [--force]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

package=actor-framework
prefix="$PWD/build/caf-tsan"
stamp="$prefix/version"

if [[ "${1:-}" != --force && -e "$stamp" ]]; then
  echo "CAF for ThreadSanitizer is present: $(cat "$stamp")"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Source entries made from the machine's binary entries, in a folder of their own: the system's
# configuration is read and never changed.
mkdir -p "$work/parts" "$work/lists/partial" "$work/cache/archives/partial" "$work/source"
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [[ -e "$file" ]] || continue
  sed -n 's/^deb[[:space:]]/deb-src /p' "$file" > "$work/parts/$(basename "${file%.list}").list"
done
for file in /etc/apt/sources.list.d/*.sources; do
  [[ -e "$file" ]] || continue
  sed 's/^Types:.*/Types: deb-src/' "$file" > "$work/parts/$(basename "$file")"
done
apt=(apt-get -q -o "Dir::Etc::SourceList=/dev/null" -o "Dir::Etc::SourceParts=$work/parts"
     -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o "APT::Sandbox::User=")

"${apt[@]}" update
(
  cd "$work/source"
  # The packaging part adds patches to the build only; without it upstream's archive, which apt
  # has checked against the signed index as well, is built as it is.
  "${apt[@]}" source --download-only "$package" ||
    "${apt[@]}" source --download-only --tar-only "$package"
  if ls ./*.debian.tar.* > /dev/null 2>&1 && command -v dpkg-source > /dev/null; then
    dpkg-source --no-check -x ./*.dsc tree
  else
    mkdir tree
    tar -xf ./*.orig.tar.* -C tree --strip-components=1
  fi
)
version=$(sed -n 's/^Version: //p' "$work"/source/*.dsc 2> /dev/null | head -n 1)

launcher=()
if command -v ccache > /dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
cmake -S "$work/source/tree" -B "$work/build" -G Ninja -Wno-dev "${launcher[@]}" \
  -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_INSTALL_PREFIX="$prefix" \
  "-DCMAKE_CXX_FLAGS=-fsanitize=thread -O1 -g1 -w" \
  -DCMAKE_SHARED_LINKER_FLAGS=-fsanitize=thread -DCMAKE_EXE_LINKER_FLAGS=-fsanitize=thread \
  -DCAF_NO_IO=ON -DCAF_NO_OPENSSL=ON -DCAF_NO_OPENCL=ON -DCAF_NO_PYTHON=ON -DCAF_NO_TOOLS=ON \
  -DCAF_NO_EXAMPLES=ON -DCAF_NO_UNIT_TESTS=ON -DCAF_NO_SUMMARY=ON
rm -rf "$prefix"
cmake --build "$work/build" --target install
echo "$package ${version:-unknown}" > "$stamp"
echo "CAF for ThreadSanitizer is in build/caf-tsan: $(cat "$stamp")"
