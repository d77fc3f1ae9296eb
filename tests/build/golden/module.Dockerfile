# The module shop with all that it needs, in the image of Poblano's controller. Written by poblano build.
FROM python:3.13-slim-bookworm AS packages
COPY requirements.txt /requirements.txt
RUN python -m pip install --no-cache-dir --no-deps --only-binary :all: --target /app/module/site-packages -r /requirements.txt

FROM poblano/controller:1.2.3
COPY --from=packages /app/module/site-packages /app/module/site-packages
COPY module /app/module
ENV PYTHONPATH=/app/module/site-packages
WORKDIR /app/module
