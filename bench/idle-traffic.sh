#!/usr/bin/env bash
# Measures what the silos of an idle cluster send each other: bench/idle-traffic.sh CONFIG SILOS SILOS_PER_PROCESS [SECONDS]
# CONFIG is a model folder (config.json is enough): the devices are simulated. All silos run on this machine; needs the built silo, curl and ss.
# Variables of the silo's settings count: HUNYUAN_PROBE_TIMEOUT; HUNYUAN_CLUSTERING and HUNYUAN_CONNECTION_STRING choose a database for the membership,
# whose own traffic is not counted; what silos send to it is.
set -euo pipefail
cd "$(dirname "$0")/.."
model=$(realpath "$1") silos=$2 per=$3 seconds=${4:-30}
work=$(mktemp -d)
pids=()
trap 'kill -9 "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
base=$((21000 + RANDOM % 8000))

primary="--primary-endpoint 127.0.0.1:$base"
[ "${HUNYUAN_CLUSTERING:-localhost}" = localhost ] || primary=

flags() { # of silo $1
  echo "--name silo-$(printf %03d "$1") --model $model --model-name idle --device simulated:4TB,148e12,4TB --memory 200GB --quant int4-all" \
    "--silo-port $((base + $1)) --gateway-port $((base + 1000 + $1)) --urls http://127.0.0.1:$((base + 2000 + $1)) $primary"
}

for ((first = 0; first < silos; first += per)); do
  line=$(flags "$first")
  for ((i = first + 1; i < first + per && i < silos; i++)); do line="$line --and $(flags "$i")"; done
  # shellcheck disable=SC2086
  dotnet silo/bin/Release/net10.0/hunyuan-silo.dll $line >"$work/$first.log" 2>&1 &
  pids+=($!)

  # One process after the other: starting silos keep the cores so busy that others would seem to be dead.
  for ((i = first; i < first + per && i < silos; i++)); do
    until curl -sf -o /dev/null "http://127.0.0.1:$((base + 2000 + i))/health/ready"; do
      kill -0 "${pids[-1]}" 2>/dev/null || { tail -n 20 "$work/$first.log"; exit 1; }
      sleep 1
    done
  done
done

sent() { # bytes and segments that the silos' processes have sent
  ss -tinpH state established | awk -v pids="$(IFS=\|; echo "${pids[*]}")" '
    $0 ~ "pid=(" pids ")," { mine = 1; next }
    mine { for (i = 1; i <= NF; i++) { split($i, part, ":"); if (part[1] == "bytes_sent") b += part[2]; if (part[1] == "data_segs_out") s += part[2] } mine = 0 }
    END { print b + 0, s + 0 }'
}

sleep 20 # until what joining causes is over
read -r bytes0 segments0 < <(sent)
sleep "$seconds"
read -r bytes1 segments1 < <(sent)
echo "$silos silos: $(((bytes1 - bytes0) / seconds)) bytes and $(((segments1 - segments0) / seconds)) segments a second in all"
