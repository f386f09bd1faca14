"""A program with wrong uses of the generated stubs. The type checker must report each line marked with `# wrong`."""

import grpc

from aibridge.v1 import chat_pb2, chat_pb2_grpc, models_pb2

request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
request.HasField("modle")  # wrong
request.WhichOneof("stop")  # wrong
chat_pb2.CreateChatCompletionRequest(modle="m")  # wrong


def synchronous(channel: grpc.Channel) -> None:
    chat = chat_pb2_grpc.ChatServiceStub(channel)
    chat.CreateChatCompletion(models_pb2.ListModelsRequest())  # wrong
    print(chat.CreateChatCompletion(request).choises)  # wrong
    print(chat.CreateChatCompletion(request).choices[0].mesage)  # wrong
    chat.CreateChatCompletions(request)  # wrong
    for chunk in chat.CreateChatCompletionStream(request):
        print(chunk.choises)  # wrong


async def asynchronous(channel: grpc.aio.Channel) -> None:
    chat = chat_pb2_grpc.ChatServiceStub(channel)
    await chat.CreateChatCompletion(models_pb2.ListModelsRequest())  # wrong
    print((await chat.CreateChatCompletion(request)).choises)  # wrong
    print(chat.CreateChatCompletion(request).choices)  # wrong
    for chunk in chat.CreateChatCompletionStream(request):  # wrong
        pass
    async for chunk in chat.CreateChatCompletionStream(request):
        print(chunk.choises)  # wrong
