"""The fake's endpoints for packages and sign-ups."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from subhub.sandbox import JsonObject, Received, Refusal, Reply, route
from subhub_mijnklantportaal.sandbox import checks
from subhub_mijnklantportaal.sandbox.checks import Body
from subhub_mijnklantportaal.sandbox.subscriptions import SubscriptionRoutes

_REQUIRED: Final = {
    "name": checks.text,
    "interval": checks.interval,
    "amount": checks.money,
    "vatRate": checks.vat_rate,
}
_OPTIONAL: Final = {"description": checks.text, "availableForSale": checks.flag}
CREATE: Final = Body(required=_REQUIRED, optional=_OPTIONAL)
CHANGE: Final = Body(optional={**_REQUIRED, **_OPTIONAL})
SIGN_UP: Final = Body(
    required={"customerId": checks.text, "startDate": checks.day},
    optional={
        "mandateId": checks.text,
        "createInvoice": checks.flag,
        "invoiceText": checks.text_or_null,
    },
)
SIGN_UP_NEW: Final = Body(
    required={
        "companyName": checks.text,
        "address": checks.text,
        "zipCode": checks.text,
        "city": checks.text,
        "email": checks.email,
    }
)


@dataclass(frozen=True, slots=True)
class PendingSignUp:
    """A sign-up that is not paid yet."""

    package: JsonObject
    contact: JsonObject
    expires_at: dt.datetime


class PackageRoutes(SubscriptionRoutes):
    """The endpoints for packages and sign-ups."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.sign_up_minutes = 60
        """How long the payment link of a sign-up works, in minutes."""
        self.packages: dict[str, JsonObject] = {}
        """The packages as on the wire, by id."""
        self.sign_ups: dict[str, PendingSignUp] = {}
        """The unpaid sign-ups, by payment link."""
        self.signed_up: dict[str, PendingSignUp] = {}
        """The paid sign-ups, by payment link."""
        self.mandates: dict[str, str] = {}
        """The customer of each mandate that a paid sign-up created, by the mandate's id."""
        self.sold: dict[str, str] = {}
        """The package of each subscription to one, by the subscription's id."""

    @route("POST", "/customer-subscription-packages")
    def create_package(self, received: Received) -> Reply:
        """Create a package."""
        return self.created(self.add_package(self.checked(received, CREATE)))

    @route("GET", "/customer-subscription-packages")
    def list_packages(self, received: Received) -> Reply:
        """List packages, one page at a time."""
        return self.listing(received, self.packages.values())

    @route("GET", "/customer-subscription-packages/{}")
    def get_package(self, _: Received, package_id: str) -> Reply:
        """Read a package."""
        return Reply.json(200, self._package(package_id))

    @route("PATCH", "/customer-subscription-packages/{}")
    def change_package(self, received: Received, package_id: str) -> Reply:
        """Change a package."""
        package = self._package(package_id)
        body = self.checked(received, CHANGE)
        package.update({name: body[name] for name in CHANGE.optional if name in body})
        if self.package_changed == "follow":
            self._update_subscriptions(package)
        return Reply.json(200, package)

    @route("POST", "/customer-subscription-packages/{}/sign-up")
    def sign_up_customer(self, received: Received, package_id: str) -> Reply:
        """Subscribe a customer to a package."""
        package = self._package(package_id)
        body = self.checked(received, SIGN_UP)
        self._allow_sale(package)
        self._check_mandate(body)
        self.connected_to_be_paid()
        subscription = self.add_subscription(
            customer_id=body["customerId"],
            terms=_terms(package),
            starts_on=dt.date.fromisoformat(body["startDate"]),
            create_invoice=body.get("createInvoice", False),
            # a null or missing text means the name of the package, as documented
            invoice_description=body.get("invoiceText") or package["name"],
            mandate_id=body.get("mandateId"),
        )
        self.sold[subscription["id"]] = package_id
        return self.created(subscription)

    # only the trailing slash tells this endpoint from the one before
    @route("POST", "/customer-subscription-packages/{}/sign-up/")
    def sign_up_non_customer(self, received: Received, package_id: str) -> Reply:
        """Start the first payment of a new customer."""
        package = self._package(package_id)
        contact = self.checked(received, SIGN_UP_NEW)
        self._allow_sale(package)
        self.unused(contact["email"])
        self.connected_to_be_paid()
        link = self.page_address(f"/checkout/{self.ids.text(12)}")
        expires_at = self.clock.now() + dt.timedelta(minutes=self.sign_up_minutes)
        self.sign_ups[link] = PendingSignUp(package, contact, expires_at)
        # the id is of the sign-up: the customer and the subscription do not exist yet
        answer = {
            "id": self.ids.uuid(),
            "paymentLink": link,
            "expiresAt": self.atom(expires_at),
        }
        return Reply.json(201, answer)

    def pay_sign_up(self, link: str) -> None:
        """Pay the first period: the subscription starts, and the sign-up cannot be paid again."""
        pending = self.sign_ups[link]
        if pending.expires_at <= self.clock.now():
            message = f"the sign-up at {link!r} has expired. Create a new one."
            raise ValueError(message)
        # the page of a paid sign-up can still be opened, so it moves and is not deleted
        self.signed_up[link] = self.sign_ups.pop(link)
        contact = {**pending.contact, "primaryEmail": pending.contact["email"]}
        customer_id = self.add_customer(contact)["id"]
        mandate_id = self.new_id("mdt_")
        self.mandates[mandate_id] = customer_id
        subscription = self.add_subscription(
            customer_id=customer_id,
            terms=_terms(pending.package),
            starts_on=self.today(),
            mandate_id=mandate_id,
        )
        self.sold[subscription["id"]] = pending.package["id"]

    def add_package(self, body: JsonObject) -> JsonObject:
        """Store a new package."""
        package: JsonObject = {
            "id": self.new_id("spg_"),
            "name": body["name"],
            "description": body.get("description"),
            "interval": body["interval"],
            "currency": "EUR",
            "amount": body["amount"],
            "vatRate": body["vatRate"],
            "availableForSale": body.get("availableForSale", False),
        }
        self.packages[package["id"]] = package
        return package

    def _package(self, package_id: str) -> JsonObject:
        if package_id not in self.packages:
            raise Refusal(self.not_found())
        return self.packages[package_id]

    def _allow_sale(self, package: JsonObject) -> None:
        if self.not_for_sale == "refused" and not package["availableForSale"]:
            raise Refusal(self.malformed("The package is not for sale."))

    def _check_mandate(self, body: JsonObject) -> None:
        if self.mandate_ids == "checked" and "mandateId" in body:
            owner = self.mandates.get(body["mandateId"])
            if owner != body["customerId"]:
                raise Refusal(self.malformed("The mandateId field is invalid."))

    def _update_subscriptions(self, package: JsonObject) -> None:
        """Apply the terms of a package to its subscriptions."""
        for subscription_id, package_id in self.sold.items():
            if package_id == package["id"]:
                self.set_terms(self.subscriptions[subscription_id], _terms(package))


def _terms(package: JsonObject) -> JsonObject:
    return {
        "description": package["name"],
        "interval": package["interval"],
        "amount": package["amount"],
        "vatRate": package["vatRate"],
    }
