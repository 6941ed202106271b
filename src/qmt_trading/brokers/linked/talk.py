"""One connection's bytes and its handshake."""

from __future__ import annotations

from typing import Final

from qmt_trading.link.frames import Lines
from qmt_trading.link.handshake import HELLO_WAIT_S, PROOF_WAIT_S, Handshake
from qmt_trading.model.numbers import SECOND_NS

_STRANGER_WAIT_S: Final = 5.0
"""How long somebody who dials us may take to say hello."""


class Talk:
    def __init__(self, secret: bytes | None, nonce: str, steady_ns: int) -> None:
        """Begin at ``steady_ns``; without a secret it is a child of ours, whose start takes its time."""
        self.lines = Lines()
        self.handshake = Handshake(secret, nonce)
        self._began_ns = steady_ns
        self._wait_s = HELLO_WAIT_S if secret is None else _STRANGER_WAIT_S + PROOF_WAIT_S

    def late(self, steady_ns: int) -> bool:
        """Tell whether the handshake should be over by now."""
        return steady_ns - self._began_ns > self._wait_s * SECOND_NS
