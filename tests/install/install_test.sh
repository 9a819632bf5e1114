#!/bin/bash
# Installs a build into a folder, moves the folder, builds both examples from it alone, runs them and checks what they
# say. usage: install_test.sh SOURCE BUILD CC CXX [COMPONENT...]; without components everything is installed.
set -euo pipefail

source_folder=$1 build_folder=$2 cc=$3 cxx=$4
shift 4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/moved

failed() {
  echo "install_test: $*" >&2
  exit 1
}
quietly() {
  "$@" >"$work/output" 2>&1 || { cat "$work/output" >&2; failed "$*"; }
}
# says FILE PATTERN: the file has a line that matches
says() {
  grep -Eq -- "$2" "$1" || { cat "$1" >&2; failed "no line matches: $2"; }
}

if [ $# -eq 0 ]; then
  quietly cmake --install "$build_folder" --prefix "$work/installed"
else
  for component in "$@"; do
    quietly cmake --install "$build_folder" --prefix "$work/installed" --component "$component"
  done
fi
mv "$work/installed" "$prefix"

echo "what is installed"
files="include/agentos.h include/agentos_calls.h include/agentos/kernel/kernel.h include/agentos/abi/syscalls.def
  lib/libagentos.so lib/libagentos.so.0 lib/agentos/libagentos_kernel.a lib/cmake/agentos/agentosConfig.cmake
  lib/cmake/agentos/agentosConfigVersion.cmake lib/pkgconfig/agentos.pc lib/pkgconfig/agentos-kernel.pc"
if [ $# -eq 0 ]; then
  files="$files bin/agentos bin/agentos-verify libexec/agentos/agentos-init libexec/agentos/agentos-parser
    libexec/agentos/agentos-signer share/man/man2/agentos_read.2 share/agentos/policies/agent-default.yaml"
fi
for file in $files; do
  [ -s "$prefix/$file" ] || failed "$file is not installed"
done
if grep -rlF -e "$source_folder" -e "$work/installed" "$prefix/lib/cmake" "$prefix/lib/pkgconfig"; then
  failed "these name the folder they were built in, or installed to first"
fi

echo "the shared library shows agentos_* and nothing else"
nm -D --defined-only "$prefix/lib/libagentos.so" | awk '{print $NF}' | sed 's/@.*//' >"$work/symbols"
[ "$(grep -c '^agentos_' "$work/symbols")" -ge 15 ] || failed "functions are missing: $(tr '\n' ' ' <"$work/symbols")"
if grep -v '^agentos_' "$work/symbols"; then failed "these symbols leak"; fi
readelf -d "$prefix/lib/libagentos.so" >"$work/dynamic"
says "$work/dynamic" 'SONAME.*\[libagentos\.so\.0\]'

echo "the C header stands alone in C99 and in C++11"
quietly "$cc" -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only -x c "$prefix/include/agentos.h"
quietly "$cxx" -std=c++11 -pedantic -Wall -Wextra -Werror -fsyntax-only -x c++ "$prefix/include/agentos.h"

echo "examples/embed_cpp with find_package"
cp -r "$source_folder/examples/embed_cpp" "$source_folder/examples/embed_c" "$work/"
quietly cmake -S "$work/embed_cpp" -B "$work/embed_cpp/build" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_BUILD_TYPE=Debug
quietly cmake --build "$work/embed_cpp/build" -j 1
"$work/embed_cpp/build/embed_cpp" "$work/state_cpp" >"$work/said_cpp" || { cat "$work/said_cpp" >&2; failed "embed_cpp"; }
says "$work/said_cpp" '^tool +\{"total_cents":1000\}$'
says "$work/said_cpp" '^read +\{"total_cents":1000\}$'
says "$work/said_cpp" '^denied +No policy rule allows this write; getpolicy shows what is allowed\.$'
says "$work/said_cpp" '^log +valid, [0-9]+ entries, 1 refused$'

echo "examples/embed_c with pkg-config"
quietly make -C "$work/embed_c" CC="$cc" PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
"$work/embed_c/embed_c" "$work/state_c" >"$work/said_c" || { cat "$work/said_c" >&2; failed "embed_c"; }
says "$work/said_c" '^tool +.*\{"total_cents":1000\}'
says "$work/said_c" '^read +four apples$'
says "$work/said_c" '^denied +default-deny: '
says "$work/said_c" '^log +\{"valid":true,.*"refused":1,'

echo "the C++ libraries with pkg-config"
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
read -ra flags <<<"$(pkg-config --cflags agentos-kernel)"
read -ra libraries <<<"$(pkg-config --libs agentos-kernel)"
quietly "$cxx" -std=c++23 "${flags[@]}" "$work/embed_cpp/main.cc" -o "$work/embed_pc" "${libraries[@]}"
quietly "$work/embed_pc" "$work/state_pc"

sed 's/^/  /' "$work/said_cpp" "$work/said_c"
echo "install test passed"
