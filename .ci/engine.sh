# Chooses the engine that is built for: Orleans where the package feed has it, the embedded one elsewhere. Sourced after common.sh.

engine_answer=$root/artifacts/engine

# Changes whenever the answer could: with the package versions, and with the feeds that NuGet is told to use.
engine_key() {
  local folder=$root files=("$root/Directory.Packages.props" "$root/.ci/probe/Probe.csproj")
  while :; do
    files+=("$folder"/[Nn]u[Gg]et.[Cc]onfig)
    [ "$folder" != / ] && [ -n "$folder" ] || break
    folder=$(dirname "$folder")
  done
  files+=("${DOTNET_CLI_HOME:-$HOME}"/.nuget/NuGet/*.[Cc]onfig "$HOME"/.config/NuGet/*.[Cc]onfig "$HOME"/.nuget/config/*.config
    "${NUGET_COMMON_APPLICATION_DATA:-/etc/opt}"/NuGet/Config/*.config)
  { env | grep '^NUGET_' | sort || true; cksum "${files[@]}" 2>/dev/null || true; } | cksum
}

# Asks NuGet. Leaves three lines: the key, yes, no or later (nobody could be asked), and what NuGet said.
probe_orleans() {
  local log answer=yes said=
  log=$(DOTNET_CLI_UI_LANGUAGE=en timeout 180 "$dotnet" restore "$root/.ci/probe/Probe.csproj" --nologo -v quiet 2>&1) || {
    said=$(grep -oE 'error NU[0-9]+: .*' <<<"$log" | sed -e 's/^error //' -e 's/ \[[^]]*\]$//' | head -n 1 || true)
    case $said in NU11* | NU16*) answer=no ;; *) answer=later ;; esac
    [ -n "$said" ] || said="the question was not answered"
  }
  printf '%s\n' "$1" "$answer" "$said" >"$engine_answer.new"
  mv "$engine_answer.new" "$engine_answer"
}

# Sets $engine (Orleans or Embedded), $engine_why, and $engine_folder: what its outputs have between bin/ and Release/. ENGINE=orleans or ENGINE=embedded decides it.
choose_engine() {
  local wish=${ENGINE:-} key known=() version
  # Left in the environment, MSBuild would take it for its property.
  unset ENGINE
  engine=Embedded engine_folder=
  case $wish in
    embedded)
      engine_why="ENGINE=embedded"
      return 0
      ;;
    '' | orleans) ;;
    *)
      echo "ENGINE is '$wish'. It can be orleans, embedded, or left out: then Orleans is used where the package feed has it." >&2
      exit 1
      ;;
  esac

  mkdir -p "$root/artifacts"
  key=$(engine_key)
  [ ! -f "$engine_answer" ] || mapfile -t known <"$engine_answer"
  # A feed that could not be reached is asked again an hour later, and whoever insists on Orleans has it asked again at once.
  if [ "${known[0]:-}" != "$key" ] || { [ "${known[1]:-}" != yes ] && [ "$wish" = orleans ]; } ||
    { [ "${known[1]:-}" = later ] && [ -z "$(find "$engine_answer" -mmin -60)" ]; }; then
    [ ! -t 2 ] || echo "Asking the package feed for Orleans (once) …" >&2
    with_build_lock probe_orleans "$key"
    mapfile -t known <"$engine_answer"
  fi

  version=$(sed -n 's/.*<OrleansVersion>\(.*\)<.*/\1/p' "$root/Directory.Packages.props")
  if [ "${known[1]:-}" = yes ]; then
    engine=Orleans engine_folder=orleans/
    engine_why="${wish:+ENGINE=orleans, and }the package feed has Orleans $version"
  elif [ "$wish" = orleans ]; then
    echo "ENGINE=orleans, but the packages of Orleans $version do not restore here: ${known[2]:-}" >&2
    echo "Without ENGINE, or with ENGINE=embedded, the embedded engine is used." >&2
    exit 1
  else
    engine_why="the packages of Orleans $version do not restore here: ${known[2]:-}"
  fi
}

# Prints where the build put PROJECT_FOLDER/NAME.dll: projects that do not depend on the engine have one place.
built() {
  local path=$1/bin/${engine_folder}Release/net10.0/$2.dll
  [ -f "$path" ] || path=$1/bin/Release/net10.0/$2.dll
  echo "$path"
}
