#!/usr/bin/env bash
# Measures the crate beside what people use today: builds, installs the peers, prints a table and writes target/compare.json.
# Runs from anywhere and installs what is missing; fails if a bound does not hold. `--smoke` only shows that everything runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/../target}"
profile=release
out=compare.json
if [ "${1:-}" = --smoke ]; then
  # The profile in which the dependencies are built anyway where this is only a check.
  profile=debug
  out=compare-smoke.json
fi

. ../tests/install_tools.sh
need node nodejs
need npm npm
need wrk wrk
need redis-server redis-server
need redis-benchmark redis-tools

npm ci --prefix peers --no-audit --no-fund --silent
if [ "$profile" = release ]; then
  cargo build --locked --release --bins
else
  # As tests/all.sh builds everything, so that nothing is built for this alone.
  cargo build --locked --workspace --all-features --bins --examples
fi
"$CARGO_TARGET_DIR/$profile/compare" --out "$CARGO_TARGET_DIR/$out" "$@"
