# syntax=docker/dockerfile:1
# A Ceph RGW with one copy of everything, for trying a node on S3 out: what deploy/dev/rgw-up starts, in a container.
ARG DEBIAN=bookworm
FROM debian:${DEBIAN}-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      ceph-common ceph-mon ceph-osd curl radosgw \
 && rm -rf /var/lib/apt/lists/*
COPY --chmod=0755 deploy/dev/rgw-up deploy/dev/rgw-down deploy/containers/rgw /usr/local/bin/
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/rgw --shell /usr/sbin/nologin rgw \
 && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/rgw
USER 10001:10001
WORKDIR /var/lib/rgw
VOLUME /var/lib/rgw
LABEL org.opencontainers.image.title="artifactstore-rgw" \
      org.opencontainers.image.description="A Ceph RGW on one machine, for development" \
      org.opencontainers.image.licenses="Apache-2.0"
EXPOSE 7480
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["curl", "--silent", "--fail", "--max-time", "4", "--output", "/dev/null", "http://127.0.0.1:7480/"]
ENTRYPOINT ["rgw"]
