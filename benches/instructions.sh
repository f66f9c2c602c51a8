#!/usr/bin/env bash
# Instructions of one step, by callgrind: nearly the same on every run, whatever else the machine does. Beside those of instructions.json;
# fails where a step has grown by more than a tenth. `--write` writes them there, `--build` builds and counts nothing.
# Valgrind has no SHA extensions, so hashes cost more here than on a processor that has them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

. ../tests/install_tools.sh
need valgrind valgrind
need python3 python3
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/../target}"
cargo build --quiet --locked --release --bin instructions
if [ "${1:-}" = --build ]; then exit; fi
counts=$CARGO_TARGET_DIR/instructions.txt
count() {
  local step=$1 out=$CARGO_TARGET_DIR/callgrind.$1.out
  valgrind --tool=callgrind --toggle-collect='*instructions::counted*' --callgrind-out-file="$out" \
    "$CARGO_TARGET_DIR/release/instructions" "$step" >/dev/null 2>&1
  awk -v step="$step" '/^(summary|totals):/ { total = $2 } END { printf "%s %d\n", step, total / 100 }' "$out"
}
export -f count
# One at a time on each core: nobody counts time.
printf '%s\n' read-100 read write change nobody repeated delivery | xargs -P "$(nproc)" -I '{}' bash -c 'count {}' >"$counts"
python3 - "$counts" "${1:-}" <<'END'
import json, sys
counts = {step: int(count) for step, count in (line.split() for line in open(sys.argv[1]))}
if sys.argv[2] == "--write":
    json.dump(counts, open("instructions.json", "w"), indent=2)
known = json.load(open("instructions.json"))
for step, count in counts.items():
    change = f"{100 * count / known[step] - 100:+.1f} %" if step in known else "not in instructions.json: --write puts it there"
    print(f"{step:10} {count:8} instructions, {change}")
grown = [step for step, count in counts.items() if count > 1.1 * known.get(step, count)]
sys.exit(f"more than a tenth more than instructions.json has: {', '.join(grown)}" if grown else 0)
END
