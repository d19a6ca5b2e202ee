# syntax=docker/dockerfile:1

FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package runs a script of its own: none of those that are needed has one.
RUN npm ci --ignore-scripts
COPY . .
RUN npx tsc && node deploy/image/keep-runtime-packages.mjs && npm prune --ignore-scripts

FROM node:20-bookworm-slim
# HOST: in a container all addresses are those of the container; none of them is loopback, so that the rules of
# production hold.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist/src dist/src
COPY --from=build /app/dist/migrations dist/migrations
COPY --from=build /app/deploy/image/health-check.mjs ./
# Whoever breaks in can change nothing: all of it is root's.
USER node
EXPOSE 4000
# Alive, not ready: a restart mends what does not answer, not a database that is away.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["node", "health-check.mjs", "live"]
ENTRYPOINT ["node", "dist/src/main.js"]
