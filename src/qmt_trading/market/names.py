"""What the name of an instrument tells: risk warning, S share, delisting period."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from qmt_trading.model.listing import Listing

_CHINESE: Final = "\u3400-\u9fff"
_HEAD: Final = re.compile(
    rf"(?:XD|XR|DR|[NC](?=[*S{_CHINESE}]))?(?P<reform>S(?=\*?ST|\s*[{_CHINESE}]))?(?P<warning>\*?ST)?"
)
"""What the exchange puts before a name: ex-dividend and new-listing marks, S, ST or *ST."""


def listing_of(name: str) -> Listing:
    """Return what ``name``, as the market shows it on a day, tells of that day.

    ``ST``, ``*ST`` and ``SST`` are risk warnings, ``S佳通`` and ``SST`` are S shares; ``退市锦港`` (Shanghai) and
    ``国华退`` (Shenzhen, Beijing) are in their delisting period. ``ESGETF`` and ``MSCI中国ETF`` are nothing of these.
    """
    plain = unicodedata.normalize("NFKC", name).strip()
    head = _HEAD.match(plain)
    assert head is not None, plain
    return Listing(
        name=name,
        risk_warning=head["warning"] is not None,
        share_reform=head["reform"] is not None,
        delisting=plain.startswith("退市") or plain.endswith("退"),
    )
