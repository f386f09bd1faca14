"""ModelsService: GET /models and GET /models/{model}."""

from typing import Any

from aibridge.v1 import models_pb2
from bridge.call import CallContext
from bridge.errors import BridgeError, Reason
from bridge.offload import offload_if
from bridge.services.checks import check_model
from bridge.services.entry import build_response
from bridge.services.permits import only_permitted, permit_model
from bridge.services.query import query_of
from bridge.settings import Settings
from bridge.upstream.client import Upstream
from bridge.upstream.failures import malformed
from bridge.upstream.origin import segment


class ModelsService:
    """The gateway's models."""

    def __init__(self, upstream: Upstream, settings: Settings) -> None:
        self._upstream = upstream
        self._by_list = settings.retrieve_from_list

    async def ListModels(
        self, request: models_pb2.ListModelsRequest, call: CallContext
    ) -> models_pb2.ListModelsResponse:
        """All models that the caller may use, or a page of them."""
        response = await self._list(call, query_of(request))
        only_permitted(call, response)
        return response

    async def RetrieveModel(self, request: models_pb2.RetrieveModelRequest, call: CallContext) -> models_pb2.Model:
        """One model by its id."""
        check_model(request.model)
        permit_model(call, request.model)
        if self._by_list:
            response = _find(await self._list(call), request.model)
        else:
            value, is_large = await self._upstream.get(f"/models/{segment(request.model)}", call)
            response = await offload_if(is_large, build_response, models_pb2.Model, value)
            if not response.HasField("id"):
                raise malformed("is not a model")
        return response

    async def _list(self, call: CallContext, query: str = "") -> models_pb2.ListModelsResponse:
        value, is_large = await self._upstream.get(f"/models{query}", call)
        return await offload_if(is_large, _listed, value)


def _listed(value: dict[str, Any]) -> models_pb2.ListModelsResponse:
    response = build_response(models_pb2.ListModelsResponse, value)
    models = value.get("data")
    if models is None and isinstance(value.get("models"), list):  # a few servers use this name
        models = value["models"]
        response.data.extend(build_response(models_pb2.ListModelsResponse, {"data": models}).data)
    if models is None and value.get("object") == "list":  # Ollama's form of an empty list
        models = []
    if not isinstance(models, list) or len(response.data) != len(models):
        raise malformed("has no list of models")
    return response


def _find(models: models_pb2.ListModelsResponse, model: str) -> models_pb2.Model:
    for entry in models.data:
        if entry.id == model:
            return entry
    raise BridgeError(Reason.MODEL_NOT_FOUND, "the upstream does not list this model")
