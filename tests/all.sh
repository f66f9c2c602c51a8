#!/usr/bin/env bash
# Everything that is checked. Runs from anywhere, installs what is missing, stops at the first failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# One target directory for the crate, the examples, the benchmarks and tests/both-backends.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"
# The tests bring their own Logto; one that is set for development is not theirs.
for variable in $(compgen -e LOGTO_ || true); do unset "$variable"; done

# The examples that are packages of their own.
members=(-p logto-example-leptos-ssr -p logto-example-poem -p logto-example-salvo -p logto-example-warp)

step() { printf '\n=== %s\n' "$1"; }

. tests/need.sh

step 'tools'
need cc build-essential
need curl curl ca-certificates
need node nodejs
need npm npm
need redis-server redis-server
need wrk wrk
need openssl openssl
need chromium chromium
need chromedriver chromium-driver
if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then need initdb postgresql; fi
node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo 'Node 20 or later is needed for tests/oidc-provider' >&2; exit 1; }
command -v cargo >/dev/null || { echo 'cargo is missing: install Rust from https://rustup.rs' >&2; exit 1; }
for component in fmt clippy; do
  cargo "$component" --version >/dev/null 2>&1 || rustup component add "${component/fmt/rustfmt}"
done

step 'format'
cargo fmt --all --check
cargo fmt --check --manifest-path benches/Cargo.toml
cargo fmt --check --manifest-path fuzz/Cargo.toml
cargo fmt --check --manifest-path tests/both-backends/Cargo.toml
cargo fmt --check --manifest-path tests/browser/Cargo.toml
cargo fmt --check --manifest-path tests/stores-sql/Cargo.toml

step 'clippy'
cargo clippy --locked --all-targets --all-features -- -D warnings
cargo clippy --locked --all-targets "${members[@]}" -- -D warnings

step 'documentation'
need python3 python3
python3 docs/diagrams/draw.py --check
RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --all-features

step 'each feature alone, and none'
features=$(sed -n '/^\[features\]/,/^\[/s/^\([a-z][a-z0-9_-]*\) = .*/\1/p' Cargo.toml)
echo 'none'
cargo clippy --quiet --locked --no-default-features -- -D warnings
for feature in $features; do
  echo "$feature"
  cargo clippy --quiet --locked --no-default-features --features "$feature" -- -D warnings
done

step 'the oidc-provider server'
if [ ! -d tests/oidc-provider/node_modules/oidc-provider ]; then
  npm ci --prefix tests/oidc-provider --no-audit --no-fund
fi
npm run --silent --prefix tests/oidc-provider smoke

step 'the packages of @logto/next'
if [ ! -d tests/next-interop/node_modules/@logto/next ]; then
  npm ci --prefix tests/next-interop --no-audit --no-fund
fi

step 'npm jose'
if [ ! -d tests/jose-differential/node_modules/jose ]; then
  npm ci --prefix tests/jose-differential --no-audit --no-fund
fi
export LOGTO_TEST_JOSE=1

step 'tests'
export LOGTO_TEST_OIDC_PROVIDER=1
# Seconds of 50 users with Logto and Redis failing now and then; 600 for ten minutes.
export LOGTO_TEST_SOAK="${LOGTO_TEST_SOAK:-60}"
# Some tests run the examples' binaries.
cargo build --locked --all-features --examples
cargo build --locked "${members[@]}"
export LOGTO_TEST_EXAMPLES=1
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --locked --all-features
else
  cargo test --locked --all-features --all-targets
fi

step 'the scenarios'
scenarios=$(cargo test --quiet --locked --all-features --test scenarios -- --list | grep -c '^axum::')
echo "$scenarios scenarios x 8 examples passed"

step 'the certification modules'
modules=$(cargo test --quiet --locked --all-features --test certification -- --list | grep -c '::ours::oidcc')
echo "$modules modules passed, and as many naive relying parties failed"

step 'streams and server functions of Leptos'
cargo test --locked -p logto-example-leptos-ssr

step 'the examples in Chromium'
(cd tests/browser && cargo test -- --test-threads=2)

step 'documentation tests'
cargo test --locked --all-features --doc

step 'sessions in PostgreSQL and SQLite'
cargo test --manifest-path tests/stores-sql/Cargo.toml

step 'both crypto backends of jsonwebtoken in one build'
(cd tests/both-backends && cargo test)

step 'fuzzing, 20 seconds for each target'
bash tests/fuzz.sh 20

# Times are not judged here: the machine may have other things to do. `bash benches/compare.sh` does that.
step 'the benchmarks run, and a remembered token costs no allocation'
cargo clippy --locked --all-targets --manifest-path benches/Cargo.toml -- -D warnings
cargo test --locked --manifest-path benches/Cargo.toml
bash benches/compare.sh --smoke
step 'no step takes a tenth more instructions than it did'
bash benches/instructions.sh

step 'package'
list=$(cargo package --locked --allow-dirty --no-verify --list)
for file in README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE Cargo.toml src/lib.rs docs/errors.md examples/quickstart.rs; do
  grep -qxF "$file" <<<"$list" || { echo "the package lacks $file" >&2; exit 1; }
done
if grep -E '^(\.ci|benches|tests)/' <<<"$list"; then
  echo 'the package holds files that are for the repository alone (see above)' >&2
  exit 1
fi
cargo package --quiet --locked --allow-dirty --no-verify
echo "$(wc -l <<<"$list") files"

step 'quickstart'
# It listens on ports that the system chooses, and prints its address.
exec {printed}< <(PORT=0 exec "$CARGO_TARGET_DIR/debug/examples/quickstart")
quickstart=$!
trap 'kill "$quickstart" 2>/dev/null || true' EXIT
address=$(grep --max-count 1 --only-matching 'http://localhost:[0-9]*' <&"$printed")
page=$(curl --fail --silent --show-error --retry 30 --retry-delay 1 --retry-connrefused "$address/")
grep -qF 'Sign in' <<<"$page" || { echo 'the start page has no "Sign in"' >&2; exit 1; }
kill "$quickstart"
wait "$quickstart" 2>/dev/null || true
trap - EXIT
echo "$address/ answered with the start page"

printf '\nall tests passed\n'
