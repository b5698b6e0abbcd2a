#!/usr/bin/env bash
# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs a command on the committed tree in a fresh Debian 12 root, so that nothing this machine
# happens to have installed can help. Needs root and debootstrap.
# Usage: deploy/prove-clean-root.sh [--commit COMMIT] [--keep FOLDER] [COMMAND...]
#   default command: ./test.sh
#   --keep FOLDER  makes the root there and leaves it, for a second run on the same root
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

commit=HEAD
root=
keep=false
while (($#)); do
  case "$1" in
    --commit) commit=$2; shift 2 ;;
    --keep) root=$2; keep=true; shift 2 ;;
    -h | --help) sed -n '/^# Runs/,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) break ;;
  esac
done
command=("${@:-./test.sh}")

if [[ "$(id -u)" != 0 ]] || ! command -v debootstrap > /dev/null; then
  echo "this needs root and the package debootstrap" >&2
  exit 1
fi

# The mirror that this machine uses for the release itself, not for its security updates.
mirror=$(
  {
    sed -n 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' /etc/apt/sources.list.d/*.sources || true
    sed -n 's/^deb[[:space:]]\(\[[^]]*\][[:space:]]*\)\{0,1\}\([^[:space:]]*\).*/\2/p' \
      /etc/apt/sources.list /etc/apt/sources.list.d/*.list || true
  } 2> /dev/null | grep -m 1 '/debian/\{0,1\}$'
) || true
if [[ -z "$mirror" ]]; then
  echo "no Debian mirror in the machine's apt configuration" >&2
  exit 1
fi

if [[ -z "$root" ]]; then root=$(mktemp -d); fi
mounted=()
clean_up() {
  local path
  for path in "${mounted[@]}"; do umount "$path" || umount -l "$path"; done
  # Never delete through a mount that would not go away.
  if ! $keep && ! grep -qF " $root/" /proc/self/mounts; then
    rm -rf --one-file-system "$root"
  fi
}
trap clean_up EXIT

if [[ ! -e "$root/etc/debian_version" ]]; then
  # --variant=minbase: the smallest root there is.
  debootstrap --variant=minbase bookworm "$root" "$mirror"
fi
# What an apt client needs on this network, security updates included: its sources and keys.
rm -f "$root/etc/apt/sources.list"
cp -rL /etc/apt/sources.list.d /etc/apt/apt.conf.d "$root/etc/apt/"
if [[ -e /etc/apt/sources.list ]]; then cp /etc/apt/sources.list "$root/etc/apt/"; fi
rm -f "$root/etc/apt/apt.conf.d/"docker-*
mkdir -p "$root/usr/share/keyrings" "$root/etc/apt/keyrings"
cp -rn /usr/share/keyrings/. "$root/usr/share/keyrings/"
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
if compgen -G '/usr/local/share/ca-certificates/*' > /dev/null; then
  mkdir -p "$root/usr/local/share/ca-certificates"
  cp -L /usr/local/share/ca-certificates/* "$root/usr/local/share/ca-certificates/"
fi
if [[ -e /etc/npmrc ]]; then cp /etc/npmrc "$root/etc/"; fi

mount -t proc proc "$root/proc"
mounted=("$root/proc")
mount -t tmpfs tmpfs "$root/dev/shm" 2> /dev/null && mounted=("$root/dev/shm" "${mounted[@]}")

rm -rf "$root/thespis"
mkdir "$root/thespis"
git archive "$commit" | tar -x -C "$root/thespis"

# No environment of this machine but the way out to the packages.
passed=()
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY \
  npm_config_registry NPM_CONFIG_REGISTRY; do
  if [[ -n "${!name:-}" ]]; then passed+=("$name=${!name}"); fi
done
chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
  "${passed[@]}" /bin/bash -c 'cd /thespis && exec "$@"' prove "${command[@]}"
echo "clean root: '${command[*]}' passed on $(git rev-parse --short "$commit")"
