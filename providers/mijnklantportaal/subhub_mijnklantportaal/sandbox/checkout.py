"""The checkout pages of sign-ups and payment links.

Where the browser goes after paying is not documented, so pages have no URL for it, unless
`afterwards` assumes one.
"""

from __future__ import annotations

from subhub.sandbox import CheckoutPage, CheckoutState
from subhub_mijnklantportaal.sandbox.packages import PackageRoutes, PendingSignUp
from subhub_mijnklantportaal.sandbox.payment_links import PaymentLinkRoutes, StoredLink


class CheckoutPages(PackageRoutes, PaymentLinkRoutes):
    """The checkout pages of sign-ups and payment links."""

    def pay(self, url: str) -> None:
        """Pay a sign-up or a payment link, as a customer does on the page at *url*.

        Raises `LookupError` if there is nothing to pay, and `ValueError` if it cannot be paid any
        more.
        """
        link = self._link_at(url)
        if link is not None:
            self.pay_link(link)
        elif url in self.sign_ups:
            self._refuse_declined(url)
            self.pay_sign_up(url)
        else:
            message = f"there is nothing to pay at {url!r}: it does not exist or is paid already"
            raise LookupError(message)
        # last, because a payment that is refused leaves the page declined
        self.declined.discard(url)

    def checkout_page(self, url: str) -> CheckoutPage | None:
        """Return what the page at *url* shows, or `None` for an unknown URL."""
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
            message = f"cannot pay at {url!r} because it was declined. Create a new sign-up."
            raise ValueError(message)

    def _is_closed(self, url: str) -> bool:
        return self.sign_up_declined == "closed" and url in self.declined

    def _unless_declined(self, url: str) -> CheckoutState:
        return "declined" if url in self.declined else "open"

    def _link_at(self, url: str) -> StoredLink | None:
        return next((link for link in self.payment_links.values() if link.url == url), None)
