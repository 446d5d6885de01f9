#!/usr/bin/env bash
# bench/http-soak.sh [STREAMS] [REQUESTS]: serves the demo model and sends REQUESTS requests with STREAMS concurrent streams, three times.
# After each round, when the server is idle, it prints the resources that the server uses. A number that grows from line to line is a leak.
set -euo pipefail
root=$(cd -P "$(dirname "$0")/.." && pwd)
streams=${1:-200} requests=${2:-10000} port=${PORT:-8029} url=http://127.0.0.1:${PORT:-8029}

mkdir -p "$root/artifacts"
"$root/run" serve --port "$port" >"$root/artifacts/http-soak.log" 2>&1 &
trap 'kill $! 2>/dev/null; wait $! 2>/dev/null || true' EXIT
until curl -sf "$url/health/ready" >/dev/null; do kill -0 $! || exit 1; sleep 0.5; done
server=$(pgrep -f "hunyuan.dll serve --port $port" | head -1)

metric() { curl -s "$url/metrics" | awk -v name="$1" 'index($0, name) == 1 { sum += $2 } END { printf "%.0f", sum }'; }
held() {
  while [ "$(metric hunyuan_engine_running)" != 0 ] || [ "$(metric 'hunyuan_kv_blocks{state="used"}')" != 0 ]; do sleep 1; done
  # Handles of connections that clients closed are released at the next garbage collection at the latest.
  sleep 5
  printf '%-18s %7s %8s %9s %9s %9s %12s\n' "$1" "$(ls "/proc/$server/fd" | wc -l)" "$(ls "/proc/$server/task" | wc -l)" \
    "$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$server/status")" "$(($(metric dotnet_gc_last_collection_heap_size_bytes) >> 20))" \
    "$(metric 'hunyuan_kv_blocks{state="used"}')" "$(metric hunyuan_engine_answers_total)"
}

printf '%-18s %7s %8s %9s %9s %9s %12s\n' "" handles threads "RSS MB" "heap MB" blocks answers
held "started"
for round in 1 2 3; do
  "$root/run" load --url "$url" --requests "$requests" --concurrency "$streams" --seed "$round" >"$root/artifacts/http-soak.$round"
  held "after round $round"
done
cat "$root"/artifacts/http-soak.[123]
