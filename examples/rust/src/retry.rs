//! tonic has no service configs. This does what gRPC does with examples/service_config.json, without throttling.

use std::time::Duration;

use tonic::{Code, Response, Status};

const ATTEMPTS: u32 = 3;
const INITIAL_BACKOFF: Duration = Duration::from_millis(200);
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// Makes a call for models up to three times, while it fails with UNAVAILABLE and the bridge does not forbid retries.
/// Not for chats or embeddings: when a connection breaks, the client cannot tell whether they were billed.
pub async fn retrying<T>(
    mut call: impl AsyncFnMut() -> Result<Response<T>, Status>,
) -> Result<Response<T>, Status> {
    let mut backoff = INITIAL_BACKOFF;
    for _ in 1..ATTEMPTS {
        let status = match call().await {
            Err(status) if status.code() == Code::Unavailable => status,
            outcome => return outcome,
        };
        let delay = match status.metadata().get("grpc-retry-pushback-ms") {
            None => backoff.mul_f64(fastrand::f64()),
            Some(pushback) => match pushback.to_str().ok().and_then(|text| text.parse().ok()) {
                Some(milliseconds) => Duration::from_millis(milliseconds),
                None => return Err(status), // -1 or invalid: the server wants no retry
            },
        };
        tokio::time::sleep(delay).await;
        backoff = (backoff * 2).min(MAX_BACKOFF);
    }
    call().await
}
