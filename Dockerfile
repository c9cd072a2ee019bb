# The exchange without the embedded store: it talks to the Neo4j that EXCHANGE_GRAPH_URI names.
FROM python:3.12-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /srv/exchange

# Packages first: they change less often than the code. Exact, hash-checked wheels, nothing is compiled.
COPY requirements.lock ./
RUN pip install --require-hashes --only-binary=:all: -r requirements.lock

COPY exchange ./exchange
COPY seed ./seed

RUN useradd --system --no-create-home --uid 10001 exchange
USER 10001

# Inside a container "every address" is the container's own; compose decides what the host publishes.
ENV EXCHANGE_HOST=0.0.0.0 \
    EXCHANGE_PORT=8000
EXPOSE 8000

# Alive is enough here: a Neo4j that is away must not make an orchestrator kill the exchange, which recovers itself.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['EXCHANGE_PORT'] + '/healthz', timeout=2)"]

CMD ["python", "-m", "exchange", "serve"]
