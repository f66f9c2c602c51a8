#!/usr/bin/env bash
# Everything that is checked. Runs from anywhere, installs what is missing, stops at the first failure, and says how long each step took.
# `--quick`: for contributors, while they work. Steps whose inputs are as on `main` are skipped, and so are the slow ones; it says which.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

quick=
case "${1:-}" in
  '') ;;
  --quick) quick=1 ;;
  *)
    echo "usage: bash tests/all.sh [--quick]" >&2
    exit 2
    ;;
esac

# One target directory for the workspace and tests/applications.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"
# The tests bring their own Logto; one that is set for development is not theirs.
for variable in $(compgen -e LOGTO_ || true); do unset "$variable"; done

# All members with all features, in every step that builds them: what is asked for with other features is built once more.
all=(--locked --workspace --all-features)

names=() began=() skipped=()
step() {
  printf '\n=== %s\n' "$1"
  names+=("$1") began+=("$SECONDS")
}
table() {
  local index
  began+=("$SECONDS")
  printf '\n%8s  %s\n' seconds step
  for index in "${!names[@]}"; do printf '%8d  %s\n' $((began[index + 1] - began[index])) "${names[index]}"; done
  printf '%8d  together\n' "$SECONDS"
}

# What differs from `main`, where it is known: `changed <regular expression of paths>`. Without `--quick` everything does.
changes=
if [ -n "$quick" ]; then
  if base=$(git merge-base HEAD origin/main 2>/dev/null || git merge-base HEAD main 2>/dev/null); then
    changes=$(git diff --name-only "$base" && git ls-files --others --exclude-standard)
  else
    quick_base_is_unknown=1
  fi
fi
changed() { [ -z "$quick" ] || [ -n "${quick_base_is_unknown:-}" ] || grep -qE "$1" <<<"$changes"; }
skip() { skipped+=("$1"); }

# `beside <name> <command>...` runs it while the steps go on; `join <name>` waits, shows what it said and ends the script if it failed.
logs=$(mktemp -d)
declare -A jobs
stop() {
  local name
  for name in "${!jobs[@]}"; do
    # The group: what the command has started ends with it.
    kill -- "-${jobs[$name]}" 2>/dev/null || kill "${jobs[$name]}" 2>/dev/null || true
  done
  rm -rf "$logs"
}
trap stop EXIT
beside() {
  local name=$1
  shift
  set -m
  (set -e; "$@") >"$logs/$name" 2>&1 </dev/null &
  jobs[$name]=$!
  set +m
}
join() {
  local name=$1 status=0
  wait "${jobs[$name]}" || status=$?
  unset "jobs[$name]"
  cat "$logs/$name"
  if [ "$status" -ne 0 ]; then
    echo "failed: $name" >&2
    exit "$status"
  fi
}

. tests/install_tools.sh

step 'tools'
need cc build-essential
need curl curl ca-certificates
need node nodejs
need npm npm
need python3 python3
need redis-server redis-server
need pip3 python3-pip
need wrk wrk
need valgrind valgrind
need openssl openssl
need chromium chromium
need chromedriver chromium-driver
need WebKitWebDriver webkit2gtk-driver
need Xvfb xvfb
need tmux tmux
# The keyring of a Linux desktop, for the tokens of command line programs.
need dbus-run-session dbus-daemon
need gnome-keyring-daemon gnome-keyring
# OpenSSL, for the feature `native-tls`, which all features hold.
pkg-config --exists openssl 2>/dev/null || need openssl.pc pkg-config libssl-dev
if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then need initdb postgresql; fi
node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo 'Node 20 or later is needed for tests/oidc-provider' >&2; exit 1; }
command -v cargo >/dev/null || { echo 'cargo is missing: install Rust from https://rustup.rs' >&2; exit 1; }
for component in fmt clippy; do
  cargo "$component" --version >/dev/null 2>&1 || rustup component add "${component/fmt/rustfmt}"
done

# The oidc-provider server, the packages of @logto/next, npm jose.
packages() {
  local peer
  for peer in oidc-provider next-interop jose-differential; do
    echo "tests/$peer"
    cmp -s "tests/$peer/package-lock.json" "tests/$peer/node_modules/.all.sh" && continue
    npm ci --prefix "tests/$peer" --no-audit --no-fund
    cp "tests/$peer/package-lock.json" "tests/$peer/node_modules/.all.sh"
  done
  npm run --silent --prefix tests/oidc-provider smoke
}
beside packages packages

step 'format'
cargo fmt --all --check
cargo fmt --check --manifest-path fuzz/Cargo.toml
cargo fmt --all --check --manifest-path tests/applications/Cargo.toml

