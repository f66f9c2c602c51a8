#!/usr/bin/env bash
# The whole suite while each core is busy with something else: what depends on the clock on the wall fails here.
#
#   bash tests/load.sh [runs]     # 5
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

runs="${1:-5}"
out="$(mktemp -d)"
busy=()
trap 'kill "${busy[@]}" 2>/dev/null || true; rm -rf "$out"' EXIT
trap 'exit 130' INT TERM

# Those that take the examples' programs run, too, if these are built (bash tests/all.sh builds them all).
cargo build --locked --all-features --examples
cargo nextest run --locked --all-features --no-run
for ((core = 0; core < $(nproc); core++)); do
  # It ends with this script, however that ends.
  nice -n 0 bash -c 'while kill -0 "$1" 2>/dev/null; do for ((i = 0; i < 100000; i++)); do :; done; done' busy $$ &
  busy+=($!)
done

failed=0
for ((run = 1; run <= runs; run++)); do
  begun=$SECONDS
  status=0
  cargo nextest run --locked --all-features --no-fail-fast >"$out/run-$run" 2>&1 || status=$?
  tests="$(grep -E '^ +Summary' "$out/run-$run" || tail -n 20 "$out/run-$run")"
  echo "run $run of $runs, $((SECONDS - begun)) s, ${#busy[@]} busy loops: $tests"
  if ((status != 0)); then
    failed=$((failed + 1))
    grep -E '^ +(FAIL|TIMEOUT|SIG[A-Z]+|ABORT) ' "$out/run-$run" | sort -u || true
    cp "$out/run-$run" "${TMPDIR:-/tmp}/logto-load-run-$run.log"
    echo "all that it printed: ${TMPDIR:-/tmp}/logto-load-run-$run.log"
  fi
done
echo "$failed of $runs runs failed"
((failed == 0))
