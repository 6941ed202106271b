"""Sending by apprise: one address, and reasons for a failure that tell nothing of it."""

from __future__ import annotations

import logging
import re
import threading
from typing import Final, Protocol

from apprise import Apprise, NotifyFormat, NotifyType
from apprise.plugins.base import NotifyBase

from qmt_trading.model.errors import QmtError
from qmt_trading.model.words import Importance
from qmt_trading.notify.answers import post_of
from qmt_trading.notify.channel import Secret
from qmt_trading.notify.mask import Mask
from qmt_trading.notify.words import Written

READ_S: Final = 10.0
"""How long a far end may be silent."""
REASON_MAX: Final = 300
_TYPES: Final = {
    Importance.INFORMATION: NotifyType.INFO,
    Importance.WARNING: NotifyType.WARNING,
    Importance.CRITICAL: NotifyType.FAILURE,
}
_TALKERS: Final = ("apprise", "urllib3", "requests", "requests_oauthlib", "charset_normalizer", "markdown")
"""Loggers that may name an address: they write nowhere."""
_STATUS: Final = re.compile(r"error=(\d{3})\b")
_heard: Final = threading.local()


class UndeliveredError(QmtError):
    """The far end has not taken the message, as far as is known; the text says why and holds nothing secret."""


class UrlError(QmtError):
    """The address is none that apprise knows; the text holds nothing of it but the scheme."""


class Sender(Protocol):
    """A way to people."""

    def send(self, written: Written, importance: Importance) -> None:
        """Send it; blocks for as long as the far end takes.

        Raises:
            UndeliveredError: it was not taken, or nobody knows; it may be sent again.
        """
        ...


class AppriseSender:
    """One address of apprise. ``send`` is for one thread at a time."""

    def __init__(self, url: Secret) -> None:
        """Read the address; nothing is sent.

        Raises:
            UrlError: it is not understood.
        """
        _hush()
        self._mask = Mask(url)
        _heard.lines = []
        plugin: NotifyBase | None = Apprise.instantiate(url.reveal(), suppress_exceptions=True)
        if plugin is None:
            scheme = scheme_of(url)
            raise UrlError(
                f"{scheme}:// 这个地址看不懂：类型拼错、少了一段，或令牌里有不该有的字符，写法见 docs/notify.md"
                " / this address is not understood: a wrong scheme, a missing part, or a character it cannot have"
            )
        self._plugin = plugin
        self._post = post_of(plugin)
        self._plugin.request_rate_per_sec = 0  # The outbox keeps the pace.
        self._plugin.socket_read_timeout = max(self._plugin.socket_read_timeout, READ_S)

    @property
    def service(self) -> str:
        """What kind of far end it is."""
        return str(self._plugin.service_name)

    def send(self, written: Written, importance: Importance) -> None:
        """Send it.

        Raises:
            UndeliveredError: it was not taken.
        """
        trouble = self._trouble_with(written, importance)
        if trouble:
            raise UndeliveredError(trouble)

    def _trouble_with(self, written: Written, importance: Importance) -> str:
        """Send it, and return why it was not taken; empty: it was."""
        _heard.lines = []
        try:
            if self._post is not None:
                return self._mask.hide(self._post(written.title, written.text))[:REASON_MAX]
            is_taken = self._plugin.notify(
                body=written.text or written.title,
                title=written.title,
                notify_type=_TYPES[importance],
                body_format=NotifyFormat.TEXT,
            )
        except Exception as error:  # noqa: BLE001 - Some hundred plugins raise what they like; a thread lives on.
            return self._reason(f"{type(error).__name__}: {error}")
        return "" if is_taken else self._reason(" ".join(_heard.lines))

    def _reason(self, told: str) -> str:
        masked = self._mask.hide(" ".join(told.split()))[:REASON_MAX]
        status = _STATUS.search(told)
        if "rejected" in told:
            return f"对方拒收：{masked}"
        if status is not None:
            return f"对方答 HTTP {status[1]}：{masked}"
        if "onnection error" in told or "timed out" in told:
            return f"连不上，或对方没有应答：{masked}"
        return masked or "没有说明原因 / no reason was given"


def scheme_of(url: Secret) -> str:
    """Return the part before ``://`` where it is a word, which says what kind of way it is and nothing more."""
    found = re.match(r"([A-Za-z][A-Za-z0-9+]{1,15})://", url.reveal())
    return found[1].lower() if found else "?"


class _Listener(logging.Handler):
    """Keeps what a thread's own sending has said, for its reason."""

    def emit(self, record: logging.LogRecord) -> None:
        lines = getattr(_heard, "lines", None)
        if lines is not None and len(lines) < 5:
            lines.append(record.getMessage())


def _hush() -> None:
    """Have the libraries' loggers write nowhere: some of their lines hold an address with its token."""
    for name in _TALKERS:
        logger = logging.getLogger(name)
        if not any(isinstance(each, _Listener) for each in logger.handlers):
            logger.handlers = [_Listener(logging.WARNING)]
            logger.propagate = False
            logger.setLevel(logging.WARNING)
