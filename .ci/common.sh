# Shared by ./run and ./test: finds the .NET SDK and builds once at a time. Sourced with $root set to the repository root.

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
# Without a home folder the dotnet command refuses to start.
[ -n "${HOME:-}" ] || export HOME="${TMPDIR:-/tmp}" DOTNET_CLI_HOME="${TMPDIR:-/tmp}"

# Sets $dotnet to the first dotnet command found.
find_dotnet() {
  local candidate
  for candidate in "$(command -v dotnet || true)" "${DOTNET_ROOT:-}/dotnet" "$HOME/.dotnet/dotnet" \
    /usr/share/dotnet/dotnet /usr/lib/dotnet/dotnet /usr/local/share/dotnet/dotnet; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then
      dotnet=$candidate
      return 0
    fi
  done
  echo "The .NET 10 SDK is needed and no dotnet command was found. Get it from https://dotnet.microsoft.com/download/dotnet/10.0" >&2
  exit 1
}

# Exits with a message unless the SDK is recent enough to build with.
require_sdk() {
  local sdks
  sdks=$("$dotnet" --list-sdks 2>/dev/null || true)
  if ! grep -qE '^[1-9][0-9]+\.' <<<"$sdks"; then
    echo "The .NET 10 SDK is needed; $dotnet has ${sdks:-no SDK at all}. Get it from https://dotnet.microsoft.com/download/dotnet/10.0" >&2
    exit 1
  fi
}

# Runs a function while no other ./run or ./test of this checkout builds. The descriptor is closed to what the function starts,
# so that a build server which outlives the build does not keep the lock.
with_build_lock() {
  mkdir -p "$root/artifacts"
  if command -v flock >/dev/null; then
    exec {build_lock}>"$root/artifacts/build.lock"
    flock "$build_lock"
    local status=0
    "$@" {build_lock}>&- || status=$?
    exec {build_lock}>&-
    return "$status"
  fi
  "$@"
}

# dotnet build, leaving no server process behind.
dotnet_build() {
  "$dotnet" build "$@" -c Release --nologo -v quiet -consoleLoggerParameters:NoSummary -nodeReuse:false -p:UseSharedCompilation=false
}
