#!/usr/bin/env bash
# What is too slow for every run: dependencies, every pair of features, the oldest versions, the documentation as docs.rs builds it.
# Without arguments all of it; else the parts that are named: deny powerset semver minimal msrv docs. The last results: docs/supply-chain.md.
# Installs the tools that are missing. What cannot be run here is said in the end, and is not a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"

parts=("$@")
if [ ${#parts[@]} -eq 0 ]; then parts=(deny powerset semver minimal msrv docs); fi
skipped=()

step() { printf '\n=== %s\n' "$1"; }
skip() {
  echo "skipped: $1" >&2
  skipped+=("$1")
}
tool() { cargo "${1#cargo-}" --version >/dev/null 2>&1 || cargo install --locked "$1"; }
has_toolchain() { rustup run "$1" rustc --version >/dev/null 2>&1; }

# A copy of the crate by itself, whose manifest and lock file may be changed.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
alone() {
  rm -rf "${copy:?}"/*
  cp -R Cargo.toml Cargo.lock README.md src docs examples "$copy"
  # Without the members, whose frameworks ask for versions of their own.
  sed -i '/^\[workspace\]/,/^default-members/d' "$copy/Cargo.toml"
}

# Advisories, licences, duplicate and banned crates, sources: deny.toml.
deny() {
  step 'cargo-deny'
  tool cargo-deny
  cargo deny --manifest-path Cargo.toml check bans licenses sources
  if cargo deny --manifest-path Cargo.toml fetch db; then
    cargo deny --manifest-path Cargo.toml check --disable-fetch advisories
  else
    skip 'advisories: the database of RustSec is out of reach'
  fi
}

# `tests/all.sh` has each feature alone; here are all pairs, and all together.
powerset() {
  step 'every two features together'
  tool cargo-hack
  alone
  (
    cd "$copy"
    cargo hack --remove-dev-deps
    CARGO_TARGET_DIR="$CARGO_TARGET_DIR/powerset" cargo hack check --offline --feature-powerset --depth 2
  )
}

# What changed in the public API since the last release, and whether the version says so. Until there is a release there is nothing to compare
# with: then the API is compared with that of the last commit, so that work in progress shows. A release is the tag `v<version>`.
semver() {
  step 'cargo-semver-checks'
  tool cargo-semver-checks
  local baseline
  baseline=$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || true)
  if [ -z "$baseline" ]; then
    echo 'no release yet (no tag v*): the baseline is the last commit'
    baseline=HEAD
  fi
  cargo semver-checks -p logto --baseline-rev "$baseline" --all-features
}

# The lower bounds of Cargo.toml are true: the crate builds with the oldest version of each direct dependency.
minimal() {
  step 'the oldest version of each dependency'
  if ! has_toolchain nightly; then
    skip 'minimal: -Z direct-minimal-versions needs the nightly toolchain (rustup toolchain install nightly)'
    return
  fi
  tool cargo-hack
  alone
  (
    cd "$copy"
    cargo hack --remove-dev-deps
    cargo +nightly update -Z direct-minimal-versions
    CARGO_TARGET_DIR="$CARGO_TARGET_DIR/minimal" cargo check --locked --lib --all-features
  )
}

# The MSRV: no dependency asks for more, and the crate builds with it.
msrv() {
  step 'the oldest Rust'
  local msrv
  msrv=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  cargo metadata --locked --format-version 1 --all-features | python3 -c '
import json, sys
metadata, msrv = json.load(sys.stdin), [int(part) for part in sys.argv[1].split(".")]
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
packages = {package["id"]: package for package in metadata["packages"]}
root = next(id for id, package in packages.items() if package["name"] == "logto")
used, todo = set(), [root]
while todo:
    id = todo.pop()
    if id not in used:
        used.add(id)
        normal = lambda dep: any(kind["kind"] != "dev" for kind in dep["dep_kinds"])
        todo += [dep["pkg"] for dep in nodes[id]["deps"] if normal(dep)]
newer = []
for id in used:
    version = packages[id]["rust_version"]
    if version and [int(part) for part in version.split(".")][:2] > msrv:
        newer.append("{name} {version} needs Rust {rust_version}".format(**packages[id]))
print(len(used), "crates, none needs more than Rust", sys.argv[1]) if not newer else sys.exit("\n".join(newer))
' "$msrv"
  if has_toolchain "$msrv" || rustup toolchain install "$msrv" --profile minimal >/dev/null 2>&1; then
    CARGO_TARGET_DIR="$CARGO_TARGET_DIR/msrv" cargo "+$msrv" check --locked --lib --all-features
  else
    skip "msrv: Rust $msrv is not to be had here; clippy (incompatible_msrv) still looks at the standard library's items in tests/all.sh"
  fi
}

# As docs.rs does: nightly, with the features that each item needs.
docs() {
  step 'documentation as on docs.rs'
  if ! has_toolchain nightly; then
    skip 'docs: --cfg docsrs needs the nightly toolchain (rustup toolchain install nightly)'
    return
  fi
  RUSTDOCFLAGS='--cfg docsrs -D warnings' cargo +nightly doc --locked --no-deps --all-features -p logto
}

for part in "${parts[@]}"; do
  case $part in
    deny | powerset | semver | minimal | msrv | docs) "$part" ;;
    *)
      echo "no part is called $part: deny powerset semver minimal msrv docs" >&2
      exit 2
      ;;
  esac
done

printf '\nran: %s\n' "${parts[*]}"
for reason in "${skipped[@]}"; do printf 'not run: %s\n' "$reason"; done
