"""Content codings, and what is no such coding."""

from bodies import encoded, sizes_of_chunks
from oddities import Registry
from response import insert

ODDITIES = Registry()
odd = ODDITIES.add


@odd("coding")
def content_coding(rng, response):
    name, response.body = encoded(rng, response.body)
    response.chunks = sizes_of_chunks(rng, len(response.body))
    insert(rng, response, b"Content-Encoding: " + name)


@odd("coding", ("raw", "curl", "python", "node"))
def content_coding_that_lies(rng, response):
    insert(
        rng,
        response,
        b"Content-Encoding: " + rng.choice([b"gzip", b"br", b"none", b"utf-8", b"zstd, gzip", b""]),
    )
