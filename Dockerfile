# One image for all programs: node dist/cmd/PROGRAM.js
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json LICENSE CHANGELOG.md ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force
COPY --from=build /app/dist dist
COPY docs docs
COPY deployments deployments
RUN mkdir -p /var/lib/ote && chown node:node /var/lib/ote
# The user "node" of the base image, by number, so that Kubernetes can see that it is not root.
USER 1000:1000
VOLUME /var/lib/ote
CMD ["node", "dist/cmd/cluster-controller.js"]
