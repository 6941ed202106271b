#!/usr/bin/env bash
# Run tests on the Windows Python of setup.sh; pytest's exit code travels.   usage: tools/wine/run.sh [pytest arguments]
#
# Without arguments: tests/windows. QMT_WINE names the folder that setup.sh was given.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(realpath -m "${QMT_WINE:-${XDG_CACHE_HOME:-$HOME/.cache}/qmt-trading-system/wine}")
if [[ ! -e $folder/env.sh ]]; then
  echo "no Windows Python in $folder: run tools/wine/setup.sh first" >&2
  exit 2
fi
. "$folder/env.sh"
cd "$root"
windows_root="Z:${root//\//\\}"
export PYTHONPATH="$windows_root\\src;$windows_root" PYTHONDONTWRITEBYTECODE=1
[[ $# -gt 0 ]] || set -- tests/windows
# The tests print in the code page of a Chinese Windows; their exit code is the one that counts.
set +e
wpy -m pytest -q -p no:cacheprovider "$@" | iconv -c -f GB18030 -t UTF-8
exit "${PIPESTATUS[0]}"
