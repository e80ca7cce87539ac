# One image for every role; docker-compose.yml says which. Nothing in it is secret, nothing in it runs as root.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY makegood makegood
COPY state_machines state_machines
COPY workflow workflow
COPY tasks tasks
RUN python -m venv /opt/makegood \
    && /opt/makegood/bin/pip install --no-cache-dir '.[channels,postgresql]'

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/makegood makegood
COPY --from=build /opt/makegood /opt/makegood
ENV PATH=/opt/makegood/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MAKEGOOD_DATA_DIR=/var/lib/makegood
USER makegood
WORKDIR /var/lib/makegood
EXPOSE 8080
CMD ["makegood", "api", "--host", "0.0.0.0", "--port", "8080"]
