#!/bin/sh
# Installs the Medusa that the tests start, exactly as locked, and prepares its database. Needs
# Node 20 or later, npm and PostgreSQL.
set -eu
cd "$(dirname "$0")"
npm ci --no-audit --no-fund
# The packages with machine code; some npm versions skip their install scripts.
npm rebuild @swc/core esbuild msgpackr-extract
node prepare.js
