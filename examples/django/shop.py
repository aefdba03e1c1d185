"""A Django site in one file that sells a plan through the provider in `subhub.toml`.

    pip install "subhub-billing[cli,sandbox]" subhub-afternoon subhub-mijnklantportaal django
    subhub sandbox serve --config subhub.toml    # in this folder, and in a second terminal
    python shop.py

Then open http://127.0.0.1:8000/. Nothing in here names a provider.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import django
from django import forms
from django.conf import settings
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import engines
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from subhub import Client, CustomerDraft, InvalidRequest, SignupLink, SubhubError

HERE: Final = Path(__file__).parent
ADDRESS: Final = os.environ.get("SHOP_ADDRESS", "http://127.0.0.1:8000")
DEADLINE: Final = 10.0  # seconds that a visitor waits for the provider, at most
logger: Final = logging.getLogger("shop")

settings.configure(
    SECRET_KEY=os.environ.get("SECRET_KEY") or secrets.token_urlsafe(32),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": HERE / "shop.db"}},
    INSTALLED_APPS=["django.contrib.sessions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        f"{__name__}.billing_errors",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [HERE / "templates"],
        }
    ],
    SESSION_COOKIE_SECURE=ADDRESS.startswith("https://"),
    USE_TZ=True,
)
django.setup()


class CompanyForm(forms.Form):
    """What is asked of a customer; the provider may ask for more than the form requires."""

    name = forms.CharField(label="Company", max_length=100)
    email = forms.CharField(label="E-mail address", max_length=100)
    address = forms.CharField(label="Street and number", max_length=100)
    postal_code = forms.CharField(label="Postal code", max_length=20)
    city = forms.CharField(label="City", max_length=100)


@cache
def billing() -> Client:
    """Return the client of this process, opened when it is first needed, after any fork."""
    return Client.from_config(HERE / "subhub.toml").with_options(deadline=DEADLINE)


def billing_errors(get_response: Callable[[HttpRequest], HttpResponse]) -> object:
    """Tell the visitor that it did not work, and the log why."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, SubhubError):
            return None
        logger.error("%s %s failed: %s", request.method, request.path, error)
        response = page(request, "failed.html", status=503)
        response["Retry-After"] = str(round(getattr(error, "retry_after", None) or 30))
        return response

    middleware.process_exception = process_exception  # Django looks for it here
    return middleware


@require_http_methods(["GET", "POST"])
def buy(request: HttpRequest) -> HttpResponse:
    """Show the form, and send the visitor to the provider's page, where they pay."""
    if link := request.session.get("link"):  # a second click leads to the same page
        return redirect(SignupLink.model_validate_json(link).url)
    form = CompanyForm(request.POST or None)
    if not form.is_valid():
        return page(request, "form.html", 422 if form.is_bound else 200, form=form)
    # with our own id, a provider that keeps it finds the customer again instead of making a second
    own = request.session.setdefault("customer", secrets.token_hex(12))
    known = billing().supports("create_signup_link:external_id")
    try:
        draft = CustomerDraft(country="NL", external_id=own if known else None, **form.cleaned_data)
    except InvalidRequest as error:
        for field, problem in error.fields.items():
            form.add_error(field if field in form.fields else None, problem)
        return page(request, "form.html", 422, form=form)
    link = billing().create_signup_link(plan="phone", customer=draft)
    request.session["link"] = link.model_dump_json()
    return redirect(link.url)


@require_safe
def order(request: HttpRequest) -> HttpResponse:
    """Show what came of the visitor's own order, as the provider says it."""
    if "link" not in request.session:
        return redirect("/")
    link = SignupLink.model_validate_json(request.session["link"])
    if "subscription" not in request.session:
        signup = billing().follow(link, known=[])  # the customer is new
        if signup.state == "expired":
            del request.session["link"]
        if signup.subscription is None:
            return page(request, "waiting.html", state=signup.state, url=link.url)
        request.session["subscription"] = signup.subscription.id
    subscription = billing().get_subscription(request.session["subscription"])
    return page(request, "order.html", subscription=subscription)


def page(request: HttpRequest, name: str, status: int = 200, **values: object) -> HttpResponse:
    """Return a page of the shop."""
    template = engines["django"].get_template(name)
    return HttpResponse(template.render(values, request), status=status)


urlpatterns = [path("", buy), path("order", order)]

if __name__ == "__main__":
    sys.modules["shop"] = sys.modules[__name__]
    call_command("migrate", verbosity=0)  # the sessions' table
    call_command("runserver", ADDRESS.partition("://")[2], use_reloader=False)
