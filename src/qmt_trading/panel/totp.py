"""The second factor: six digits from a telephone, each good once."""

from __future__ import annotations

import hmac
import io
import unicodedata
from typing import Final

import pyotp

STEP_S: Final = 30
ISSUER: Final = "QMT"


def new_totp_secret() -> str:
    """Draw a secret of 160 bits."""
    return pyotp.random_base32()


def step_of(secret: str, code: str, *, now_ns: int) -> int | None:
    """Return the step that ``code`` belongs to: now, or one before or after; None: it is wrong."""
    digits = "".join(letter for letter in unicodedata.normalize("NFKC", code) if not letter.isspace())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    now = now_ns // (STEP_S * 1_000_000_000)
    clock = pyotp.TOTP(secret)
    for step in (now, now - 1, now + 1):
        if hmac.compare_digest(clock.generate_otp(step), digits):
            return step
    return None


def uri_of(secret: str, user: str) -> str:
    """Return what an authenticator's camera reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=user, issuer_name=ISSUER)


def qr_svg(uri: str) -> str:
    """Return ``uri`` as a picture for a page, SVG."""
    import segno  # Needed once in a panel's life, and loaded for that.

    out = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(out, kind="svg", scale=4, border=4, xmldecl=False, light="#fff")
    return out.getvalue().decode("utf-8")
