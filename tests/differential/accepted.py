"""What may differ: each is a row of the tables in ARCHITECTURE.md, or a limit of the client."""

# The proxy's own, as documented.
TOGETHER = "fields of one name stand together, where the first of them stood"
NO_FIELDS = "lines that are no fields are dropped"
CONTROLS = "control characters and folds in values become spaces"
CUT_HEAD = "a head that is cut short gets no answer"
NO_HEAD = "lengths that contradict each other or are none, and no status line, get no answer"
ANNOUNCED = "trailers pass where Trailer names them"
BAD_TRAILERS = "malformed trailers break the body"
BREAKS_THERE = "a body breaks where its chunks do"
RESET_FOR_OLD = "to a client of HTTP/1.0, chunks that are cut off are a reset"
REFUSED = "what cannot be sent on exactly is refused with a reason"
ORIGIN_FORM = "a target in absolute form is sent in origin form"

RESET_AS_CLOSE = "a reset is a close where the kernel has not sent all yet"
AFTER_SWITCH = "after a 101 the connection is closed, also where it was reset"

# What a client reads otherwise than it was meant, or cannot read.
MENDED = "a head or framing that this client misreads straight is mended"
MENDED_HEAD = "a head that this client cannot read straight is mended, not the body after it"
UNREADABLE = "what the client cannot read straight it cannot read through either"
UNKNOWN_FRAMING = "a framing that this client does not understand"
BREAK_AS_END = "this client takes a reset, or an end inside the trailers, for the end"
TLS_BREAK = "over TLS a reset is no other break than a close"

# Oddities of requests that may be refused, with a reason.
REFUSABLE = {"ask:connect_method", "ask:control_in_target"}

# Oddities of framing that some clients know nothing of.
FRAMINGS = {
    "broken_chunks",
    "chunked_written_oddly",
    "coding_without_chunked",
    "gzip_and_chunked",
    "http_1_0",
    "http_1_0_kept",
    "identity",
    "identity_alone",
    "length_and_chunked",
    "length_written_oddly",
    "lengths_that_differ",
    "lines_of_chunks_end_in_lf",
    "no_length",
}

# Oddities that make a head none.
HEADLESS = {"lengths_that_differ", "no_length", "odd_version"}

# Oddities at which chunks break, or do so for strict parsers.
BAD_CHUNKS = {"broken_chunks", "lines_of_chunks_end_in_lf"}

# Clients that tell a reset from a close by chance, and what they say instead.
BLUNT = ("node", "fetch")
BROKEN = {"reset", "closed"}
