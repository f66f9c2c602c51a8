#!/usr/bin/env bash
# Fuzzes what comes from browsers and servers: `bash tests/fuzz.sh [seconds for each target] [target]...`, 20 seconds and all targets by default;
# `bash tests/fuzz.sh build` builds them alone.
# Two targets run at a time. What was found interesting is kept in target/fuzz/corpus and serves the next run.
# Needs no nightly Rust: coverage needs flags of LLVM alone, and sanitizers would look for what `unsafe` does, which is forbidden here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-20}
targets=("${@:2}")
if [ ${#targets[@]} -eq 0 ]; then
  for file in fuzz/fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi

target_dir=${CARGO_TARGET_DIR:-$PWD/target}/fuzz
export CARGO_TARGET_DIR=$target_dir/build
host=$(rustc -vV | sed -n 's/^host: //p')
bin=$CARGO_TARGET_DIR/$host/release
# The flags of `cargo fuzz build --sanitizer none`, which needs not be installed then. `--target` keeps them from build scripts.
flags=(
  -Cpasses=sancov-module
  -Cllvm-args=-sanitizer-coverage-level=4
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
  -Cllvm-args=-sanitizer-coverage-pc-table
  -Cllvm-args=-sanitizer-coverage-trace-compares
  -Cllvm-args=-simplifycfg-branch-fold-threshold=0
  -Cllvm-args=-sanitizer-coverage-stack-depth
  -Cdebug-assertions
  -Ccodegen-units=1
  --cfg fuzzing
)
RUSTFLAGS="${flags[*]}" cargo build --locked --release --bins --manifest-path fuzz/Cargo.toml --target "$host"
if [ "$seconds" = build ]; then exit; fi
"$bin/seeds" "$target_dir/seeds"

# A second is enough for any input, and so is half a gigabyte: each answer is bounded.
run() {
  local target=$1 corpus=$target_dir/corpus/$1 artifacts=$target_dir/artifacts/$1/ log=$target_dir/$1.log
  mkdir -p "$corpus" "$artifacts"
  if "$bin/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=16384 -print_final_stats=1 -verbosity=1 \
    -artifact_prefix="$artifacts" "$corpus" "$target_dir/seeds/$target" >"$log" 2>&1; then
    local executions covered
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    printf '%-17s %10d executions, %5d edges\n' "$target" "$executions" "$covered"
  else
    tail -30 "$log" >&2
    printf '%s: FAILED; once more by: %s %s<file>\n' "$target" "$bin/$target" "$artifacts" >&2
    return 1
  fi
}
export -f run
export bin seconds target_dir
printf '%s\n' "${targets[@]}" | xargs -P 2 -I '{}' bash -c 'run {}'
total=0
for target in "${targets[@]}"; do
  total=$((total + $(sed -n 's/^stat::number_of_executed_units: *//p' "$target_dir/$target.log")))
done
echo "$total executions of ${#targets[@]} targets"
