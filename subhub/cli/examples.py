"""Examples of every command, which its `--help` shows: in one place, and each parsed by a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

Example: TypeAlias = tuple[str, str]
"""What it is for, and a command line that can be copied."""

_PERSON: Final = '--name "Test Company BV" --email john.doe@test.com'

EXAMPLES: Final[Mapping[str, Sequence[Example]]] = {
    "": (
        ("See it work, with nothing configured", "subhub demo"),
        ("Begin in a sandbox, without a key", "subhub init"),
        ("Sell", f"subhub signup-link create --plan phone {_PERSON}"),
        ("Use another account of the configuration", "subhub --account next plan list"),
    ),
    "init": (
        ("For the provider that you will use", "subhub init --provider afternoon"),
        ("In place of an existing file", "subhub init --force"),
    ),
    "check": (
        ("Before every deployment", "subhub check"),
        ("In CI, where the keys are missing", "subhub check --without-secrets"),
        ("What would be lost of your customers", "subhub check customers.csv --rehearse"),
    ),
    "doctor": (
        ("All accounts", "subhub doctor"),
        ("One account, for a script", "subhub doctor --account main --json"),
    ),
    "demo": (
        ("On one screen", "subhub demo"),
        ("Every request and response", "subhub demo --verbose"),
    ),
    "version": (("For a bug report", "subhub version --json"),),
    "providers": (("What is installed", "subhub providers"),),
    "capabilities": (
        ("Of the configured account", "subhub capabilities"),
        ("Of a provider, for a script", "subhub capabilities afternoon --json"),
    ),
    "new-provider": (
        (
            "A plugin of your own",
            "subhub new-provider north-pay --base-url https://api.north-pay.example/v1",
        ),
    ),
    "subscribe": (
        ("An existing customer", "subhub subscribe --plan phone --customer cst_abc12345def678"),
        ("A new one, from a day on", f"subhub subscribe -p phone {_PERSON} --starts-on 2024-05-04"),
        ("All rows of a file", "subhub subscribe --plan phone --from customers.csv"),
        ("The rest of them, after a stop", "subhub subscribe -p phone -f customers.csv --resume"),
    ),
    "resolve": (
        ("Everything that the journal has open", "subhub resolve"),
        ("Without asking the provider", "subhub resolve --list"),
        (
            "As you saw it at the provider",
            "subhub resolve TOKEN --as done --id cst_abc12345def678",
        ),
    ),
    "jobs": (("How far a run is", 'subhub jobs status "subscribe customers.csv"'),),
    "jobs status": (
        (
            "Of a file, with its own journal",
            'subhub jobs status "subscribe customers.csv" --journal customers.journal.db',
        ),
    ),
    "jobs forget": (
        ("What is older than a day", "subhub jobs forget sign-ups --before 2026-11-26"),
    ),
    "plan": (
        ("What the account sells", "subhub plan list"),
        ("Create what the account lacks", "subhub plan push"),
    ),
    "plan create": (
        (
            "A yearly plan with tax",
            (
                'subhub plan create --name "Phone subscription" --price "12.95 EUR" '
                '--interval "1 year" --tax-rate 21'
            ),
        ),
    ),
    "plan get": (
        ("By its key in the configuration", "subhub plan get phone"),
        ("As the provider writes it", "subhub plan get phone --raw"),
    ),
    "plan list": (
        ("For people", "subhub plan list"),
        ("For a script", "subhub plan list --json | jq -r '.[].id'"),
    ),
    "plan update": (("A new price", 'subhub plan update phone --price "14.95 EUR"'),),
    "plan status": (("What could be sold", "subhub plan status --account next"),),
    "plan push": (
        ("See the first request only", "subhub plan push --dry-run"),
        ("Create them", "subhub plan push"),
    ),
    "plan adopt": (("One that you created by hand", "subhub plan adopt phone phone_yearly"),),
    "customer": (("Who is billed", "subhub customer list --limit 20"),),
    "customer create": (
        ("With your own id", f"subhub customer create {_PERSON} --external-id 4711"),
    ),
    "customer get": (("By id", "subhub customer get cst_abc12345def678"),),
    "customer list": (("The first ten", "subhub customer list -L 10"),),
    "customer find": (
        ("By e-mail address", "subhub customer find --email john.doe@test.com"),
        ("By your own id", "subhub customer find --external-id 4711"),
    ),
    "customer update": (
        ("A new address", "subhub customer update cst_abc12345def678 --city Utrecht --country nl"),
    ),
    "customer delete": (
        ("What would be sent", "subhub customer delete cst_abc12345def678 --dry-run"),
        ("For good", "subhub customer delete cst_abc12345def678 --yes"),
    ),
    "invoice": (("What was invoiced", "subhub invoice list --limit 20"),),
    "invoice list": (
        ("Of one customer", "subhub invoice list --customer cst_abc12345def678"),
        ("Of one subscription", "subhub invoice list --subscription sub_abc12345def678"),
    ),
    "invoice get": (("By id", "subhub invoice get inv_abc12345def678"),),
    "invoice pdf": (("Where it is", "subhub invoice pdf inv_abc12345def678 --json"),),
    "setup-link": (("Before anything is sold", "subhub setup-link create cst_abc12345def678"),),
    "setup-link create": (
        (
            "Back to your shop afterwards",
            (
                "subhub setup-link create cst_abc12345def678 "
                "--return-url https://shop.example/thanks"
            ),
        ),
    ),
    "portal-link": (("For a customer", "subhub portal-link create cst_abc12345def678"),),
    "portal-link create": (
        (
            "Back to your site afterwards",
            (
                "subhub portal-link create cst_abc12345def678 "
                "--return-url https://shop.example/account"
            ),
        ),
    ),
    "payment-method": (("Of one customer", "subhub payment-method list cst_abc12345def678"),),
    "payment-method list": (
        ("Of one customer", "subhub payment-method list cst_abc12345def678"),
        (
            "The valid ones, for a script",
            (
                "subhub payment-method list cst_abc12345def678 --json "
                """| jq -r '.[] | select(.status == "valid").id'"""
            ),
        ),
    ),
    "signup-link": (
        ("For a new customer", f"subhub signup-link create --plan phone {_PERSON}"),
        ("What came of it", "subhub signup-link follow @link.json"),
    ),
    "signup-link create": (
        ("For a new customer", f"subhub signup-link create --plan phone {_PERSON}"),
        (
            "For a change of plan at the end of the period",
            (
                "subhub signup-link create --plan phone --customer cst_abc12345def678 "
                "--replaces sub_abc12345def678 --when period-end"
            ),
        ),
        ("Kept for `follow`", f"subhub signup-link create -p phone {_PERSON} -j > link.json"),
    ),
    "signup-link follow": (
        ("From what `create --json` printed", "subhub signup-link follow @link.json"),
        (
            "By its id",
            (
                "subhub signup-link follow ID --plan phone --email john.doe@test.com "
                "--created-at 2024-05-01T09:00:00Z"
            ),
        ),
    ),
    "subscription": (
        ("Who is past due", "subhub subscription list --status past-due"),
        (
            "End one when it is paid up",
            "subhub subscription cancel sub_abc12345def678 --when period-end",
        ),
    ),
    "subscription get": (("By id", "subhub subscription get sub_abc12345def678"),),
    "subscription list": (
        ("Of one customer", "subhub subscription list --customer cst_abc12345def678"),
        ("Who is past due", "subhub subscription list --status past-due"),
    ),
    "subscription cancel": (
        (
            "At the end of the paid period",
            "subhub subscription cancel sub_abc12345def678 --when period-end",
        ),
        (
            "Now, and pay the rest back",
            "subhub subscription cancel sub_abc12345def678 --when now --refund prorated",
        ),
        (
            "Now, and use the rest for later invoices",
            "subhub subscription cancel sub_abc12345def678 --when now --refund credit",
        ),
    ),
    "subscription uncancel": (
        ("Before the period ends", "subhub subscription uncancel sub_abc12345def678"),
    ),
    "subscription pause": (
        ("Until it is resumed", "subhub subscription pause sub_abc12345def678"),
    ),
    "subscription resume": (
        ("Bill a paused one again", "subhub subscription resume sub_abc12345def678"),
    ),
    "subscription change": (
        (
            "To another plan, now",
            "subhub subscription change sub_abc12345def678 --plan phone --when now",
        ),
    ),
    "subscription update": (
        ("A new price", 'subhub subscription update sub_abc12345def678 --price "9.95 EUR"'),
    ),
    "subscription create": (
        (
            "The same as `subhub subscribe`",
            "subhub subscription create --plan phone --customer cst_abc12345def678",
        ),
    ),
    "export": (
        ("A table, with all fields next to it", "subhub export export.csv --account main"),
        ("The rest, after a stop", "subhub export export.csv --account main --resume"),
    ),
    "switch": (
        (
            "Plan it; nothing is sent",
            "subhub switch plan --from main --to next --customers export.csv",
        ),
        ("Do it; it may be run again", "subhub switch run switch.csv"),
        ("How far it is", "subhub switch status switch.csv"),
    ),
    "switch plan": (
        (
            "From the file of `subhub export`",
            (
                "subhub switch plan --from main --to next --customers export.csv "
                "--out switch.csv --report report.md"
            ),
        ),
    ),
    "switch run": (
        ("The first ten only", "subhub switch run switch.csv --limit 10"),
        ("All of it", "subhub switch run switch.csv"),
    ),
    "switch status": (("How far it is", "subhub switch status switch.csv"),),
    "switch undo": (("What can be undone", "subhub switch undo switch.csv --dry-run"),),
    "webhooks": (
        ("What arrives on this machine", "subhub webhooks listen --port 8421"),
        ("What is registered", "subhub webhooks list"),
    ),
    "webhooks register": (
        (
            "Where the provider has an API for it",
            "subhub webhooks register https://shop.example/hooks --event subscription.updated",
        ),
    ),
    "webhooks list": (("Without the secrets", "subhub webhooks list"),),
    "webhooks remove": (("By its id", "subhub webhooks remove 4711"),),
    "webhooks send": (
        (
            "Try your receiver",
            (
                "subhub webhooks send http://127.0.0.1:8000/hooks --provider stripe "
                "--secret whsec_test --body @event.json"
            ),
        ),
    ),
    "webhooks verify": (
        (
            "Find out why a call was refused",
            (
                "subhub webhooks verify body.json --provider stripe --secret whsec_test "
                '--header "Stripe-Signature: t=1,v1=abc"'
            ),
        ),
    ),
    "webhooks listen": (
        (
            "Verify what arrives",
            "subhub webhooks listen --provider stripe --secret whsec_test --count 1",
        ),
    ),
    "watch": (
        ("Until Ctrl-C, every minute", "subhub watch --interval 60"),
        ("From a timer, for a script", "subhub watch --once --token seen.txt --json"),
    ),
    "call": (
        ("What there is", "subhub call --list"),
        ("Those of one provider", "subhub call afternoon"),
        (
            "Call one",
            "subhub call afternoon.ingest_event --json-body @event.json",
        ),
    ),
    "api": (
        ("Read", "subhub api /v1/customers --query limit=1"),
        ("With status and headers", "subhub api GET /v1/customers/cst_abc12345def678 --include"),
        ("See what would be sent", "subhub api POST /v1/customers --body @customer.json --dry-run"),
        ("Send it", "subhub api POST /v1/customers --body @customer.json --yes"),
    ),
    "sandbox": (
        ("With a dashboard and checkout pages", "subhub sandbox serve"),
        ("What it assumes", "subhub sandbox describe afternoon"),
    ),
    "sandbox describe": (("Endpoints, faults and more", "subhub sandbox describe afternoon"),),
    "sandbox serve": (
        ("Every installed provider", "subhub sandbox serve"),
        (
            "Your accounts and plans, kept for the next time",
            "subhub sandbox serve --config subhub.toml --state sandbox.json",
        ),
    ),
    "sandbox pay": (
        ("The page of a signup link", "subhub sandbox pay https://pay.example/lnk_abc12345"),
    ),
    "sandbox advance": (("To the next renewal", "subhub sandbox advance --days 31"),),
    "sandbox reset": (("Begin with nothing", "subhub sandbox reset"),),
    "cassettes": (("Before a commit", "subhub cassettes check"),),
    "cassettes check": (("None older than a year", "subhub cassettes check --max-age 365"),),
    "cassettes show": (
        ("What was recorded", "subhub cassettes show cassettes/afternoon/main-job.yaml"),
    ),
    "cassettes record": (
        ("In the sandbox", "subhub cassettes record afternoon"),
        ("At the provider, with a test key", "subhub cassettes record afternoon --live --yes"),
    ),
}
"""By the words of the command: `plan create`. The root has none."""
