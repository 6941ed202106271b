"""What a person double-clicks on Windows: start, status, emergency stop. ASCII inside: any code page will do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

_HEAD: Final = """\
@echo off
rem {about}
setlocal
cd /d "%~dp0"
if not exist qmt.toml if exist my-qmt\\qmt.toml cd my-qmt
set QMT=
{known}if not defined QMT if defined QMT_VENV call :look "%QMT_VENV%"
for %%d in ("%~dp0.venv" "%~dp0..\\.venv") do if not defined QMT call :look "%%~d"
if not defined QMT for %%q in (qmt.exe) do if not "%%~$PATH:q"=="" set QMT="%%~$PATH:q"
if defined QMT goto found
"""
_NOT_INSTALLED: Final = """\
echo The program is not installed yet. In its folder run:   python tools\\start.py demo
pause
exit /b 2

:look
if exist "%~1\\Scripts\\python.exe" set QMT="%~1\\Scripts\\python.exe" -P -m qmt_trading.cli.main
exit /b 0
"""
_START: Final = """\
%QMT% run %*
set CODE=%ERRORLEVEL%
if not "%CODE%"=="0" echo.
if not "%CODE%"=="0" echo The engine ended with exit code %CODE%. The reason stands above.
if not "%CODE%"=="0" pause
exit /b %CODE%
"""
_STATUS: Final = """\
%QMT% status
set CODE=%ERRORLEVEL%
pause
exit /b %CODE%
"""
_STOP: Final = """\
%QMT% halt --why "emergency stop, double-clicked"
set CODE=%ERRORLEVEL%
if "%CODE%"=="0" echo Nothing is bought or sold until:  qmt resume --why REASON   To cancel, too:  qmt cancel --all
if "%CODE%"=="0" goto end
rem Nobody answered. The file stops an engine that hangs, and the next one that starts.
set PUT=
for %%d in (data data-shadow data-live) do if exist %%d\\ call :put %%d
if not defined PUT goto nowhere
echo The engine did not answer. The file HALT in%PUT% stops it and the next start. Release:  qmt resume --why REASON
echo To cancel what works at the counter without the engine:  qmt panic --account ACCOUNT
goto end
:nowhere
echo NOT STOPPED: make a file named HALT in the data folder of qmt.toml, or end the program.
:end
pause
exit /b %CODE%

:put
echo emergency stop>%1\\HALT
if exist %1\\HALT set PUT=%PUT% %1
exit /b 0
"""
_FILES: Final = {
    "启动.bat": ("Starts the engine: qmt run. The window closes when it ends well.", _START),
    "状态.bat": ("Shows how things stand: qmt status.", _STATUS),
    "紧急停止.bat": ("Emergency stop: qmt halt. Working orders stay and can be cancelled.", _STOP),
}
NAMES: Final = tuple(_FILES)


def shortcut(name: str, python: str = "") -> str:
    """Return the text of the file called ``name``, with plain line ends.

    Args:
        name: one of ``NAMES``.
        python: the interpreter that is tried first; without one the virtual environment is looked for beside the file
            and above it, then ``qmt`` on the path.
    """
    about, body = _FILES[name]
    known = f'if exist "{python}" set QMT="{python}" -P -m qmt_trading.cli.main\n' if python else ""
    return _HEAD.replace("{about}", about).replace("{known}", known) + _NOT_INSTALLED + f"\n:found\n{body}"


def write_shortcuts(folder: Path) -> list[Path]:
    """Write the files into ``folder``; return those that stand there already with another content and were left alone.

    Raises:
        OSError: a file cannot be written.
    """
    left: list[Path] = []
    for name in NAMES:
        path = folder / name
        content = _encoded(name)
        if path.exists() and path.read_bytes() != content:
            left.append(path)
        else:
            path.write_bytes(content)
    return left


def _encoded(name: str) -> bytes:
    """Return the file as the command interpreter reads it: in the code page of the console."""
    python = "" if "%" in sys.executable else sys.executable
    text = shortcut(name, python).replace("\n", "\r\n")
    try:
        return text.encode("oem" if sys.platform == "win32" else "gbk")
    except UnicodeEncodeError:  # A path that the code page has no letters for: it is looked for instead.
        return shortcut(name).replace("\n", "\r\n").encode("ascii")
