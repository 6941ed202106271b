"""The accounts behind one link: their sessions, and which of the host's sessions each of them was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from qmt_trading.model.signal import AccountId

_KEPT = 8


class AccountWay:
    """One account's way: down, or connected in a session."""

    def __init__(self, account: AccountId, session: int) -> None:
        self.account = account
        self.session = session
        """The last one told to the engine, or on its record."""
        self.connected = False
        self.was_connected = False
        """Whether the engine has been told of a session in this process."""
        self.text = ""
        self._of_host: dict[int, int] = {}

    def connect(self, host_session: int, now_s: int) -> int:
        """Begin a session greater than all before, even by a clock that has stepped back, and return it."""
        self.session = max(self.session + 1, now_s)
        self.connected = self.was_connected = True
        self._of_host[host_session] = self.session
        while len(self._of_host) > _KEPT:
            del self._of_host[next(iter(self._of_host))]
        return self.session

    def session_of(self, host_session: int) -> int | None:
        """Return the engine's number of a session of the host's; None: the engine was never told of it."""
        return self._of_host.get(host_session)

    def forget(self) -> None:
        """Forget the numbers of a host that has died."""
        self._of_host.clear()


class Accounts:
    def __init__(self, accounts: Sequence[AccountId], sessions_before: Mapping[AccountId, int]) -> None:
        self._ways = {account: AccountWay(account, sessions_before.get(account, 0)) for account in accounts}

    def __iter__(self) -> Iterator[AccountWay]:
        return iter(self._ways.values())

    def get(self, account: str) -> AccountWay | None:
        return self._ways.get(AccountId(account))
