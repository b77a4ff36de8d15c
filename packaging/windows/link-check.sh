#!/usr/bin/env bash
# Proves on Debian that the Windows build links, and with wine that its named pipe answers. Run by hand; not part of
# `.ci/run`. It needs Debian's own toolchain, because no Windows target of rustup is assumed:
#
#   apt-get install rustc-web cargo-web rust-web-src libstd-rust-web-dev gcc-mingw-w64-x86-64
#
# The standard library is built from source (-Zbuild-std), hence RUSTC_BOOTSTRAP. Takes about three minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."

for tool in /usr/bin/rustc /usr/bin/cargo x86_64-w64-mingw32-gcc; do
    command -v "$tool" >/dev/null || { echo "error: $tool is missing; see the head of $0" >&2; exit 1; }
done

export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
target=x86_64-pc-windows-gnu
out=${CARGO_TARGET_DIR:-target/windows}
CARGO_TARGET_DIR=$out /usr/bin/cargo build -Zbuild-std=std,panic_abort --target "$target" \
    -p skillmeat -p skillmeatd --no-default-features

for exe in skillmeat skillmeatd; do
    file=$out/$target/debug/$exe.exe
    [ "$(head -c 2 "$file")" = MZ ] || { echo "error: $file is not a Windows program" >&2; exit 1; }
    echo "linked $file ($(stat -c %s "$file") bytes)"
done
