"""EmbeddingsService: POST /embeddings."""

from typing import Any, Final

from aibridge.v1 import embeddings_pb2
from bridge.call import CallContext
from bridge.codec import encode
from bridge.jsontext import dumps
from bridge.offload import offload_if
from bridge.services import vectors
from bridge.services.checks import check_embedding
from bridge.services.entry import build_response
from bridge.services.permits import permit
from bridge.settings import Settings
from bridge.upstream.client import Upstream
from bridge.upstream.failures import malformed

_PATH: Final = "/embeddings"


class EmbeddingsService:
    """Embedding vectors, as packed floats in whichever form the upstream sends them."""

    def __init__(self, upstream: Upstream, settings: Settings) -> None:
        self._upstream = upstream
        self._ask_base64 = settings.embeddings_base64

    async def CreateEmbedding(
        self, request: embeddings_pb2.CreateEmbeddingRequest, call: CallContext
    ) -> embeddings_pb2.CreateEmbeddingResponse:
        """One vector for each input, in the order of the inputs."""
        body = await offload_if(call.is_large, _body, call, request, ask_base64=self._ask_base64)
        taken = vectors.Vectors(is_float32=_is_float32(request))
        value, is_large = await self._upstream.post(_PATH, call, body, taken)
        return await offload_if(is_large, _response, request, value, taken)


def _body(call: CallContext, request: embeddings_pb2.CreateEmbeddingRequest, *, ask_base64: bool) -> bytes:
    permit(call, request)
    body = encode(request)
    check_embedding(request)
    if ask_base64:
        body.setdefault("encoding_format", "base64")
    return dumps(body)


def _response(
    request: embeddings_pb2.CreateEmbeddingRequest, value: dict[str, Any], taken: vectors.Vectors
) -> embeddings_pb2.CreateEmbeddingResponse:
    vectors.check_count(value, vectors.inputs_of(request))
    taken.place(value)
    response: embeddings_pb2.CreateEmbeddingResponse = build_response(vectors.RESPONSE_TYPE, value)
    if len(response.data) != len(value.get("data") or ()):
        raise malformed("has no list of embeddings")
    vectors.sort(response)
    return response


def _is_float32(request: embeddings_pb2.CreateEmbeddingRequest) -> bool:
    """Whether base64 text in the response is little-endian 32-bit floats. vLLM can send other formats."""
    return (
        request.encoding_format in {"", "float", "base64"}
        and request.embed_dtype in {"", "float32"}
        and request.endianness in {"", "native", "little"}
        and request.output_dtype in {"", "float"}
    )
