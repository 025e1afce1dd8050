# Starts a member of the replica set. Members know each other by a shared key, which stands in a file of memory.
set -eu
umask 077
printf '%s' "$MONGO_KEYFILE" > /tmp/keyfile
exec docker-entrypoint.sh mongod --replSet rs0 --keyFile /tmp/keyfile --bind_ip_all --wiredTigerCacheSizeGB 0.5
