# The gateway in a container: `docker build -t apnsim .`; docs/docker.md.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /src
COPY requirements.lock deploy/checks.lock ./
# The environment has no pip of its own: nothing is installed into it later.
RUN python -m venv --without-pip /opt/apnsim \
    && pip --python /opt/apnsim/bin/python install --no-cache-dir --require-hashes -r requirements.lock \
    && pip install --no-cache-dir --require-hashes -r checks.lock
COPY . .
RUN python -m build --no-isolation --wheel --outdir /dist \
    && pip --python /opt/apnsim/bin/python install --no-cache-dir --no-deps /dist/*.whl

FROM python:${PYTHON}-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin apnsim \
    && install -d -m 0700 -o apnsim -g apnsim /data \
    && install -d -o apnsim -g apnsim /ca
COPY --from=build /opt/apnsim /opt/apnsim
COPY --chmod=755 deploy/docker/entrypoint.sh /usr/local/bin/apnsim-entrypoint
COPY deploy/docker/health.py /usr/local/lib/apnsim-health.py
ENV PATH=/opt/apnsim/bin:$PATH \
    APNSIM_HOST=0.0.0.0 \
    APNSIM_DATA_DIR=/data
# By number: who runs it can see that it is not root.
USER 10001:10001
WORKDIR /data
# CA, keys, console token and database; and the CA alone, for other containers to read.
VOLUME ["/data", "/ca"]
# Provider API, channel management, control API and page, devices.
EXPOSE 2197 2195 2196 2198 5223
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "/usr/local/lib/apnsim-health.py"]
# SIGTERM, Docker's own, drains: what is in flight is answered, at most 10 s.
ENTRYPOINT ["apnsim-entrypoint"]
CMD ["serve"]
