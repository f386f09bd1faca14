"""What the client knows of the bridge's errors is what the bridge says of them."""

from aibridge.client import reasons
from bridge.errors import DOMAIN, Reason, Retry


def test_the_client_knows_each_reason_and_whether_to_retry() -> None:
    """The client's table is the bridge's: no reason is missing, and none has other advice."""
    assert dict(reasons.RETRYABLE) == {reason.name: reason.retry is not Retry.NO for reason in Reason}
    assert reasons.DOMAIN == DOMAIN
