"""A program with wrong uses of the client. The type checker must report each line marked with `# wrong`."""

from aibridge.client import CallFailed, aio, collect, connect, run_tools
from aibridge.v1.chat_pb2 import CreateChatCompletionRequest
from aibridge.v1.models_pb2 import ListModelsRequest

request = CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])

with connect("127.0.0.1:1") as client:
    client.chat.CreateChatCompletion(ListModelsRequest())  # wrong
    client.chat.CreateChatCompletion(request, timeout="5")  # wrong
    client.chat.CreateChatCompletions(request)  # wrong
    response = client.chat.CreateChatCompletion(request)
    print(response.choises)  # wrong
    print(response.choices[0].message.contents)  # wrong
    for chunk in client.chat.CreateChatCompletionStream(request):
        print(chunk.choises)  # wrong
    print(client.chat.CreateChatCompletionStream.with_trailers(request))  # wrong
    collect([response])  # wrong
    print(client.models.ListModels(ListModelsRequest()).models)  # wrong
    aio.run_tools(client, request, {})  # wrong


async def asynchronous() -> None:
    try:
        async with aio.connect("127.0.0.1:1") as client:
            await client.chat.CreateChatCompletion(ListModelsRequest())  # wrong
            print((await client.chat.CreateChatCompletion(request)).choises)  # wrong
            print(client.chat.CreateChatCompletion(request).choices)  # wrong
            for chunk in client.chat.CreateChatCompletionStream(request):  # wrong
                print(chunk)
            async for chunk in client.chat.CreateChatCompletionStream(request):
                print(chunk.choises)  # wrong
            run_tools(client, request, {})  # wrong
    except CallFailed as error:
        print(error.reasons)  # wrong
