# One image for the web and for the workers; docker-compose.yml says which command each runs.
FROM python:3.11-slim-bookworm

RUN apt-get update \
 && apt-get install -y --no-install-recommends make \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 signalbench \
 && mkdir /data \
 && chown signalbench /data

WORKDIR /app
COPY Makefile pyproject.toml requirements.lock requirements-dev.lock requirements-torch.in ./
COPY .ci .ci
# The same step as on a machine of one's own; torch without CUDA keeps the image small.
ENV PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
RUN make .venv/.installed-run
COPY app.py README.md LICENSE ./
COPY dash_app dash_app
COPY integrations integrations
COPY storage storage
COPY tasks tasks
COPY templates templates

USER signalbench
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SIGNALBENCH_DATA=/data
VOLUME /data
EXPOSE 8050
CMD ["python", "app.py"]
