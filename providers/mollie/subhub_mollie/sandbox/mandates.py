"""Mandates of the fake: https://docs.mollie.com/reference/mandates-api."""

from __future__ import annotations

from typing import Literal

from subhub.sandbox import Charge, JsonObject, Received, Reply, route
from subhub_mollie.sandbox.schedule import Schedules


class MandateRoutes(Schedules):
    """The endpoints of mandates, and how mandates begin and end."""

    @route("GET", "/customers/{}/mandates")
    def list_mandates(self, received: Received, customer_id: str) -> Reply:
        """Return one page of the mandates of a customer."""
        _ = self.customer(customer_id)
        shown = [self._mandate_shown(mandate) for mandate in self.mandates_of(customer_id)]
        return self.listed(received, "mandates", shown)

    @route("DELETE", "/customers/{}/mandates/{}")
    def revoke_mandate(self, received: Received, customer_id: str, mandate_id: str) -> Reply:
        """Remove a mandate, and cancel the subscriptions that use it."""
        del received
        _ = self.customer(customer_id)
        if self.mandates.get(mandate_id, {}).get("customerId") != customer_id:
            raise self.missing(mandate_id)
        self.end_mandate(mandate_id)
        return Reply(204)

    def add_mandate(
        self,
        customer_id: str,
        *,
        status: Literal["valid", "pending"] = "valid",
        method: str = "directdebit",
    ) -> str:
        """Create a mandate, as a paid first payment does, and return its id."""
        customer = self.customers[customer_id]
        mandate: JsonObject = {
            "resource": "mandate",
            "id": f"mdt_{self.ids.text(10)}",
            "mode": customer["mode"],
            "status": status,
            "method": method,
            "details": self._details(customer, method),
            "customerId": customer_id,
            "mandateReference": None,
            "signatureDate": self.today().isoformat(),
            "scopes": ["customer-not-present"],
            "createdAt": self.clock.now().isoformat(),
        }
        self.mandates[mandate["id"]] = mandate
        return str(mandate["id"])

    def settle_mandate(self, mandate_id: str, status: Literal["valid", "invalid"]) -> None:
        """Let a mandate become valid or invalid, and its subscriptions active or suspended."""
        mandate = self.mandates[mandate_id]
        mandate["status"] = status
        changes = {"pending": "active", "suspended": "active"}
        if status == "invalid":
            changes = {"active": "suspended"}
        for subscription in self.subscriptions_of(mandate["customerId"]):
            if subscription["mandateId"] == mandate_id:
                current = subscription["status"]
                subscription["status"] = changes.get(current, current)
                self.charge(subscription)

    def charge_made(self, charge: Charge) -> None:
        """Let the mandate be invalid that could not be charged because it had ended."""
        if charge.reason == "mandate_expired":
            mandate = self.subscriptions[charge.subscription_id]["mandateId"]
            self.settle_mandate(mandate, "invalid")

    def end_mandate(self, mandate_id: str) -> None:
        """Remove a mandate, and cancel the subscriptions that use it."""
        mandate = self.mandates.pop(mandate_id)
        for subscription in self.subscriptions_of(mandate["customerId"]):
            if subscription["mandateId"] == mandate_id:
                self.cancel(subscription)

    def mandates_of(self, customer_id: str) -> list[JsonObject]:
        """Return the mandates of a customer, oldest first."""
        mandates = self.mandates.values()
        return [mandate for mandate in mandates if mandate["customerId"] == customer_id]

    def _details(self, customer: JsonObject, method: str) -> JsonObject:
        name = customer["name"]
        if method == "creditcard":
            return {"cardHolder": name, "cardNumber": "6787", "cardLabel": "Mastercard"}
        if method == "paypal":
            return {"consumerName": name, "consumerAccount": customer["email"]}
        return {"consumerName": name, "consumerAccount": "NL55INGB0000000000"}

    def _mandate_shown(self, mandate: JsonObject) -> JsonObject:
        place = f"/customers/{mandate['customerId']}"
        links: JsonObject = {
            "self": self.link(f"{place}/mandates/{mandate['id']}"),
            "customer": self.link(place),
            "documentation": self.documentation("reference/get-mandate"),
        }
        return {**mandate, "_links": links}
