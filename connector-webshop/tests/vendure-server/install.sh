#!/bin/sh
# Installs the Vendure that the tests start, exactly as locked. Needs Node 20 or later and npm.
set -eu
cd "$(dirname "$0")"
npm ci --no-audit --no-fund
# The two packages with machine code; some npm versions skip their install scripts.
npm rebuild better-sqlite3 bcrypt
