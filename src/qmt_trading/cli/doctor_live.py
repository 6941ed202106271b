"""``qmt doctor --live``: the QMT clients and this machine, as far as they show without a connection."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from qmt_trading.cli.check import Check
from qmt_trading.model.errors import ConfigurationError
from qmt_trading.model.words import Mode
from qmt_trading.run.config import Configuration, load
from qmt_trading.run.config_terminals import QmtTerminal, Terminal
from qmt_trading.run.pasted import prepare

QUEUE: Final = "up_queue_xtquant"
FOLDERS: Final = ("userdata_mini", "userdata")
"""What a client calls its folder: the one of miniQMT, and that of the research client."""
PROBE_S: Final = 30
_PROBE: Final = """\
import importlib.util, json, os, struct, sys
folder = sys.argv[1]
if folder:
    tried = [os.path.join(folder, "xtquant"), folder]
    places = [each for each in tried if os.path.isfile(os.path.join(each, "xttrader.py"))][:1]
else:
    found = importlib.util.find_spec("xtquant")
    places = list(found.submodule_search_locations or []) if found else []
files = sorted({name for place in places for name in os.listdir(place) if name.endswith(".pyd")})
print(json.dumps({"version": list(sys.version_info[:3]), "bits": struct.calcsize("P") * 8,
                  "xtquant": places, "binaries": files}))
"""
"""Looks for the package where the host does: in the folder that is named, and nowhere else where one is.

Nothing of it is imported: an import asks the network, and connects to the quotes.
"""
_INDEX: Final = re.compile(rb"0x([0-9a-fA-F]{8})")


def checks(path: Path) -> Iterator[Check]:
    """Yield the findings; a configuration that is wrong has been told of already, and gives none."""
    try:
        configuration = load(path)
    except ConfigurationError:
        return
    yield from of_terminals(configuration)
    yield from of_machine()


def of_terminals(configuration: Configuration) -> Iterator[Check]:
    """Yield what each client's folder and interpreter show. No client is connected to, and none is started."""
    clients = [(each, each.qmt) for each in configuration.terminals if each.qmt is not None]
    for each in configuration.terminals:
        if each.fullqmt is not None:
            yield from _of_full_client(configuration, each)
    if not any(each.is_client for each in configuration.terminals):
        yield Check("QMT 终端", True, '没有 kind = "qmt" 的终端：只有模拟交易所', warns=True)
    shared = [path for path, count in Counter(qmt.path for _, qmt in clients).items() if count > 1]
    for path in shared:
        yield Check("QMT 终端", False, f"两个终端是同一个文件夹 {path}：合成一个 [[terminals]]，账户都写在它下面")
    for terminal, qmt in clients:
        yield from _of_client(terminal, qmt)


def _of_full_client(configuration: Configuration, terminal: Terminal) -> Iterator[Check]:
    """Say what is to be pasted into a full client; of the client itself nothing can be seen from outside."""
    name = f"终端 {terminal.name}"
    try:
        pasted = prepare(configuration.folder, terminal, observe=configuration.engine.mode is not Mode.LIVE)
    except ConfigurationError as error:
        yield Check(name, False, str(error))
        return
    text = f"大 QMT：把 {pasted.path} 的全部内容粘贴成一个策略，在「模型交易」里以实盘运行"
    if pasted.is_new:
        text += "（内容刚刚更新，以前粘贴的要换）"
    yield Check(name, True, text)


def _of_client(terminal: Terminal, qmt: QmtTerminal) -> Iterator[Check]:
    name = f"终端 {terminal.name}"
    folder = qmt.path
    if not folder.is_dir():
        yield Check(name, False, f"没有文件夹 {folder}：path 要写到客户端安装目录下的 userdata_mini，路径用单引号")
        return
    if folder.name not in FOLDERS:
        yield Check(name, False, f"{folder} 不是 userdata_mini：请写到它为止")
    else:
        yield Check(name, True, str(folder))
    yield from _of_path(name, folder)
    if (folder / QUEUE).exists():
        yield Check(f"{name} 极简模式", True, f"有 {QUEUE}")
    else:
        text = f"没有 {QUEUE}：先登录客户端并勾选极简模式；登录后仍没有，是券商未开通 miniQMT 权限"
        yield Check(f"{name} 极简模式", False, text)
    yield of_writing(name, folder)
    yield from of_interpreter(name, qmt.python or sys.executable, qmt.xtquant)


