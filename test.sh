#!/usr/bin/env bash
# Builds everything, checks the format, runs every test: at each vector width, and in a guest under each kernel bzImage-* in $COLDPAGES_KERNELS
# or ~/.cache/coldpages (tests/vm/build-kernel makes one; COLDPAGES_REQUIRE_KERNEL=1 makes it a failure to have none). Ends with
# "N passed, N failed[, N skipped]"; exit code 1 if anything failed. Needs the .NET 10 SDK; as root on Debian it installs what else is missing.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")" || exit 1

passed=0 failed=0 skipped=0
step() { printf '\n== %s\n' "$*"; }
check() { # check WHAT COMMAND...: one more thing that passes or fails
    step "$1"
    if "${@:2}"; then passed=$((passed + 1)); else echo "FAILED: $1"; failed=$((failed + 1)); return 1; fi
}
finish() {
    printf '\n%d passed, %d failed%s\n' "$passed" "$failed" "$([ "$skipped" -gt 0 ] && echo ", $skipped skipped")"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

if ! command -v dotnet >/dev/null; then
    echo "There is no dotnet here: install the .NET 10 SDK (https://dot.net)."
    failed=1; finish
fi
provide() { # provide COMMAND PACKAGE...: installs what has the command, where it is missing and that is possible
    if command -v "$1" >/dev/null || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then return; fi
    step "apt-get install ${*:2}"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${@:2}" >/dev/null
}
provide cc gcc libc6-dev

check "build" dotnet build ColdPages.sln -c Release -nologo -clp:NoSummary || finish
check "format" dotnet format ColdPages.sln --no-restore --verify-no-changes --severity warn

# run NAME COMMAND...: runs a test executable and adds up what it says it did
run() {
    local log; log=$(mktemp)
    step "$1"
    "${@:2}" -noColor -noLogo > "$log" 2>&1
    local code=$? total errors fails skips
    read -r total errors fails skips < <(sed -nE 's/^.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+).*$/\1 \2 \3 \4/p' "$log" | tail -1)
    if [ -z "${skips:-}" ] || [ "$total" -eq 0 ]; then
        cat "$log"; echo "FAILED: $1 ended with code $code and ran no test"; failed=$((failed + 1))
    else
        if [ "$code" -ne 0 ]; then cat "$log"; else grep -A 2 -F '[SKIP]' "$log"; fi
        fails=$((fails + errors))
        if [ "$code" -ne 0 ] && [ "$fails" -eq 0 ]; then fails=1; fi
        passed=$((passed + total - fails - skips)) failed=$((failed + fails)) skipped=$((skipped + skips))
        echo "$((total - fails - skips)) passed, $fails failed, $skips skipped"
    fi
    rm -f "$log"
}

tests=tests/ColdPages.Tests/bin/Release/net10.0/ColdPages.Tests
run "tests, as wide as this CPU" env COLDPAGES_MAX_VECTOR_BITS=512 "$tests"
run "tests, vectors of 256 bits" env COLDPAGES_MAX_VECTOR_BITS=256 DOTNET_EnableAVX512=0 "$tests"
run "tests, vectors of 128 bits" env COLDPAGES_MAX_VECTOR_BITS=128 DOTNET_EnableAVX2=0 "$tests"
run "tests, no vectors" env COLDPAGES_MAX_VECTOR_BITS=0 DOTNET_EnableHWIntrinsic=0 "$tests"
run "package tests" tests/ColdPages.PackageTests/bin/Release/net10.0/ColdPages.PackageTests

kernels=${COLDPAGES_KERNELS:-~/.cache/coldpages} images=("$kernels"/bzImage-*)
if [ -e "${images[0]}" ]; then
    provide mkfs.ext4 e2fsprogs
    step "kernel tests under ${images[*]##*/bzImage-}"
    logs=$(mktemp -d)
    trap 'rm -rf "$logs"' EXIT
    # What guests need is brought before there are two. They wait more than they work: there is one for each CPU.
    tests/vm/run --kernel "${images[0]}" -- true
    printf '%s\0' "${images[@]}" | xargs -0 -P "$(nproc)" -I '{}' tests/vm/test-kernel '{}' "$logs"
    # shellcheck disable=SC2317  # It is called by run.
    said() { cat "$1"; return "$(< "$1.code")"; }
    for code in "$logs"/*.code; do run "kernel tests, Linux $(basename "$code" .code)" said "${code%.code}"; done
else
    step "kernel tests"
    if [ "${COLDPAGES_REQUIRE_KERNEL:-}" = 1 ]; then echo "FAILED: there is no kernel to run them on"; failed=$((failed + 1))
    else echo "SKIPPED, ALL OF THEM: there is no kernel to run them on"; skipped=$((skipped + 1)); fi
    echo "No bzImage-* is in $kernels. 'tests/vm/build-kernel 6.12', as root on Debian, puts one there; see tests/vm/README.md."
fi
finish
