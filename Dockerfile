# The gateway as an image: docker build -t tiro . && docker compose up
# Node runs the TypeScript as it is, so there is no build step; `--ignore-scripts` because nothing needs to be compiled.
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# Optional packages are for WhatsApp as a linked device. One of them is under the GPL (docs/licences.md): an image that has it may be
# passed on under the GPL's terms only. With them: docker build --build-arg OPTIONAL=include -t tiro .
ARG OPTIONAL=omit
RUN npm ci --omit=dev "--$OPTIONAL=optional" --ignore-scripts --no-audit --no-fund

FROM node:24-slim
RUN useradd --create-home --uid 10001 tiro
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY . .
# The volume's folder must be the user's before it is one; so must the folder of compiled code, made below.
RUN mkdir -p /home/tiro/.tiro node_modules/.cache/tiro && chown tiro /home/tiro/.tiro node_modules/.cache/tiro
USER tiro
ENV NODE_ENV=production TIRO_HOME=/home/tiro/.tiro NODE_COMPILE_CACHE=/app/node_modules/.cache/tiro
# One start fills the compile cache, which is read (not written) when the root file system is read-only.
RUN timeout --signal=TERM --preserve-status 10 bin/tiro start --home /tmp/warm && rm -rf /tmp/warm
VOLUME /home/tiro/.tiro
EXPOSE 4180
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --start-interval=1s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4180/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# No init inside: run it with `docker run --init` (compose: init: true), which reaps and passes signals on.
CMD ["bin/tiro", "start", "--host", "0.0.0.0"]