code='\.(rs|toml|lock|snap)$'
sources='^(src/|Cargo\.)'
if changed "$code"; then
  step 'clippy'
  cargo clippy "${all[@]}" --all-targets -- -D warnings
else
  skip 'clippy'
fi

if changed '^(src|docs)/|\.md$'; then
  step 'documentation'
  python3 docs/diagrams/draw.py --check
  RUSTDOCFLAGS='-D warnings' cargo doc "${all[@]}" --no-deps --lib
else
  skip 'documentation'
fi

if [ -z "$quick" ]; then
  step 'each feature alone, and none'
  features=$(sed -n '/^\[features\]/,/^\[/s/^\([a-z][a-z0-9_-]*\) = .*/\1/p' Cargo.toml)
  echo 'none'
  cargo clippy --quiet --locked --no-default-features -- -D warnings
  for feature in $features; do
    echo "$feature"
    cargo clippy --quiet --locked --no-default-features --features "$feature" -- -D warnings
  done
else
  skip 'each feature alone, and none'
fi

step 'npm packages, and the oidc-provider server'
join packages

export LOGTO_TEST_JOSE=1 LOGTO_TEST_OIDC_PROVIDER=1
if [ -n "$quick" ]; then
  if changed "$code|^(tests|docs|examples)/|\.md$"; then
    step 'tests, without those of the examples'
    cargo nextest run "${all[@]}" --lib --test attacks --test faulty_server --test it --test memory --test mock --test model --test tidy
  else
    skip 'tests'
  fi
  for name in 'tests of the examples: scenarios, certification modules, Leptos, Chromium and WebKit' 'sessions in PostgreSQL and SQLite' 'the tests with Valkey' \
    applications fuzzing benchmarks instructions package quickstart; do skip "$name"; done
  if changed '^(src|docs)/|\.md$'; then
    step 'documentation tests'
    cargo test "${all[@]}" --doc
  else
    skip 'documentation tests'
  fi
  table
  printf '\nskipped, for CI to run:\n'
  printf '  %s\n' "${skipped[@]}"
  exit
fi

# Some tests run the examples' binaries.
step 'the examples are built'
cargo build "${all[@]}" --bins --examples
step 'the tests are built'
export LOGTO_TEST_EXAMPLES=1
# Seconds of 50 users with Logto and Redis failing now and then; 600 for ten minutes.
export LOGTO_TEST_SOAK="${LOGTO_TEST_SOAK:-60}"
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run "${all[@]}" --no-run
else
  cargo test "${all[@]}" --lib --bins --tests --no-run
fi

# Tests wait more than they work. What they leave of the processor goes to what only works.
fuzzing() {
  nice -n 10 bash tests/fuzz.sh 20
  nice -n 10 bash benches/instructions.sh --build
}
beside fuzzing fuzzing

step 'tests: the crate, streams and server functions of Leptos, the examples in Chromium and WebKit, HTTP/2, sessions in PostgreSQL and SQLite, allocations'
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run "${all[@]}" --test-threads "$((2 * $(nproc)))"
else
  cargo test "${all[@]}" --lib --bins --tests
fi

step 'the tests with Redis, with Valkey'
if cargo nextest --version >/dev/null 2>&1; then LOGTO_TEST_SOAK=15 bash tests/valkey.sh; else echo 'left out: it takes cargo-nextest'; fi

step 'the scenarios'
scenarios=$(cargo test --quiet "${all[@]}" --test scenarios -- --list | grep -c '^axum::')
echo "$scenarios scenarios x 8 examples x 2 (with and without a request log) passed"

step 'the certification modules'
modules=$(cargo test --quiet "${all[@]}" --test certification -- --list | grep -c '::ours::oidcc')
echo "$modules modules passed, and as many naive relying parties failed"

step 'documentation tests'
cargo test "${all[@]}" --doc

step 'applications: with other cryptography (jsonwebtoken in pure Rust, ring, the TLS of the system), and eight that were moved over'
bash tests/applications/run.sh

step 'fuzzing, 20 seconds for each target (begun with the tests)'
join fuzzing

# Times are not judged here: the machine may have other things to do. `bash benches/compare.sh` does that.
step 'the benchmarks run'
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
trap 'kill "$quickstart" 2>/dev/null || true; stop' EXIT
address=$(grep --max-count 1 --only-matching 'http://localhost:[0-9]*' <&"$printed")
page=$(curl --fail --silent --show-error --retry 30 --retry-delay 1 --retry-connrefused "$address/")
grep -qF 'Sign in' <<<"$page" || { echo 'the start page has no "Sign in"' >&2; exit 1; }
kill "$quickstart"
wait "$quickstart" 2>/dev/null || true
trap stop EXIT
echo "$address/ answered with the start page"

table
printf '\nall tests passed\n'
