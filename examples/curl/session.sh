#!/usr/bin/env bash
# The main job without Python: a signup link, somebody who pays, and time that passes.
# Start `subhub sandbox serve` first; give its address when it is another one.
set -euo pipefail

sandbox=${1:-http://127.0.0.1:8420}
afternoon=$sandbox/afternoon/main
control=$sandbox/_sandbox/afternoon/main

ask() { curl --silent --show-error --fail-with-body --header 'Content-Type: application/json' "$@"; echo; }
api() { ask --header 'Authorization: Bearer ak_test_0123456789abcdefghijklmn' "$@"; }
field() { grep --only-matching --max-count 1 "\"$1\": *\"[^\"]*\"" | head -1 | cut -d '"' -f 4; }

echo '# a customer'
customer=$(api "$afternoon/v1/customers" --data '{"name": "Test BV", "email": "john.doe@test.com"}' | field id)
echo "$customer"

echo '# a signup link: open it in a browser'
link=$(api "$afternoon/v1/subscription-signup-links" \
    --data "{\"customer_id\": \"$customer\", \"plan_code\": \"phone\"}" | field url)
echo "$link"

echo '# or pay there as the form does'
curl --silent --show-error --fail --data do=pay "$link"

echo '# 40 days later it has renewed'
ask "$control/clock" --data '{"days": 40}'
api "$afternoon/v1/subscriptions?customer_id=$customer"

echo '# the next request breaks down, after it was carried out'
ask "$control/faults" --data '{"kind": "server_error", "after": true, "status": 503}'
api "$afternoon/v1/customers" --data '{"name": "Made all the same"}' || true

echo '# what was asked so far, and an empty sandbox again'
ask "$control/exchanges"
ask "$control/reset" --data '{}'
