# The image of hub and media node (target `app`) and of the TURN server (target `turn`). No secret goes in: not as an argument, not
# as a file (.dockerignore); settings come from the environment when a container starts.

FROM node:22.23.2-bookworm-slim AS build
WORKDIR /app
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates g++ ninja-build libuv1-dev libssl-dev libsrtp2-dev \
      libusrsctp-dev libabsl-dev libflatbuffers-dev flatbuffers-compiler \
 && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --include=dev --no-audit --no-fund
# The media worker changes with mediasoup's version alone: downloaded where its host can be reached, else built (four minutes).
COPY tsconfig.json ./
COPY scripts/services scripts/services
COPY scripts/support scripts/support
RUN NADI_CACHE=/opt/nadi node --import tsx scripts/services/mediaWorkerInto.ts /opt/nadi/mediasoup-worker
COPY . .
RUN npm run build -- --tools
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:22.23.2-bookworm-slim AS app
WORKDIR /app
# What a worker built here is linked to; one that was downloaded brings its own.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates libuv1 libssl3 libsrtp2-1 libusrsctp2 \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir /data /backups && chown 10001:10001 /data /backups
COPY --from=build /opt/nadi/mediasoup-worker /opt/nadi/mediasoup-worker
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY deploy deploy
ENV NODE_ENV=production \
    NADI_MODE=production \
    NADI_HOST=0.0.0.0 \
    NADI_CLIENT_DIR=/app/dist/client \
    NADI_DATA=/data \
    SFU_HOST=0.0.0.0 \
    SFU_SPOOL_DIR=/data/recordings \
    MEDIASOUP_WORKER_BIN=/opt/nadi/mediasoup-worker
USER 10001:10001
VOLUME /data
EXPOSE 3000 3001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["node", "deploy/healthcheck.mjs", "3000"]
CMD ["node", "--enable-source-maps", "dist/server.mjs"]

# Debian's coturn: the one the tests run against.
FROM debian:12.11-slim AS turn
RUN apt-get update \
 && apt-get install --yes --no-install-recommends coturn \
 && rm -rf /var/lib/apt/lists/*
COPY deploy/turnserver.conf deploy/turn.sh /deploy/
USER 10001:10001
EXPOSE 3478/tcp 3478/udp
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["turnutils_stunclient", "-p", "3478", "127.0.0.1"]
CMD ["sh", "/deploy/turn.sh"]
