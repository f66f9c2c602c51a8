#!/usr/bin/env bash
# Every error on one picture: its page as a developer sees it, with message and hint. Needs Chromium.
# bash tests/error_pages.sh [picture]
set -euo pipefail
cd "$(dirname "$0")/.."
picture=$(realpath "${1:-target/errors.png}")
mkdir -p "$(dirname "$picture")"
sheet=$(mktemp --suffix=.html)
trap 'rm -f "$sheet"' EXIT
LOGTO_TEST_ERROR_SHEET="$sheet" cargo test --quiet --all-features --lib -- --exact response::page::tests::every_error_is_on_the_contact_sheet
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=3040,5720 --virtual-time-budget=10000 \
    --screenshot="$picture" "file://$sheet"
echo "$picture"
