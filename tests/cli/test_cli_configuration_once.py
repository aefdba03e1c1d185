"""A command reads the configuration once: a file that changes meanwhile gives it no second view."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FILE = """
account = "main"

[accounts.main]
provider = "afternoon"
sandbox = true
journal = "journal.db"

[plans.phone]
name = "Phone"
price = "12.95 EUR"
interval = "1 month"
"""
COMMANDS = (
    "sandbox advance --days 1",
    "sandbox pay https://pay.example/1",
    "sandbox reset",
    "plans status",
    "resolve",
    "subscribe --plan phone --from customers.csv",
    "subscription list",
)
PROGRAM = f"""
import json, sys
from subhub.cli import main

reads = []
def hook(event, details):
    if event == "open" and str(details[0]).endswith("subhub.toml"):
        reads.append(details[0])

sys.addaudithook(hook)
for words in {COMMANDS}:
    sys.argv = ["subhub", *words.split()]
    reads.clear()
    try:
        main()
    except SystemExit:
        pass
    print(json.dumps([words, len(reads)]))
"""


def test_each_command_opens_the_file_once(tmp_path: Path) -> None:
    _ = (tmp_path / "subhub.toml").write_text(FILE)
    _ = (tmp_path / "customers.csv").write_text("name,email\nTest Company BV,john.doe@test.com\n")

    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )

    counts = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith('["')]
    assert "usage:" not in ended.stderr
    assert counts == [[words, 1] for words in COMMANDS]
