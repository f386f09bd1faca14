"""Typed stubs and servicers of aibridge/v1/models.proto. Made by tools/stubs.py; do not edit."""

from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any, overload

import grpc
import grpc.aio

from aibridge.v1 import models_pb2


class _Context(grpc.ServicerContext, grpc.aio.ServicerContext[Any, Any]):  # type: ignore[misc]
    """Either context, so that a servicer can name the one of its server."""

class ModelsServiceStub:
    """The models that the gateway can run."""
    @overload
    def __new__(cls, channel: grpc.aio.Channel) -> ModelsServiceAsyncStub: ...
    @overload
    def __new__(cls, channel: grpc.Channel) -> ModelsServiceStub: ...
    ListModels: grpc.UnaryUnaryMultiCallable[models_pb2.ListModelsRequest, models_pb2.ListModelsResponse]
    """Lists the models. GET /models. Most gateways return all of them and ignore `after` and `limit`."""
    RetrieveModel: grpc.UnaryUnaryMultiCallable[models_pb2.RetrieveModelRequest, models_pb2.Model]
    """Returns one model, or NOT_FOUND if it does not exist. Some servers can only list: use ListModels there.
    GET /models/{model}.

    The response is the bare resource, as in the REST API and as resource-oriented gRPC APIs do it.
    """

class ModelsServiceAsyncStub(ModelsServiceStub):  # type: ignore[misc]
    """`ModelsServiceStub` on a `grpc.aio.Channel`. For annotations only: the class does not exist at run time."""
    ListModels: grpc.aio.UnaryUnaryMultiCallable[models_pb2.ListModelsRequest, models_pb2.ListModelsResponse]  # type: ignore[assignment]
    """Lists the models. GET /models. Most gateways return all of them and ignore `after` and `limit`."""
    RetrieveModel: grpc.aio.UnaryUnaryMultiCallable[models_pb2.RetrieveModelRequest, models_pb2.Model]  # type: ignore[assignment]
    """Returns one model, or NOT_FOUND if it does not exist. Some servers can only list: use ListModels there.
    GET /models/{model}.

    The response is the bare resource, as in the REST API and as resource-oriented gRPC APIs do it.
    """

class ModelsServiceServicer:
    """The models that the gateway can run."""
    def ListModels(self, request: models_pb2.ListModelsRequest, context: _Context) -> models_pb2.ListModelsResponse | Awaitable[models_pb2.ListModelsResponse]:
        """Lists the models. GET /models. Most gateways return all of them and ignore `after` and `limit`."""
    def RetrieveModel(self, request: models_pb2.RetrieveModelRequest, context: _Context) -> models_pb2.Model | Awaitable[models_pb2.Model]:
        """Returns one model, or NOT_FOUND if it does not exist. Some servers can only list: use ListModels there.
        GET /models/{model}.

        The response is the bare resource, as in the REST API and as resource-oriented gRPC APIs do it.
        """

def add_ModelsServiceServicer_to_server(servicer: ModelsServiceServicer, server: grpc.Server | grpc.aio.Server) -> None: ...
