#!/usr/bin/env bash
# The main job without Python: a signup link, a payment, and 40 days later a renewal.
# Start `subhub sandbox serve` first. An argument overrides its default URL.
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

echo '# a signup link, which can be opened in a browser'
link=$(api "$afternoon/v1/subscription-signup-links" \
    --data "{\"customer_id\": \"$customer\", \"plan_code\": \"phone\"}" | field url)
echo "$link"

echo '# pay, as the form on the page does'
curl --silent --show-error --fail --data do=pay "$link"

echo '# 40 days later the subscription has renewed'
ask "$control/clock" --data '{"days": 40}'
api "$afternoon/v1/subscriptions?customer_id=$customer"

echo '# the next request gets a 503 after it was carried out'
ask "$control/faults" --data '{"kind": "server_error", "after": true, "status": 503}'
api "$afternoon/v1/customers" --data '{"name": "Created in spite of the 503"}' || true

echo '# the requests so far, and a reset'
ask "$control/exchanges"
ask "$control/reset" --data '{}'
