#!/usr/bin/env bash
# Lines of src/ that the tests reach, by module, tests and `logto::testing` left out. The last figures: docs/testing.md.
# Takes some ten minutes: everything is built anew, with counters. `cargo llvm-cov report --html` shows each line afterwards.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

. tests/install_tools.sh
need redis-server redis-server
pkg-config --exists openssl 2>/dev/null || need openssl.pc pkg-config libssl-dev
command -v cargo-llvm-cov >/dev/null || cargo install --locked cargo-llvm-cov
command -v cargo-nextest >/dev/null || cargo install --locked cargo-nextest
rustup component add llvm-tools >/dev/null 2>&1 || need llvm-cov llvm
for peer in oidc-provider next-interop jose-differential; do
  [ -d "tests/$peer/node_modules" ] || npm ci --prefix "tests/$peer" --no-audit --no-fund
done

out=${CARGO_TARGET_DIR:-target}/coverage.json
LOGTO_TEST_OIDC_PROVIDER=1 LOGTO_TEST_JOSE=1 cargo llvm-cov nextest --locked --all-features --json --output-path "$out" \
  --ignore-filename-regex '/tests(\.rs|/)|/test_support\.rs|/src/testing/|/examples/'
python3 - "$out" <<'END'
import collections, json, sys
lines = collections.defaultdict(lambda: [0, 0])
for file in json.load(open(sys.argv[1]))["data"][0]["files"]:
    path = file["filename"].split("/src/", 1)[1]
    for module in (path.split("/")[0].removesuffix(".rs"), "all"):
        lines[module][0] += file["summary"]["lines"]["covered"]
        lines[module][1] += file["summary"]["lines"]["count"]
for module, (covered, count) in sorted(lines.items()):
    print(f"{module:16} {covered:6} of {count:6} lines  {100 * covered / count:5.1f} %")
END
