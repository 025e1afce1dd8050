# Starts coturn with what is the same everywhere and what is this clinic's. The secret is in a file of memory, for this user only.
set -eu
umask 077
conf="${TURN_CONF:-/tmp/turnserver.conf}"
{
  cat "$(dirname "$0")/turnserver.conf"
  echo
  echo "realm=$NADI_DOMAIN"
  echo "static-auth-secret=$SFU_TURN_SECRET"
  echo "listening-port=3478"
  for peer in $(echo "$SFU_ANNOUNCED_ADDRESS" | tr ',' ' '); do echo "allowed-peer-ip=$peer"; done
} > "$conf"
exec turnserver -c "$conf" --userdb /tmp/turndb --pidfile /tmp/turnserver.pid
