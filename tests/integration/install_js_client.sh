#!/usr/bin/env bash
# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs the JavaScript client that the tests use, as its lock file says; quick when it is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/js_client"
stamp=node_modules/.installed
if cmp -s package-lock.json "$stamp"; then exit 0; fi
npm ci --no-progress
cp package-lock.json "$stamp"
