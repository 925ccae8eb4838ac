# An image with the toolkit, built where this file is: docker build --tag latam-corpus .
# The wheel is made in a stage of its own, so that the image has neither the checkout nor what builds it.
FROM python:3.12-slim-trixie AS build
WORKDIR /checkout
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /dist .

FROM python:3.12-slim-trixie
# Extras that the image has: docker build --build-arg EXTRAS=s3 ...
ARG EXTRAS=crawl,ray,s3,sheets,sign
RUN --mount=type=bind,from=build,source=/dist,target=/dist \
    --mount=type=bind,source=constraints.txt,target=/constraints.txt \
    pip install --no-cache-dir --only-binary :all: -c /constraints.txt "$(echo /dist/*.whl)[$EXTRAS]" \
    && useradd --create-home corpus
USER corpus
WORKDIR /home/corpus
ENV LC_ALL=C.UTF-8
ENTRYPOINT ["latam-corpus"]
CMD ["--help"]

LABEL org.opencontainers.image.title="latam-corpus" org.opencontainers.image.licenses="Apache-2.0"
