"""The beginning of a connection as the engine sees it: hello, challenge, proof."""

from __future__ import annotations

import hashlib
import hmac
from enum import Enum
from typing import Final

from qmt_trading.link.frames import BadFrameError, write
from qmt_trading.link.messages import Bye, Hello, Message, Proof

VERSION: Final = 1
"""Of the link; the only one so far."""
HELLO_WAIT_S: Final = 30.0
"""How long a host may take to say hello: a cold start of Python on a slow disk."""
PROOF_WAIT_S: Final = 5.0


class RefusedError(Exception):
    """The connection ends with a ``bye`` for this reason."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class _State(Enum):
    HELLO = 1
    PROOF = 2
    DONE = 3


def mac(secret: bytes, role: str, hello_nonce: str, challenge_nonce: str, boot: str) -> str:
    """Return the proof of ``role``, ``E`` or ``H``, over both nonces and the host's boot, in hex."""
    text = f"{role}\n{hello_nonce}\n{challenge_nonce}\n{boot}".encode()
    return hmac.new(secret, text, hashlib.sha256).hexdigest()


class Handshake:
    """One connection until its host is known. Without a secret a hello is enough: the host is our own child."""

    def __init__(self, secret: bytes | None, nonce: str) -> None:
        """Begin; ``nonce`` is 16 random bytes in hex, new for each connection."""
        self._secret = secret
        self._nonce = nonce
        self._state = _State.HELLO
        self._hello: Hello | None = None

    @property
    def has_hello(self) -> bool:
        return self._hello is not None

    def take(self, message: Message) -> tuple[Hello | None, bytes]:
        """Return the host's hello once it is proved, and a line to send.

        Raises:
            RefusedError: no common version, a wrong proof, or another message than the one expected.
        """
        match message:
            case Hello() if self._state is _State.HELLO:
                return self._greeted(message)
            case Proof() if self._state is _State.PROOF:
                assert self._hello is not None
                assert self._secret is not None
                expected = mac(self._secret, "H", self._hello.nonce, self._nonce, self._hello.boot)
                if not hmac.compare_digest(message.mac.encode(), expected.encode()):
                    raise RefusedError("proof")
                self._state = _State.DONE
                return self._hello, b""
            case Bye():
                raise RefusedError(f"bye: {message.why}")
            case _:
                raise RefusedError("handshake")

    def _greeted(self, hello: Hello) -> tuple[Hello | None, bytes]:
        if len(hello.link) != 2 or not hello.link[0] <= VERSION <= hello.link[1]:
            raise RefusedError("version")
        if not hello.boot or len(hello.boot) > 64:
            raise RefusedError("boot")
        self._hello = hello
        if self._secret is None:
            self._state = _State.DONE
            return hello, b""
        if len(hello.nonce) != 32:
            raise RefusedError("nonce")
        self._state = _State.PROOF
        proof = mac(self._secret, "E", hello.nonce, self._nonce, hello.boot)
        return None, write({"t": "challenge", "nonce": self._nonce, "mac": proof})


def farewell(why: str) -> bytes:
    """Return the line that ends a connection."""
    try:
        return write({"t": "bye", "why": why[:200]})
    except BadFrameError:
        return b'{"t":"bye","why":"bad_frame"}\n'
