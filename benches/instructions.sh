#!/usr/bin/env bash
# Instructions of one step, by callgrind: the same on every run but for what is random in a token, whatever else the machine does.
# Valgrind has no SHA extensions, so hashes cost more here than on a processor that has them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

. ../tests/need.sh
need valgrind valgrind
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/../target}"
cargo build --quiet --locked --release --bin instructions
for step in bare first repeated; do
  out=$CARGO_TARGET_DIR/callgrind.$step.out
  valgrind --tool=callgrind --toggle-collect='*instructions::counted*' --callgrind-out-file="$out" \
    "$CARGO_TARGET_DIR/release/instructions" "$step" 2>/dev/null
  awk -v step="$step" '/^(summary|totals):/ { total = $2 } END { printf "%-10s %9.0f instructions\n", step, total / 100 }' "$out"
done
