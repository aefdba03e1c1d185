"""The hosted pages of the portal: what a customer sees who opens a link, and what they do there.

Where the browser goes afterwards is not documented, so an offer tells no address, unless one was
assumed.
"""

from __future__ import annotations

from subhub.sandbox import CheckoutPage, CheckoutState
from subhub_mijnklantportaal.sandbox.packages import PackageRoutes, PendingSignUp
from subhub_mijnklantportaal.sandbox.payment_links import PaymentLinkRoutes, StoredLink


class HostedPages(PackageRoutes, PaymentLinkRoutes):
    """The pages of sign-ups and of payment links."""

    def pay(self, url: str) -> None:
        """Pay at the payment link of a sign-up, or at the checkout address of a payment link.

        `ValueError` when it cannot be paid any more, `LookupError` when nothing is there.
        """
        link = self._link_at(url)
        if link is not None:
            self.pay_link(link)
        elif url in self.sign_ups:
            self._refuse_declined(url)
            self.pay_sign_up(url)
        else:
            message = f"nothing can be paid at {url!r}: it was never made, or is paid already"
            raise LookupError(message)
        self.declined.discard(url)

    def checkout_page(self, url: str) -> CheckoutPage | None:
        """What the page at *url* shows."""
        link = self._link_at(url)
        if link is not None:
            return self._payment(link)
        pending = self.sign_ups.get(url) or self.signed_up.get(url)
        return None if pending is None else self._sign_up(url, pending)

    def _payment(self, link: StoredLink) -> CheckoutPage:
        status = link.status(self.clock.now())
        return CheckoutPage(
            title="Pay",
            plan=link.body["description"],
            price=f"{link.body['amount']} EUR",
            interval="",
            customer="",
            state=self._unless_declined(link.url) if status == "open" else status,
            done_url=self.afterwards,
            back_url=self.afterwards,
        )

    def _sign_up(self, url: str, pending: PendingSignUp) -> CheckoutPage:
        return CheckoutPage(
            title="Sign up",
            plan=pending.package["name"],
            price=f"{pending.package['amount']} EUR",
            interval=pending.package["interval"],
            customer=pending.contact["companyName"],
            state=self._sign_up_state(url, pending),
            done_url=self.afterwards,
            back_url=self.afterwards,
        )

    def _sign_up_state(self, url: str, pending: PendingSignUp) -> CheckoutState:
        if url in self.signed_up:
            return "paid"
        if self._is_closed(url):
            return "closed"
        expired = pending.expires_at <= self.clock.now()
        return "expired" if expired else self._unless_declined(url)

    def _refuse_declined(self, url: str) -> None:
        if self._is_closed(url):
            message = f"nobody can pay at {url!r}: it was declined; make a new sign-up"
            raise ValueError(message)

    def _is_closed(self, url: str) -> bool:
        return self.sign_up_declined == "closed" and url in self.declined

    def _unless_declined(self, url: str) -> CheckoutState:
        return "declined" if url in self.declined else "open"

    def _link_at(self, url: str) -> StoredLink | None:
        return next((each for each in self.payment_links.values() if each.url == url), None)
