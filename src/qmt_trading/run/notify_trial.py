"""A test message through one channel to people, with a limit to the waiting."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from qmt_trading.model.words import Importance
from qmt_trading.notify.channel import Channel

if TYPE_CHECKING:
    from qmt_trading.notify.sender import AppriseSender

TRIAL_S: Final = 60.0
"""How long ``qmt notify test`` waits for a channel."""


class Trial:
    """A message to one channel, sent in a thread of its own."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.trouble = "没有应答 / no answer in time"
        """Why it has not arrived, as ``Chinese / English``; never with an address in it."""
        self.is_good = False
        self._thread = threading.Thread(target=self._run, name="notify-trial", daemon=True)
        self._thread.start()

    def wait(self, seconds: float = TRIAL_S) -> bool:
        """Wait for the end, at most so long, and tell whether the far end has taken it."""
        self._thread.join(seconds)
        return self.is_good

    def _run(self) -> None:
        # Imported here: nothing else should wait for some hundred kinds of message to be loaded.
        from qmt_trading.notify.sender import UndeliveredError
        from qmt_trading.notify.words import trial

        sender, trouble = sender_of(self.channel)
        if sender is None:
            self.trouble = trouble
            return
        try:
            sender.send(trial(self.channel.name, self.channel.language), Importance.INFORMATION)
        except UndeliveredError as error:
            self.trouble = str(error)
        else:
            self.is_good = True


def sender_of(channel: Channel) -> tuple[AppriseSender | None, str]:
    """Return what sends to the channel, or None and why there is none."""
    from qmt_trading.notify.sender import AppriseSender, UrlError
    from qmt_trading.run.notifying import address_of

    url = address_of(channel)
    if url is None:
        return None, f"环境变量 {channel.url_env} 没有设置 / this variable is not set"
    try:
        return AppriseSender(url), ""
    except UrlError as error:
        return None, str(error)
