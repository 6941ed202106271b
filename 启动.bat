@echo off
rem Starts the engine: qmt run. The window closes when it ends well.
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
%QMT% run %*
set CODE=%ERRORLEVEL%
if not "%CODE%"=="0" echo.
if not "%CODE%"=="0" echo The engine ended with exit code %CODE%. The reason stands above.
if not "%CODE%"=="0" pause
exit /b %CODE%
