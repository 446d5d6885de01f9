#!/usr/bin/env bash
# Hosts of a network of their own on one machine: a namespace for each, a bridge between them, and this machine on it. Needs root,
# iproute2, and for loss nftables.
#
#   hosts.sh up N            N hosts with the addresses 10.213.7.1 to .N; this machine is 10.213.7.254
#   hosts.sh run I CMD …     becomes CMD on host I
#   hosts.sh kill I          kill -9 of all that runs on host I
#   hosts.sh cut I           takes host I's cable out
#   hosts.sh heal I          puts it in again
#   hosts.sh deaf I          host I hears nobody, but is heard
#   hosts.sh close I PORT    host I does not hear what comes to that TCP port
#   hosts.sh loss PERCENT    each host loses so many of a hundred packets that come to it; 0.5 is possible
#   hosts.sh rate RATE       each host sends and gets no more than RATE, such as 10mbit
#   hosts.sh clear           no loss, no rate, nobody deaf
#   hosts.sh down            all of it goes, with what runs there
set -euo pipefail

net=10.213.7
bridge=hunyuan-br

space() { echo "hunyuan-h$1"; }
all() { ip netns list | sed -n 's/^hunyuan-h\([0-9]*\).*/\1/p'; }
end() { local pids; pids=$(ip netns pids "$1"); [ -z "$pids" ] || kill -9 $pids; }

# Drops what matches on a host, before anything else sees it.
drop() {
  local host
  host=$(space "$1")
  shift
  ip netns exec "$host" nft add table inet hunyuan
  ip netns exec "$host" nft 'add chain inet hunyuan in { type filter hook input priority 0; }'
  ip netns exec "$host" nft add rule inet hunyuan in iifname eth0 "$@" counter drop
}

clear() {
  local i
  for i in $(all); do
    ip netns exec "$(space "$i")" nft delete table inet hunyuan 2>/dev/null || true
    ip netns exec "$(space "$i")" tc qdisc del dev eth0 root 2>/dev/null || true
    tc qdisc del dev "hunyuan-v$i" root 2>/dev/null || true
  done
}

down() {
  local i
  for i in $(all); do
    end "$(space "$i")"
    ip link del "hunyuan-v$i" 2>/dev/null || true
    ip netns del "$(space "$i")"
  done
  ip link del "$bridge" 2>/dev/null || true
}

up() {
  local i host
  down
  ip link add "$bridge" type bridge
  ip address add "$net.254/24" dev "$bridge"
  ip link set "$bridge" up
  for i in $(seq "$1"); do
    host=$(space "$i")
    ip netns add "$host"
    ip link add "hunyuan-v$i" type veth peer name eth0 netns "$host"
    ip link set "hunyuan-v$i" master "$bridge" up
    ip -n "$host" address add "$net.$i/24" dev eth0
    ip -n "$host" link set lo up
    ip -n "$host" link set eth0 up
  done
}

case ${1:-} in
  up) up "$2" ;;
  run) exec ip netns exec "$(space "$2")" "${@:3}" ;;
  kill) end "$(space "$2")" ;;
  cut) ip link set "hunyuan-v$2" down ;;
  heal) ip link set "hunyuan-v$2" up ;;
  deaf) drop "$2" ;;
  close) drop "$2" tcp dport "$3" ;;
  loss)
    per_mille=$(awk -v p="$2" 'BEGIN { print int(p * 10 + 0.5) }')
    for i in $(all); do drop "$i" numgen random mod 1000 '<' "$per_mille"; done
    ;;
  rate)
    # A third of a second's worth may wait: TCP finds its rate, and a queue that is longer only delays.
    for i in $(all); do
      tc qdisc replace dev "hunyuan-v$i" root tbf rate "$2" burst 32kb latency 300ms
      ip netns exec "$(space "$i")" tc qdisc replace dev eth0 root tbf rate "$2" burst 32kb latency 300ms
    done
    ;;
  clear) clear ;;
  down) down ;;
  *)
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
    exit 2
    ;;
esac
