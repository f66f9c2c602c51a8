#!/usr/bin/env bash
# Builds each application by itself, runs it, and looks at what is in its build: `bash tests/applications/run.sh`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# lacks <application> <crate>: the crate is no part of the application's build.
lacks() {
  if cargo tree --quiet --locked --package "$1" --edges normal,build --prefix none | grep -q "^$2 v"; then
    echo "$1 is built with $2" >&2
    exit 1
  fi
  echo "without $2"
}

for application in jsonwebtoken ring native-tls; do
  echo "application-$application"
  cargo run --quiet --locked --package "application-$application"
done
lacks application-native-tls rustls

# Built at once: these are about what they do, and share their features.
echo application-moved-over
cargo build --quiet --locked --package application-moved-over --bins
for source in moved_over/src/bin/*.rs; do
  cargo run --quiet --locked --package application-moved-over --bin "$(basename "$source" .rs)"
done
