# Starts Redis with a password that stands in no command line. Nothing is kept: hubs do without it while it is away.
set -eu
umask 077
conf="${REDIS_CONF:-/tmp/redis.conf}"
cat > "$conf" <<CONF
requirepass $REDIS_PASSWORD
port ${REDIS_PORT:-6379}
save ""
appendonly no
maxmemory 128mb
maxmemory-policy noeviction
dir /tmp
CONF
exec redis-server "$conf"
