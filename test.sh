#!/usr/bin/env bash
# Builds everything, checks the format, runs every test at each vector width. Ends with "N passed, N failed[, N skipped]"; exit code 1 if
# anything failed. Needs the .NET 10 SDK; as root on Debian it installs the C compiler that some tests need.
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
if ! command -v cc >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    step "C compiler for the workloads"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gcc libc6-dev >/dev/null
fi

check "build" dotnet build ColdPages.sln -c Release -nologo -clp:NoSummary || finish
check "format" dotnet format ColdPages.sln --no-restore --verify-no-changes --severity warn

# run NAME EXECUTABLE ENVIRONMENT...: runs a test executable and adds up what it says it did
run() {
    local log; log=$(mktemp)
    step "$1"
    env "${@:3}" "$2" -noColor -noLogo > "$log" 2>&1
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
run "tests, as wide as this CPU" "$tests" COLDPAGES_MAX_VECTOR_BITS=512
run "tests, vectors of 256 bits" "$tests" COLDPAGES_MAX_VECTOR_BITS=256 DOTNET_EnableAVX512=0
run "tests, vectors of 128 bits" "$tests" COLDPAGES_MAX_VECTOR_BITS=128 DOTNET_EnableAVX2=0
run "tests, no vectors" "$tests" COLDPAGES_MAX_VECTOR_BITS=0 DOTNET_EnableHWIntrinsic=0
run "package tests" tests/ColdPages.PackageTests/bin/Release/net10.0/ColdPages.PackageTests
finish