def _of_path(name: str, folder: Path) -> Iterator[Check]:
    text = str(folder)
    if not text.isascii():
        told = "路径含中文，多数版本能用；连不上时先换成英文路径"
        yield Check(f"{name} 路径", True, told, warns=True)
    if folder.drive.upper() == "C:":
        told = "客户端装在 C 盘：本程序要用管理员身份运行，或把客户端装到别的盘"
        yield Check(f"{name} 路径", True, told, warns=True)


def of_writing(name: str, folder: Path) -> Check:
    """Say whether the client's folder takes a file: the link to it is made of files there."""
    probe = folder / f".qmt-doctor-{os.getpid()}"
    try:
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        text = f"{folder} 不可写（{error.strerror}）：用管理员身份运行，或改文件夹权限"
        return Check(f"{name} 可写", False, text)
    return Check(f"{name} 可写", True, "能写")


def of_interpreter(name: str, python: str, xtquant: str) -> Iterator[Check]:
    """Yield whether ``python`` runs, and finds a package ``xtquant`` with binaries for itself, without importing it."""
    command = [python, "-B", "-c", _PROBE, xtquant]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PROBE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        why = error.strerror if isinstance(error, OSError) else f"{PROBE_S} 秒没有应答"
        yield Check(f"{name} Python", False, f"{python} 运行不了（{why}）：改 python = '…\\python.exe'")
        return
    try:
        found = json.loads(done.stdout)
        version, bits = tuple(found["version"]), int(found["bits"])
        places, binaries = [str(each) for each in found["xtquant"]], [str(each) for each in found["binaries"]]
    except (ValueError, KeyError, TypeError):
        said = done.stderr.decode("utf-8", errors="replace").strip().splitlines()[-1:] or ["没有输出"]
        yield Check(f"{name} Python", False, f"{python} 不是可用的 Python（{said[0][:200]}）")
        return
    yield _of_version(name, python, version, bits)
    yield of_package(name, version, places, binaries)


def _of_version(name: str, python: str, version: Sequence[int], bits: int) -> Check:
    told = f"{python}，{'.'.join(map(str, version))}，{bits} 位"
    if bits != 64:
        return Check(f"{name} Python", False, f"{told}：xtquant 只有 64 位，请换 64 位的 Python")
    if tuple(version[:2]) < (3, 8):
        return Check(f"{name} Python", False, f"{told}：至少要 3.8")
    return Check(f"{name} Python", True, told)


def of_package(name: str, version: Sequence[int], places: Sequence[str], binaries: Sequence[str]) -> Check:
    """Say whether the package is there, and made for this interpreter."""
    if not places:
        todo = "装到这个 Python 里，或写 xtquant = '…\\bin.x64\\Lib\\site-packages'"
        return Check(f"{name} xtquant", False, f"没有找到 xtquant：{todo}")
    wanted = f".cp{version[0]}{version[1]}-"
    if not any(wanted in each for each in binaries):
        told = "、".join(sorted({each.split(".")[1] for each in binaries if each.count(".") > 1})) or "没有"
        return Check(
            f"{name} xtquant",
            False,
            f"{places[0]} 里没有 Python {version[0]}.{version[1]} 用的文件（有：{told}）：换一个版本的 Python",
        )
    return Check(f"{name} xtquant", True, f"{places[0]}（没有导入）")


def of_machine() -> Iterator[Check]:
    """Yield what this machine shows of sleeping and of its clock."""
    if sys.platform == "win32":
        yield of_sleep(_said_by("powercfg", "/query", "SCHEME_CURRENT", "SUB_SLEEP", "STANDBYIDLE"))
        running = b"RUNNING" in _said_by("sc", "query", "w32time")
        text = "Windows 时间服务在运行" if running else "Windows 时间服务没有运行：设置 → 时间 → 自动设置时间"
        yield Check("对时", True, text, warns=not running)
    else:
        yield Check("电源", True, "睡眠和对时只在 Windows 上检查", warns=True)


def of_sleep(said: bytes) -> Check:
    """Say when the machine goes to sleep on mains, from what ``powercfg`` has said in whatever language."""
    found = _INDEX.findall(said)
    if len(found) < 2:
        return Check("电源", True, "读不到睡眠设置：请自己看 设置 → 电源，接通电源时设为从不", warns=True)
    seconds = int(found[-2], 16)  # The last two are the ones in use: on mains, and on battery.
    if not seconds:
        return Check("电源", True, "接通电源时从不睡眠")
    text = f"接通电源 {seconds // 60} 分钟后睡眠：交易时段本程序会阻止；最好设为从不（合盖也不睡眠）"
    return Check("电源", True, text, warns=True)


def _said_by(*command: str) -> bytes:
    try:
        return subprocess.run(command, capture_output=True, timeout=PROBE_S, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return b""
