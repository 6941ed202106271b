"""From where the panel may be used: its names, and what must stand before other machines see it."""

from __future__ import annotations

import ipaddress
import ssl
from typing import Final

from msgspec import Struct

from qmt_trading.model.errors import ConfigurationError
from qmt_trading.panel.parts import PanelSettings
from qmt_trading.panel.users import User

LOOPBACK_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
_ANY: Final = frozenset({"0.0.0.0", "::"})


class Reach(Struct, frozen=True, kw_only=True):
    """What a request must name to be meant for this panel."""

    hosts: frozenset[str]
    """The Host headers that are ours, in lower case."""
    origins: frozenset[str]
    base: str
    """How a person opens it."""
    is_secure: bool
    """TLS."""
    is_loopback: bool
    port: int

    @property
    def session_cookie(self) -> str:
        """Return the session cookie's name: cookies know no ports, so two panels would overwrite each other's."""
        return f"__Host-qmt-{self.port}" if self.is_secure else f"qmt-{self.port}"

    @property
    def device_cookie(self) -> str:
        """Return the name of the cookie by which a browser is known again."""
        return f"{'__Secure-' if self.is_secure else ''}qmt-known-{self.port}"


def reach_of(settings: PanelSettings) -> Reach:
    """Return the reach that follows from where the panel listens."""
    is_secure = settings.certificate is not None
    scheme, usual = ("https", 443) if is_secure else ("http", 80)
    own = _bracketed(settings.host)
    names = [name.lower() for name in settings.names]
    names += LOOPBACK_NAMES if is_loopback(settings.host) or settings.host in _ANY else [own.lower()]
    hosts = {f"{name}:{settings.port}" for name in names} | ({*names} if settings.port == usual else set())
    first = settings.names[0] if settings.names else own if settings.host not in _ANY else "127.0.0.1"
    return Reach(
        hosts=frozenset(hosts),
        origins=frozenset(f"{scheme}://{host}" for host in hosts),
        base=f"{scheme}://{first}" + ("" if settings.port == usual else f":{settings.port}"),
        is_secure=is_secure,
        is_loopback=is_loopback(settings.host),
        port=settings.port,
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches a listener at ``host``."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_reach(settings: PanelSettings) -> None:
    """Let the panel listen where it may; who its operators are is asked by ``check_operators``.

    Raises:
        ConfigurationError: other machines would reach it and it is not fit for that, or the certificate cannot be
            used; the text says what to do.
    """
    if (settings.certificate is None) != (settings.key is None):
        raise ConfigurationError(
            "[panel] certificate 和 key 要一起写 / certificate and key must both be given, or neither"
        )
    if settings.certificate is not None:
        _check_certificate(settings)
    if is_loopback(settings.host):
        return
    if settings.certificate is None:
        raise _unfit(
            settings,
            "必须先有证书：写上 certificate = '…\\cert.pem' 和 key = '…\\key.pem'",
            "a certificate and a key are needed first",
        )
    if settings.host in _ANY and not settings.names:
        raise _unfit(
            settings,
            '须写明浏览器里用的名字或地址：names = ["192.168.1.5"]',
            'names = ["192.168.1.5"] must say by which names browsers open it',
        )


def check_operators(settings: PanelSettings, operators: list[User]) -> None:
    """Let the panel listen beyond this machine only when every operator has a second factor.

    Args:
        operators: those who can sign in.

    Raises:
        ConfigurationError: one has none, or there is no operator yet; the text says what to do.
    """
    if is_loopback(settings.host):
        return
    if not operators:
        raise _unfit(
            settings,
            "要先在本机设好操作员：改回 127.0.0.1，运行 qmt panel，按链接设密码，再到 设置→两步验证 里启用",
            "first set up an operator with a second factor, at 127.0.0.1",
        )
    lacking = "、".join(user.name for user in operators if not user.totp_secret)
    if lacking:
        raise _unfit(
            settings,
            f"每个操作员都必须先启用两步验证，还没有的：{lacking}。改回 127.0.0.1 后在 设置→两步验证 里启用",
            f"these operators have no second factor yet: {lacking}; set it up at 127.0.0.1",
        )


def _unfit(settings: PanelSettings, text: str, text_en: str) -> ConfigurationError:
    return ConfigurationError(
        f'[panel] host = "{settings.host}" 会让别的机器也能打开面板，{text}；只在本机使用请写 host = "127.0.0.1" '
        f"/ other machines would reach the panel: {text_en}"
    )


def _check_certificate(settings: PanelSettings) -> None:
    assert settings.certificate is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(settings.certificate, settings.key, password="")
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"[panel] 证书 {settings.certificate} 或私钥 {settings.key} 用不了（{error}）："
            "要 PEM 格式、成对、私钥不带密码 "
            f"/ this certificate or its key cannot be used ({error}): both PEM, a pair, the key without a password"
        ) from error


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
