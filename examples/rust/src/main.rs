//! The steps of `../README.md`.

mod failure;
mod retry;

/// The stubs from `build.rs`.
mod proto {
    tonic::include_proto!("aibridge.v1");
}

use std::collections::BTreeMap;
use std::env;
use std::time::Duration;

use proto::chat_completion_delta::ContentKind as DeltaContent;
use proto::chat_completion_message::ContentKind;
use proto::chat_service_client::ChatServiceClient;
use proto::create_embedding_request::InputKind;
use proto::embeddings_service_client::EmbeddingsServiceClient;
use proto::models_service_client::ModelsServiceClient;
use proto::{
    ChatCompletionDelta, ChatCompletionMessage, CreateChatCompletionRequest, CreateChatCompletionResponse,
    CreateChatCompletionStreamResponse, CreateEmbeddingRequest, FunctionDefinition, InputTexts, ListModelsRequest,
    Reason, RetrieveModelRequest, StreamOptions, Tool, ToolCall, ToolCallDelta, Usage,
};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status, Streaming};

use failure::{Failure, spelled};
use retry::retrying;

const MESSAGE_SIZE: usize = 64 << 20;
const TIMEOUT: Duration = Duration::from_secs(10);

type Error = Box<dyn std::error::Error>;
type Authorized = InterceptedService<Channel, Authorization>;

/// Adds the caller's token to each call, if there is one.
#[derive(Clone)]
struct Authorization(Option<MetadataValue<Ascii>>);

impl tonic::service::Interceptor for Authorization {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

/// A channel with keepalive during calls. It connects when it is first used.
fn connect(target: &str) -> Result<Channel, tonic::transport::Error> {
    let endpoint = Endpoint::from_shared(format!("http://{target}"))?
        .http2_keep_alive_interval(Duration::from_secs(60))
        .keep_alive_timeout(Duration::from_secs(20))
        .keep_alive_while_idle(false);
    Ok(endpoint.connect_lazy())
}

/// A request with a deadline, which goes to the bridge as `grpc-timeout`.
fn within<T>(timeout: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(timeout);
    request
}

struct Example {
    models: ModelsServiceClient<Authorized>,
    chat: ChatServiceClient<Authorized>,
    embeddings: EmbeddingsServiceClient<Authorized>,
}

impl Example {
    fn new(channel: Channel, token: &str) -> Result<Self, Error> {
        let value = if token.is_empty() { None } else { Some(format!("Bearer {token}").parse()?) };
        let channel = InterceptedService::new(channel, Authorization(value));
        Ok(Self {
            models: ModelsServiceClient::new(channel.clone()).max_decoding_message_size(MESSAGE_SIZE),
            chat: ChatServiceClient::new(channel.clone()).max_decoding_message_size(MESSAGE_SIZE),
            embeddings: EmbeddingsServiceClient::new(channel).max_decoding_message_size(MESSAGE_SIZE),
        })
    }

    async fn create(
        &self,
        request: &CreateChatCompletionRequest,
    ) -> Result<Response<CreateChatCompletionResponse>, Status> {
        let mut chat = self.chat.clone(); // cheap: the channel is shared
        chat.create_chat_completion(within(TIMEOUT, request.clone())).await
    }

    async fn create_stream(
        &self,
        request: &CreateChatCompletionRequest,
    ) -> Result<Streaming<CreateChatCompletionStreamResponse>, Status> {
        let mut chat = self.chat.clone();
        Ok(chat.create_chat_completion_stream(within(TIMEOUT, request.clone())).await?.into_inner())
    }

    async fn models(&self) -> Result<(), Error> {
        let mut models = self.models.clone();
        let call = async || models.list_models(within(TIMEOUT, ListModelsRequest::default())).await;
        let response = retrying(call).await?.into_inner();
        let ids: Vec<&str> = response.data.iter().map(|model| model.id()).collect();
        println!("models: {}", ids.join(" "));
        Ok(())
    }

