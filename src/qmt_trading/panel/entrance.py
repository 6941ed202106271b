"""All that is needed to know who comes in, over one file."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.requests import HTTPConnection

from qmt_trading.panel.audit import Audit
from qmt_trading.panel.database import Database
from qmt_trading.panel.delays import Delays
from qmt_trading.panel.keys import Keys
from qmt_trading.panel.links import Links
from qmt_trading.panel.passwords import Passwords
from qmt_trading.panel.reach import Reach
from qmt_trading.panel.sessions import Sessions
from qmt_trading.panel.users import Users


class Entrance:
    """The people, their sessions, the programs' keys, the audit, and the clock that all of it goes by."""

    def __init__(self, database: Database, reach: Reach, now_ns: Callable[[], int] = time.time_ns) -> None:
        self.database = database
        self.reach = reach
        self.now_ns = now_ns
        self.users = Users(database)
        self.sessions = Sessions(database)
        self.links = Links(database)
        self.keys = Keys(database)
        self.audit = Audit(database, now_ns)
        self.passwords = Passwords()
        self.delays = Delays()

    def close(self) -> None:
        """Close the file. Repeating it is harmless."""
        self.database.close()


def entrance_of(connection: HTTPConnection) -> Entrance:
    """Return the entrance of the application that a request came to; a dependency for routes."""
    entrance = connection.app.state.entrance
    assert isinstance(entrance, Entrance)
    return entrance
