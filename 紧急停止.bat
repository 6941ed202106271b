@echo off
rem Emergency stop: qmt halt. Working orders stay and can be cancelled.
setlocal
cd /d "%~dp0"
if not exist qmt.toml if exist my-qmt\qmt.toml cd my-qmt
set QMT=
if not defined QMT if defined QMT_VENV call :look "%QMT_VENV%"
for %%d in ("%~dp0.venv" "%~dp0..\.venv") do if not defined QMT call :look "%%~d"
if not defined QMT for %%q in (qmt.exe) do if not "%%~$PATH:q"=="" set QMT="%%~$PATH:q"
if defined QMT goto found
echo The program is not installed yet. In its folder run:   python tools\start.py demo
pause
exit /b 2

:look
if exist "%~1\Scripts\python.exe" set QMT="%~1\Scripts\python.exe" -P -m qmt_trading.cli.main
exit /b 0

:found
%QMT% halt --why "emergency stop, double-clicked"
set CODE=%ERRORLEVEL%
if "%CODE%"=="0" echo Nothing is bought or sold until:  qmt resume --why REASON   To cancel, too:  qmt cancel --all
if "%CODE%"=="0" goto end
rem Nobody answered. The file stops an engine that hangs, and the next one that starts.
set PUT=
for %%d in (data data-shadow data-live) do if exist %%d\ call :put %%d
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
echo emergency stop>%1\HALT
if exist %1\HALT set PUT=%PUT% %1
exit /b 0
