# One image for web, workers and beat. Build: docker build -t dam .
FROM python:3.13-slim AS build

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# Set PIP_EXTRA_INDEX_URL to PyTorch's index of CPU builds for a much smaller image without CUDA.
ARG PIP_EXTRA_INDEX_URL=""
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /src
COPY pyproject.toml constraints.txt README.md ./
COPY dam dam
COPY dam_client dam_client
COPY media_library media_library
COPY search search
RUN pip install -c constraints.txt ".[offline,backup,documents,video,traces]"

FROM python:3.13-slim
# Fonts for texts in SVG drawings.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-dejavu-core && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin dam \
    && mkdir -p /data /app && chown dam /data
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY manage.py ./
COPY dam dam
COPY media_library media_library
COPY search search
COPY templates templates
COPY static static
COPY locale locale
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DAM_DATA_DIR=/data OMP_WAIT_POLICY=PASSIVE WEB_CONCURRENCY=2
# Nothing can be written here later, and a start that compiles all modules takes a quarter of a second more.
RUN python -m compileall -q dam media_library search
RUN DAM_SECRET_KEY=build python manage.py collectstatic --noinput && mv /data/static /app/collected && chown -R dam /data
ENV DAM_STATIC_ROOT=/app/collected
USER dam
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "dam.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "dam.web.worker.Worker", "--threads", "8", "--timeout", "120", "--graceful-timeout", "30", "--keep-alive", "75"]
