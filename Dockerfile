# One image for every role; docker-compose.yml says which. Nothing in it is secret, nothing in it runs as root.
# The digest is of all platforms together. To renew it, here and below, and in docker-compose.yml likewise:
#   docker buildx imagetools inspect python:3.13-slim
FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS build
WORKDIR /src
COPY requirements/build.txt requirements/image.txt requirements/
# Every file that is installed has a hash in the lock (`make lock`).
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes --requirement requirements/build.txt \
    && python -m venv /opt/makegood \
    && /opt/makegood/bin/pip install --no-cache-dir --require-hashes --requirement requirements/image.txt
COPY pyproject.toml README.md LICENSE ./
COPY makegood makegood
COPY state_machines state_machines
COPY workflow workflow
COPY tasks tasks
RUN /opt/build/bin/python -m hatchling build --target wheel --directory /opt/wheel \
    && /opt/makegood/bin/pip install --no-cache-dir --no-index --no-deps /opt/wheel/makegood-*.whl

FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/makegood makegood
COPY --from=build /opt/makegood /opt/makegood
ENV PATH=/opt/makegood/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MAKEGOOD_DATA_DIR=/var/lib/makegood
USER makegood
WORKDIR /var/lib/makegood
EXPOSE 8080
CMD ["makegood", "api", "--host", "0.0.0.0", "--port", "8080"]
