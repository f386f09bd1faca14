//! tonic has no service configs. This is what gRPC would do with examples/service_config.json, without throttling.

use std::time::Duration;

use tonic::{Code, Response, Status};

pub const CHAT: u32 = 2;
pub const OTHERS: u32 = 3;

const INITIAL_BACKOFF: Duration = Duration::from_millis(200);
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// Makes the call up to `attempts` times, as long as it fails with UNAVAILABLE and the bridge does not forbid more.
/// A stream is repeated only while nothing has come of it: `call` returns with the first message.
pub async fn retrying<T>(
    attempts: u32,
    mut call: impl AsyncFnMut() -> Result<Response<T>, Status>,
) -> Result<Response<T>, Status> {
    let mut backoff = INITIAL_BACKOFF;
    for _ in 1..attempts {
        let status = match call().await {
            Err(status) if status.code() == Code::Unavailable => status,
            outcome => return outcome,
        };
        let delay = match status.metadata().get("grpc-retry-pushback-ms") {
            None => backoff.mul_f64(fastrand::f64()),
            Some(pushback) => match pushback.to_str().ok().and_then(|text| text.parse().ok()) {
                Some(milliseconds) => Duration::from_millis(milliseconds),
                None => return Err(status), // -1, or nonsense: the server wants no more of this
            },
        };
        tokio::time::sleep(delay).await;
        backoff = (backoff * 2).min(MAX_BACKOFF);
    }
    call().await
}
