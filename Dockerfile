# Tandem's images: one stage compiles every binary, then one small image per service.
#
#   docker build --target writer --tag tandem-writer:0.1.0 .
#
# Only what the classic builder of Docker 20.10 knows as well: no cache mounts, no here-documents.

FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --package tandem --bins \
    && mkdir /out \
    && for name in tandem tandem-ingest tandem-mapper tandem-writer; do cp "target/release/$name" /out/ || exit 1; done \
    && rm -rf target

FROM debian:bookworm-20260824-slim AS base
# The providers' certificates are checked against the system's list.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 tandem \
    && useradd --uid 10001 --gid tandem --home-dir /var/lib/tandem --shell /usr/sbin/nologin tandem \
    && install --directory --owner tandem --group tandem --mode 0750 /var/lib/tandem
LABEL org.opencontainers.image.title="Tandem" \
      org.opencontainers.image.description="Keeps contacts of GoHighLevel and OpenPhone in step" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
# Where the programs and their health checks find the configuration.
ENV TANDEM_CONFIG=/etc/tandem/tandem.yaml
USER 10001:10001
WORKDIR /var/lib/tandem
STOPSIGNAL SIGTERM
EXPOSE 8080

FROM base AS ingest
COPY --from=build /out/tandem-ingest /usr/local/bin/
ENTRYPOINT ["tandem-ingest"]

FROM base AS mapper
COPY --from=build /out/tandem-mapper /usr/local/bin/
ENTRYPOINT ["tandem-mapper"]

FROM base AS writer
COPY --from=build /out/tandem-writer /usr/local/bin/
ENTRYPOINT ["tandem-writer"]

# Last, so that a plain `docker build .` makes the all-in-one command line.
FROM base AS tandem
COPY --from=build /out/tandem /usr/local/bin/
ENTRYPOINT ["tandem"]
CMD ["up"]
