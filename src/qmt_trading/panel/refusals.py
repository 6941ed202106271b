"""How the panel says no: one form for every error, in both languages, and never a stack of calls."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.responses import Response

TEXTS: Final[dict[str, tuple[int, str, str]]] = {
    "bad_address": (400, "地址不合法", "this address is not well-formed"),
    "bad_headers": (400, "请求头不合法", "the headers are not well-formed"),
    "bad_json": (400, "内容不是合法的 JSON", "the body is not well-formed JSON"),
    "malformed": (400, "请求无法读懂", "the request cannot be read"),
    "not_signed_in": (401, "请先登录", "sign in first"),
    "bad_key": (401, "密钥无效或已吊销", "this key is unknown or was revoked"),
    "bad_login": (401, "用户名或密码不对", "wrong name or password"),
    "code_needed": (401, "请输入动态验证码", "a code of the second factor is needed"),
    "bad_code": (401, "动态验证码不对或已用过", "this code is wrong or was used before"),
    "bad_link": (401, "链接无效、已用过或已过期：在本机运行 qmt panel --new-link 换一个",
                 "this link is unknown, used or expired: run qmt panel --new-link on the machine for a new one"),
    "bad_origin": (403, "请求来自别的网页，已拒绝", "the request comes from another page"),
    "bad_csrf": (403, "页面令牌不对：请刷新页面", "the page's token is wrong: load the page again"),
    "operators_only": (403, "只有操作员可以这样做", "only an operator may do this"),
    "scope": (403, "这个密钥没有此项权限", "this key is not good for that"),
    "totp_needed": (403, "先设置动态验证码（两步验证），才能从别的机器使用", "set up the second factor first"),
    "not_found": (404, "没有这个地址", "there is nothing at this address"),
    "method": (405, "不支持这种请求方法", "this method is not supported here"),
    "timeout": (408, "请求没有按时到齐", "the request did not arrive in time"),
    "conflict": (409, "与现状冲突", "this conflicts with what stands"),
    "too_large": (413, "内容太大", "the body is too large"),
    "not_json": (415, "只接受 JSON（application/json）", "only JSON is taken here (application/json)"),
    "wrong_host": (421, "不是本面板的地址：请用启动时给出的地址打开", "this is not the panel's address"),
    "invalid": (422, "内容不合要求", "the content is not as it must be"),
    "wait": (429, "试得太多，请稍候再试", "too many attempts: wait a moment"),
    "too_fast": (429, "发得太快，没有收下：每个密钥每秒 100 行，一次最多攒到 2000 行",
                 "too fast, nothing was taken: a key may bring 100 lines a second, and 2,000 after a rest"),
    "headers_too_large": (431, "请求头太大", "the headers are too large"),
    "broken": (500, "面板出错了，详见日志", "the panel failed; the log says more"),
    "unwritable": (503, "面板的文件写不进去（磁盘满了？）：已登录的人照常可用，命令行 qmt halt、qmt cancel 也照常可用",
                   "the panel's file cannot be written (a full disk?): who is signed in goes on, and so does qmt halt"),
    "crowded": (503, "面板正忙：同时送来的内容太多，请过一会儿再送", "too much is being sent at once: try again soon"),
    "engine_down": (503, "引擎未运行", "the engine is not running"),
}  # fmt: skip
"""Per code: the status, and what a person reads."""


class RefusedError(Exception):
    """An answer that is a no. Raise it anywhere under a route; it is no failure of the panel."""

    def __init__(self, code: str, text: str = "", text_en: str = "", *, status: int = 0, **figures: object) -> None:
        """Refuse with ``code``; texts and status are those of ``TEXTS`` where they are not given.

        Args:
            figures: stand beside the code, for example ``wait_s``.
        """
        known_status, known, known_en = TEXTS.get(code, (400, code, code))
        self.status = status or known_status
        self.code = code
        self.text = text or known
        self.text_en = text_en or (text or known_en)
        self.figures = figures
        super().__init__(code)

    def response(self) -> Response:
        """Return the answer."""
        error = {"code": self.code, "text": self.text, "text_en": self.text_en, **self.figures}
        headers = {"Retry-After": str(self.figures["wait_s"])} if "wait_s" in self.figures else None
        return Response(
            msgspec.json.encode({"error": error}), self.status, headers=headers, media_type="application/json"
        )