    async fn chat(&self) -> Result<(), Error> {
        let mut request = asking("example/chat", "What is the weather in Paris?");
        request.tools.push(weather());
        let mut response = self.create(&request).await?.into_inner();
        let message = response.choices.swap_remove(0).message.unwrap_or_default();
        let call = message.tool_calls.first().cloned().unwrap_or_default();
        let function = call.function.unwrap_or_default();
        println!("chat: call {} {}", function.name(), function.arguments());

        request.messages.push(message);
        request.messages.push(ChatCompletionMessage {
            role: Some("tool".into()),
            tool_call_id: call.id,
            content_kind: Some(ContentKind::Content(r#"{"degrees":21}"#.into())),
            ..Default::default()
        });
        let response = self.create(&request).await?.into_inner();
        println!("chat: {}", text(&response));
        println!("chat: {}", ending(response.choices[0].finish_reason(), &response.usage.unwrap_or_default()));
        Ok(())
    }

    async fn stream(&self) -> Result<(), Error> {
        let mut request = asking("example/stream", "Hello!");
        request.stream_options = Some(StreamOptions { include_usage: Some(true), ..Default::default() });
        let (mut text, mut finish_reason, mut usage) = (String::new(), String::new(), Usage::default());
        let mut chunks = self.create_stream(&request).await?;
        while let Some(chunk) = chunks.message().await? {
            for choice in chunk.choices {
                text.push_str(choice.delta.as_ref().map_or("", more));
                finish_reason = choice.finish_reason.unwrap_or(finish_reason);
            }
            usage = chunk.usage.unwrap_or(usage);
        }
        println!("stream: {text}");
        println!("stream: {}", ending(&finish_reason, &usage));
        Ok(())
    }

    async fn tools(&self) -> Result<(), Error> {
        let mut request = asking("example/tools", "What is the weather in Paris, and how late is it there?");
        request.tools.push(weather());
        let (mut calls, mut finish_reason) = (BTreeMap::new(), String::new());
        let mut chunks = self.create_stream(&request).await?;
        while let Some(chunk) = chunks.message().await? {
            for choice in chunk.choices {
                add_tool_calls(&mut calls, choice.delta.unwrap_or_default().tool_calls);
                finish_reason = choice.finish_reason.unwrap_or(finish_reason);
            }
        }
        for call in calls.values() {
            let function = call.function.clone().unwrap_or_default();
            println!("tools: {} {} {}", call.id(), function.name(), function.arguments());
        }
        println!("tools: finish_reason {finish_reason}");
        Ok(())
    }

    async fn embed(&self) -> Result<(), Error> {
        let items = vec!["a lighthouse".into(), "a rowing boat".into()];
        let request = CreateEmbeddingRequest {
            model: Some("example/embed".into()),
            input_kind: Some(InputKind::InputTexts(InputTexts { items })),
            ..Default::default()
        };
        let mut embeddings = self.embeddings.clone();
        let response = embeddings.create_embedding(within(TIMEOUT, request)).await?.into_inner();
        for embedding in response.data {
            let numbers: Vec<String> = embedding.embedding.iter().map(f32::to_string).collect();
            println!("embed: {}", numbers.join(" "));
        }
        Ok(())
    }

    async fn retry(&self) -> Result<(), Error> {
        let mut models = self.models.clone();
        let request = RetrieveModelRequest { model: Some("example/flaky".into()), ..Default::default() };
        let call = async || models.retrieve_model(within(TIMEOUT, request.clone())).await;
        println!("retry: {}", retrying(call).await?.into_inner().id());
        Ok(())
    }

    /// Dropping a stream cancels it, so there is no status code to read.
    async fn cancel(&self) -> Result<(), Error> {
        let mut chunks = self.create_stream(&asking("example/endless", "Hello!")).await?;
        let mut count = 0;
        while count < 3 && chunks.message().await?.is_some() {
            count += 1;
        }
        drop(chunks);
        println!("cancel: {} after {count} chunks", spelled(Code::Cancelled));
        Ok(())
    }

    async fn deadline(&self) -> Result<(), Error> {
        let request = within(Duration::from_millis(500), asking("example/slow", "Hello!"));
        if let Err(status) = self.chat.clone().create_chat_completion(request).await {
            println!("deadline: {}", spelled(Failure::from(status).code));
        }
        Ok(())
    }

    async fn invalid(&self) -> Result<(), Error> {
        let mut request = asking("example/chat", "Hello!");
        request.messages.push(ChatCompletionMessage { role: Some("user".into()), ..Default::default() });
        if let Err(status) = self.create(&request).await {
            let failure = Failure::from(status);
            println!("invalid: {} {}", spelled(failure.code), failure.reason());
            for violation in failure.details.bad_request().into_iter().flat_map(|wrong| &wrong.field_violations) {
                println!("invalid: {} {}", violation.field, violation.description);
            }
        }
        Ok(())
    }

    async fn rate_limit(&self) -> Result<(), Error> {
        let mut request = within(TIMEOUT, asking("example/rate-limited", "Hello!"));
        request.metadata_mut().insert("x-request-id", MetadataValue::from_static("example-rate-limit"));
        if let Err(status) = self.chat.clone().create_chat_completion(request).await {
            let failure = Failure::from(status);
            println!("rate-limit: {} {}", spelled(failure.code), failure.reason());
            if failure.reason() == Reason::RateLimitExceeded.as_str_name() {
                if let Some(delay) = failure.details.retry_info().and_then(|info| info.retry_delay) {
                    println!("rate-limit: retry after {} ms", delay.as_millis());
                }
            }
            if let Some(error) = &failure.upstream {
                println!("rate-limit: upstream HTTP {} {}", error.http_status(), error.code());
            }
            if let Some(info) = failure.details.request_info() {
                println!("rate-limit: request id {}", info.request_id);
            }
        }
        Ok(())
    }

    async fn cut(&self) -> Result<(), Error> {
        let mut chunks = self.create_stream(&asking("example/cut", "Hello!")).await?;
        let (mut text, mut count) = (String::new(), 0);
        let end = loop {
            match chunks.message().await {
                Ok(Some(chunk)) => {
                    count += 1;
                    text.extend(chunk.choices.iter().filter_map(|choice| choice.delta.as_ref()).map(more));
                }
                Ok(None) => return Ok(()),
                Err(status) => break Failure::from(status),
            }
        };
        println!("cut: {text} after {count} chunks");
        println!("cut: {} {}", spelled(end.code), end.reason());
        Ok(())
    }

    async fn missing(&self) -> Result<(), Error> {
        let mut models = self.models.clone();
        let request = RetrieveModelRequest { model: Some("example/missing".into()), ..Default::default() };
        let call = async || models.retrieve_model(within(TIMEOUT, request.clone())).await;
        if let Err(status) = retrying(call).await {
            let failure = Failure::from(status);
            println!("missing: {} {}", spelled(failure.code), failure.reason());
            if let Some(resource) = failure.details.resource_info() {
                println!("missing: {} {}", resource.resource_type, resource.resource_name);
            }
        }
        Ok(())
    }
}

/// A request with one user message.
fn asking(model: &str, text: &str) -> CreateChatCompletionRequest {
    CreateChatCompletionRequest {
        model: Some(model.into()),
        messages: vec![ChatCompletionMessage {
            role: Some("user".into()),
            content_kind: Some(ContentKind::Content(text.into())),
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn weather() -> Tool {
    let parameters = r#"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#;
    Tool {
        r#type: Some("function".into()),
        function: Some(FunctionDefinition {
            name: Some("get_weather".into()),
            description: Some("The weather in a city, now.".into()),
            parameters_json: Some(parameters.into()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// The text of the first choice.
fn text(response: &CreateChatCompletionResponse) -> &str {
    match response.choices.first().and_then(|choice| choice.message.as_ref()?.content_kind.as_ref()) {
        Some(ContentKind::Content(text)) => text,
        _ => "",
    }
}

/// The text that a delta adds.
fn more(delta: &ChatCompletionDelta) -> &str {
    match &delta.content_kind {
        Some(DeltaContent::Content(text)) => text,
        _ => "",
    }
}

/// Adds deltas to tool calls: each delta names its call by index, and the arguments come in pieces.
fn add_tool_calls(calls: &mut BTreeMap<i32, ToolCall>, deltas: Vec<ToolCallDelta>) {
    for delta in deltas {
        let call = calls.entry(delta.index()).or_default();
        call.id = delta.id.or(call.id.take());
        let function = call.function.get_or_insert_default();
        let news = delta.function.unwrap_or_default();
        function.arguments.get_or_insert_default().push_str(news.arguments());
        function.name = news.name.or(function.name.take());
    }
}

/// The finish reason and the usage.
fn ending(finish_reason: &str, usage: &Usage) -> String {
    let (prompt, completion, total) = (usage.prompt_tokens(), usage.completion_tokens(), usage.total_tokens());
    format!("finish_reason {finish_reason}, {prompt} + {completion} = {total} tokens")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let target = env::var("AIBRIDGE_TARGET").unwrap_or_else(|_| "127.0.0.1:50051".into());
    let example = Example::new(connect(&target)?, &env::var("AIBRIDGE_TOKEN").unwrap_or_default())?;
    example.models().await?;
    example.chat().await?;
    example.stream().await?;
    example.tools().await?;
    example.embed().await?;
    example.retry().await?;
    example.cancel().await?;
    example.deadline().await?;
    example.invalid().await?;
    example.rate_limit().await?;
    example.cut().await?;
    example.missing().await
}
