# One image for every process of roadbed; docker-compose.yml says which command each container runs.

FROM node:22-bookworm-slim AS base
WORKDIR /app

# Packages in a stage of their own: the compiler, which SQLite needs where no prebuilt binary can be fetched, stays behind.
FROM base AS packages
RUN apt-get update \
  && apt-get install --yes --no-install-recommends python3 make g++ \
  && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM base
COPY --from=packages /app/node_modules node_modules
COPY . .
# Setup leaves its stamp here: the user below may not write to /app, and has no need to.
RUN node bin/setup.mjs \
  && mkdir -p /data/runs /data/cache \
  && chown -R node:node /data
ENV NODE_ENV=production ROADBED_CACHE=/data/cache
USER node
EXPOSE 8080
ENTRYPOINT ["node", "bin/roadbed.mjs"]
