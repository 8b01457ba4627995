# What up, down and status know of the site they keep: its processes, where each lies and listens, and how it is. Sourced.
#
#   ARTIFACTSTORE_DEV_DIR    where everything lies (default: var/dev in this tree)
#   ARTIFACTSTORE_DEV_PORT   the first port (default: 7070)
# shellcheck shell=bash

root=$(cd "$here/../.." && pwd)
dir=${ARTIFACTSTORE_DEV_DIR:-$root/var/dev}
first_port=${ARTIFACTSTORE_DEV_PORT:-7070}

control_planes=(control-plane-a control-plane-b)
nodes=(node-a node-b node-c)
processes=("${control_planes[@]}" "${nodes[@]}")

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
case $dir in *[!A-Za-z0-9/._+-]*) fail "$dir: a directory with such a name is not handled here; set ARTIFACTSTORE_DEV_DIR" ;; esac
case $first_port in '' | *[!0-9]*) fail "ARTIFACTSTORE_DEV_PORT is a port" ;; esac
[ "$first_port" -ge 1 ] && [ "$first_port" -le 65300 ] || fail "ARTIFACTSTORE_DEV_PORT is between 1 and 65300"

# The port of gRPC; HTTP has the next one.
port_of() {
  case $1 in
    control-plane-a) echo $((first_port)) ;;
    control-plane-b) echo $((first_port + 100)) ;;
    node-a) echo $((first_port + 10)) ;;
    node-b) echo $((first_port + 110)) ;;
    node-c) echo $((first_port + 210)) ;;
  esac
}

# Where PostgreSQL or the RGW lies: in the site's directory, or, where that does not do, in one of its own. The path of a
# socket has at most 107 bytes; started by root, PostgreSQL serves as another user, who must get there.
service_dir() {
  local reachable=yes folder=$dir
  while [ "$1" = postgres ] && [ "$(id -u)" = 0 ] && [ "$folder" != / ]; do
    if [ -d "$folder" ] && [ -z "$(find "$folder" -maxdepth 0 -perm -001)" ]; then reachable=no; fi
    folder=$(dirname "$folder")
  done
  if [ $reachable = yes ] && [ ${#dir} -le 80 ]; then
    echo "$dir/$1"
  else
    echo "${TMPDIR:-/tmp}/artifactstore-dev-$(printf %s "$dir" | cksum | cut -d ' ' -f 1)/$1"
  fi
}

# The pid of a process of this site; nothing where it is gone and the number is another's by now.
pid_of() {
  local pid
  pid=$(cat "$dir/$1/pid" 2>/dev/null) || return 0
  if grep -qzxF "ARTIFACTSTORE_CONFIG=$dir/$1/settings.toml" "/proc/$pid/environ" 2>/dev/null; then echo "$pid"; fi
}

# What GET /health answers on that port, from the status line on; nothing where nobody does.
asked() {
  (
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit
    printf 'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
    timeout 8 cat <&3
  ) 2>/dev/null || true
}

is_healthy() {
  local status
  read -r _ status _ < <(asked "$(($(port_of "$1") + 1))") && [ "${status:-}" = 200 ]
}

# show_site: a line for each part. Fails if one is not well.
show_site() {
  local name pid port state well=0
  if [ -S "$(service_dir postgres)/.s.PGSQL.5432" ]; then state=up; else state=down well=1; fi
  printf '%-16s %-12s %s\n' postgres $state "$(cat "$dir/database-url" 2>/dev/null)"
  if [ -s "$dir/s3-endpoint" ]; then
    if (exec 3<>"/dev/tcp/127.0.0.1/$(sed 's/.*://' "$dir/s3-endpoint")") 2>/dev/null; then state=up; else state=down well=1; fi
    printf '%-16s %-12s %s, bucket artifactstore\n' rgw $state "$(cat "$dir/s3-endpoint")"
  fi
  for name in "${processes[@]}"; do
    pid=$(pid_of "$name") port=$(port_of "$name")
    if [ -z "$pid" ]; then
      state=down well=1
    elif is_healthy "$name"; then
      state=serving
    else
      state=not-serving well=1
    fi
    printf '%-16s %-12s gRPC http://127.0.0.1:%s  HTTP http://127.0.0.1:%s/health  %s\n' \
      "$name" "$state" "$port" "$((port + 1))" "${pid:+pid $pid}"
  done
  return $well
}
