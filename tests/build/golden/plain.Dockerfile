# The module shop with all that it needs, in the image of Poblano's controller. Written by poblano build.
FROM poblano/controller:1.2.3
COPY module /app/module
ENV PYTHONPATH=/app/module/site-packages
WORKDIR /app/module
