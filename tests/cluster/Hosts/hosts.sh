#!/usr/bin/env bash
# A network of hosts on one machine: a network namespace for each, and a bridge that links them and this machine. Needs root, iproute2, and
# nftables for deaf, close and loss.
#
#   hosts.sh up N            N hosts with the addresses 10.213.7.1 to .N; this machine is 10.213.7.254
#   hosts.sh run I CMD …     becomes CMD on host I
#   hosts.sh kill I          kill -9 of all that runs on host I
#   hosts.sh cut I           cuts host I's link
#   hosts.sh heal I          restores it
#   hosts.sh deaf I          host I gets no packets, but can send
#   hosts.sh close I PORT    host I gets no packets on that TCP port
#   hosts.sh loss PERCENT    each host loses this share of the packets that it gets; 0.5 is possible
#   hosts.sh rate RATE       each host sends and gets at most RATE, such as 10mbit
#   hosts.sh clear           ends deaf, close, loss and rate
#   hosts.sh down            removes the hosts and kills what runs on them
set -euo pipefail

net=10.213.7
bridge=hunyuan-br

space() { echo "hunyuan-h$1"; }
all() { ip netns list | sed -n 's/^hunyuan-h\([0-9]*\).*/\1/p'; }
end() { local pids; pids=$(ip netns pids "$1"); [ -z "$pids" ] || kill -9 $pids; }

# Drops matching packets on a host before any process gets them.
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
    # The queue holds a third of a second of traffic. A longer one would only add delay, because TCP fills it.
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
