#!/usr/bin/env bash
# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs what is missing, builds the release, starts Thespis with a demo collection and shows a
# first search. Usage: ./run.sh
# Environment: THESPIS_LISTEN (127.0.0.1:6333), THESPIS_DATA_DIR (data).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if [[ "${1:-}" == -h || "${1:-}" == --help ]]; then
  sed -n '/Installs what/,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  exit 0
fi
listen="${THESPIS_LISTEN:-127.0.0.1:6333}"
data_dir="${THESPIS_DATA_DIR:-data}"
url="http://$listen"

if (exec 3<> "/dev/tcp/${listen%:*}/${listen##*:}") 2> /dev/null; then
  echo "$listen is in use: stop what listens there, or choose another address, such as" >&2
  echo "  THESPIS_LISTEN=127.0.0.1:6400 ./run.sh" >&2
  exit 1
fi

deploy/install-deps.sh build run
cmake --preset release -DTHESPIS_BUILD_BENCH=OFF > build-release.log 2>&1 || {
  cat build-release.log >&2
  exit 1
}
rm -f build-release.log
cmake --build --preset release --parallel "$(nproc)"

build/release/bin/thespis serve --demo --listen "$listen" --data-dir "$data_dir" &
server=$!
stopping=false
# Ctrl-C reaches the server as well, being in the same foreground group; a second signal would
# only hurry it, so it is asked again only when this script alone was told to stop.
trap 'stopping=true' INT
trap 'stopping=true; kill -TERM "$server" 2> /dev/null' TERM

wait_for_server() {
  local status=0
  while true; do
    status=0
    wait "$server" || status=$?
    # `wait` also returns when a signal arrives; the server may still be saving its state.
    if ! kill -0 "$server" 2> /dev/null; then break; fi
  done
  if $stopping; then
    echo "stopped"
    exit 0
  fi
  echo "the server ended with status $status" >&2
  exit 1
}

ready=false
for ((tenth = 0; tenth < 600; ++tenth)); do
  if $stopping || ! kill -0 "$server" 2> /dev/null; then wait_for_server; fi
  if curl -sf -o /dev/null --max-time 2 "$url/readyz"; then
    ready=true
    break
  fi
  sleep 0.1
done
if ! $ready; then
  echo "the server was not ready after 60 s" >&2
  kill -TERM "$server"
  wait_for_server
fi

# Teal (#008080) in CIELAB: lightness, green to red, blue to yellow.
body='{"query":[48.25,-28.85,-8.48],"limit":5,"with_payload":true}'
answer=
# The first start makes the collection after it has begun to listen.
for ((tenth = 0; tenth < 100; ++tenth)); do
  answer=$(curl -s --max-time 10 -X POST "$url/collections/colours/points/query" \
    -H 'content-type: application/json' -d "$body") || true
  if [[ "$answer" == *'"hex"'* ]]; then break; fi
  sleep 0.1
done
echo
echo "Which CSS colours look most like teal, #008080?"
python3 - "$answer" << 'PYTHON' || { kill -TERM "$server"; wait_for_server; }
import json
import sys

reply = json.loads(sys.argv[1] or "{}")
points = reply.get("result", {}).get("points", [])
if not points:
    sys.exit(f"the demo search failed: {sys.argv[1]}")
for point in points:
    payload = point["payload"]
    red, green, blue = (int(payload["hex"].lstrip("#")[i : i + 2], 16) for i in (0, 2, 4))
    patch = f"\033[48;2;{red};{green};{blue}m    \033[0m " if sys.stdout.isatty() else ""
    print(f"  {patch}{payload['name']:<16} {payload['hex']}  distance {point['score']:6.2f}")
PYTHON
echo
echo "The same search again:"
echo "  curl -s -X POST $url/collections/colours/points/query \\"
echo "    -H 'content-type: application/json' -d '$body'"
echo
echo "Thespis listens on $url and keeps its data in $data_dir/. Ctrl-C ends it."
wait_for_server
