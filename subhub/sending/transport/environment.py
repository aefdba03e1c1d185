"""The environment: the proxy and the certificates that its variables name, checked beforehand.

What cannot be used is a `ConfigError` when the client is created, not a failure of its first call.
No message holds the address of a proxy: it may contain a password.
"""

from __future__ import annotations

import os
import ssl
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from subhub.errors import ConfigError

if TYPE_CHECKING:
    import httpcore

_SOCKS: Final = frozenset({"socks5", "socks5h"})
_VARIABLES: Final = (
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
_REMEDY: Final = "correct it, or name the host in NO_PROXY"


def variables_in_use() -> list[str]:
    """Return the variables that are set and say how a provider is reached, without their values."""
    return [
        written
        for name in _VARIABLES
        for written in (name, name.lower())
        if os.environ.get(written)
    ]


def proxy_for(base_url: str) -> httpcore.Proxy | None:
    """Return the proxy that `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, or the system, name."""
    address = urlsplit(base_url)
    proxies = getproxies()
    kind = address.scheme if proxies.get(address.scheme) else "all"
    found = proxies.get(kind)
    if not found or proxy_bypass(address.netloc):
        return None
    return _proxy(found if "://" in found else f"http://{found}", _variable(kind))


def _variable(kind: str) -> str:
    """Return where the proxy of *kind* stands, as the reader wrote it."""
    names = (f"{kind}_proxy", f"{kind}_proxy".upper())
    return next((name for name in names if os.environ.get(name)), "the system's proxy setting")


def _proxy(address: str, variable: str) -> httpcore.Proxy:
    import httpcore  # noqa: PLC0415 - a client that opens no connections needs none of it

    # Raised below, outside of the handler: the errors of httpx repeat the address.
    raw: httpcore.URL | None = None
    auth: tuple[bytes, bytes] | None = None
    try:
        proxy = httpx.Proxy(address)
        url = proxy.url
        raw = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        auth = proxy.raw_auth
    except (httpx.InvalidURL, ValueError):
        pass
    if raw is None or not raw.host:
        raise ConfigError(
            f"{variable} is not the address of a proxy that can be used: it must be like "
            "http://host:8080, with http, https, socks5 or socks5h; in a user name or password, "
            f"write @, :, / and # as %40, %3A, %2F and %23. Please {_REMEDY}."
        )
    scheme = raw.scheme.decode()
    if scheme in _SOCKS and find_spec("socksio") is None:
        raise ConfigError(
            f"{variable} names a SOCKS proxy, and the package `socksio` is missing: install "
            f"`httpx[socks]`, or {_REMEDY}"
        )
    return httpcore.Proxy(raw, auth=auth, ssl_context=trusted() if scheme == "https" else None)


def trusted() -> ssl.SSLContext:
    """Return the certificates to trust: those of `SSL_CERT_FILE` or `SSL_CERT_DIR`, or certifi's.

    Loading them takes 15 ms, so that all clients of a process share one context.
    """
    return _trusting(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _trusting(file: str | None, folder: str | None) -> ssl.SSLContext:
    if not file and folder and not Path(folder).is_dir():  # OpenSSL would just find nothing there
        raise ConfigError(f"SSL_CERT_DIR is {folder!r}, which is not a folder: correct or unset it")
    try:
        return httpx.create_ssl_context()
    except (OSError, ValueError) as error:  # missing, not readable, or not in PEM
        raise ConfigError(
            f"SSL_CERT_FILE is {file!r}, which cannot be loaded as certificates in PEM "
            f"({error}): correct or unset it"
        ) from error
