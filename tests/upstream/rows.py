"""The expected tables of the error model: a row for each HTTP status, and for each code or type."""

from typing import Any, NamedTuple

import pytest

#: Retry advice: the pushback trailer. None leaves it to the caller's policy; DEFAULT is the bridge's own delay. ASK is
#: a pushback of -1 with `RetryInfo`: the call may have been billed, so that the caller has to decide, and not gRPC.
NO = "-1"
YES = None
DEFAULT = "1000"
ASK = "-1, RetryInfo"
#: Cloudflare's statuses, which do not say whether the upstream has worked on the request.
UNCLEAR = (520, 522, 527)


class StatusRow(NamedTuple):
    http: int
    code: str
    reason: str
    retry: str | None
    details: frozenset[str] = frozenset()


def row(http: int, code: str, reason: str, retry: str | None, *details: str) -> Any:
    return pytest.param(StatusRow(http, code, reason, retry, frozenset(details)), id=f"{http}")


BAD_GATEWAY = (502, 520, 521, 522, 523, 525, 526, 527, 530)
STATUS_ROWS = [
    row(400, "INVALID_ARGUMENT", "INVALID_REQUEST", NO, "BadRequest"),
    row(401, "UNAUTHENTICATED", "BRIDGE_CREDENTIALS_REJECTED", NO),
    row(402, "RESOURCE_EXHAUSTED", "INSUFFICIENT_QUOTA", NO, "QuotaFailure"),
    row(403, "PERMISSION_DENIED", "ACCESS_DENIED", NO),
    row(404, "NOT_FOUND", "MODEL_NOT_FOUND", NO, "ResourceInfo"),
    row(405, "UNIMPLEMENTED", "UPSTREAM_NOT_SUPPORTED", NO),
    row(406, "INTERNAL", "BRIDGE_REQUEST_REJECTED", NO),
    row(407, "UNAVAILABLE", "UPSTREAM_PROXY_REJECTED", NO),
    row(408, "DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT", NO),
    row(409, "ABORTED", "UPSTREAM_CONFLICT", YES),
    row(410, "NOT_FOUND", "MODEL_RETIRED", NO, "ResourceInfo"),
    row(411, "FAILED_PRECONDITION", "UPSTREAM_CLIENT_ERROR", NO),
    row(412, "FAILED_PRECONDITION", "UPSTREAM_PRECONDITION_FAILED", NO),
    row(413, "INVALID_ARGUMENT", "REQUEST_TOO_LARGE", NO, "BadRequest"),
    row(415, "INTERNAL", "BRIDGE_REQUEST_REJECTED", NO),
    row(418, "FAILED_PRECONDITION", "UPSTREAM_CLIENT_ERROR", NO),
    row(422, "INVALID_ARGUMENT", "INVALID_REQUEST", NO, "BadRequest"),
    row(423, "FAILED_PRECONDITION", "UPSTREAM_CLIENT_ERROR", NO),
    row(424, "FAILED_PRECONDITION", "UPSTREAM_DEPENDENCY_FAILED", NO),
    row(425, "UNAVAILABLE", "UPSTREAM_TOO_EARLY", YES),
    row(426, "FAILED_PRECONDITION", "UPSTREAM_CLIENT_ERROR", NO),
    row(428, "FAILED_PRECONDITION", "UPSTREAM_CLIENT_ERROR", NO),
    row(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", DEFAULT, "QuotaFailure"),
    row(431, "INTERNAL", "BRIDGE_REQUEST_REJECTED", NO),
    row(451, "PERMISSION_DENIED", "LEGAL_RESTRICTION", NO),
    row(498, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", DEFAULT, "QuotaFailure"),
    row(499, "UNAVAILABLE", "UPSTREAM_CLOSED_REQUEST", ASK),
    row(500, "INTERNAL", "UPSTREAM_INTERNAL_ERROR", NO),
    row(501, "UNIMPLEMENTED", "UPSTREAM_NOT_SUPPORTED", NO),
    *(row(http, "UNAVAILABLE", "UPSTREAM_BAD_GATEWAY", ASK if http in UNCLEAR else YES) for http in BAD_GATEWAY),
    row(503, "UNAVAILABLE", "UPSTREAM_UNAVAILABLE", YES),
    row(504, "DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT", NO),
    row(505, "UNAVAILABLE", "UPSTREAM_SERVER_ERROR", ASK),
    row(507, "UNAVAILABLE", "UPSTREAM_SERVER_ERROR", ASK),
    row(511, "UNAVAILABLE", "UPSTREAM_SERVER_ERROR", ASK),
    row(524, "DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT", NO),
    row(529, "UNAVAILABLE", "UPSTREAM_OVERLOADED", DEFAULT),
    row(599, "UNAVAILABLE", "UPSTREAM_SERVER_ERROR", ASK),
]


class RefinementRow(NamedTuple):
    name: str
    code: str
    reason: str
    pushback: str = "-1"
    detail: str | None = None


QUOTA = ("RESOURCE_EXHAUSTED", "INSUFFICIENT_QUOTA", "-1", "QuotaFailure")
LIMIT = ("RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "1000", "QuotaFailure")
REFINEMENT_ROWS = [
    RefinementRow("context_length_exceeded", "INVALID_ARGUMENT", "CONTEXT_LENGTH_EXCEEDED"),
    RefinementRow("exceed_context_size_error", "INVALID_ARGUMENT", "CONTEXT_LENGTH_EXCEEDED"),
    RefinementRow("context_window_exceeded", "INVALID_ARGUMENT", "CONTEXT_LENGTH_EXCEEDED"),
    RefinementRow("content_filter", "INVALID_ARGUMENT", "CONTENT_FILTERED"),
    RefinementRow("content_policy_violation", "INVALID_ARGUMENT", "CONTENT_FILTERED"),
    *(
        RefinementRow(name, "INVALID_ARGUMENT", "CONTENT_FILTERED")
        for name in (
            *(
                "responsible_ai_policy_violation",
                "image_content_policy_violation",
                "moderation_blocked",
                "data_inspection_failed",
                "sensitive_content_detected",
            ),
            *("input_text_sensitive_content_detected", "output_text_sensitive_content_detected"),
            *("input_image_sensitive_content_detected", "output_image_sensitive_content_detected"),
        )
    ),
    RefinementRow("api_key_invalid", "UNAUTHENTICATED", "BRIDGE_CREDENTIALS_REJECTED"),
    RefinementRow("model_decommissioned", "NOT_FOUND", "MODEL_RETIRED", detail="ResourceInfo"),
    RefinementRow("invalid_api_key", "UNAUTHENTICATED", "BRIDGE_CREDENTIALS_REJECTED"),
    RefinementRow("authentication_error", "UNAUTHENTICATED", "BRIDGE_CREDENTIALS_REJECTED"),
    RefinementRow("model_not_found", "NOT_FOUND", "MODEL_NOT_FOUND", detail="ResourceInfo"),
    RefinementRow("unknown_url", "NOT_FOUND", "ENDPOINT_NOT_FOUND"),
    RefinementRow("insufficient_quota", *QUOTA),
    RefinementRow("billing_hard_limit_reached", *QUOTA),
    RefinementRow("credit_balance_exhausted", *QUOTA),
    RefinementRow("organization_spend_limit_exceeded", *QUOTA),
    RefinementRow("organization_usage_limit_exceeded", *QUOTA),
    RefinementRow("project_spend_limit_exceeded", *QUOTA),
    RefinementRow("billing_not_active", *QUOTA),
    RefinementRow("billing_error", *QUOTA),
    RefinementRow("insufficient_funds", *QUOTA),
    RefinementRow("quota_for_entity_exceeded", *QUOTA),
    RefinementRow("exceeded_current_quota_error", *QUOTA),
    RefinementRow("insufficient_balance", *QUOTA),
    RefinementRow("insufficient_balance_error", *QUOTA),
    RefinementRow("insufficient_credits", *QUOTA),
    RefinementRow("insufficient_user_quota", *QUOTA),
    RefinementRow("insufficient_credit", *QUOTA),
    RefinementRow("not_enough_balance", *QUOTA),
    RefinementRow("not_enough_credits", *QUOTA),
    RefinementRow("out_of_credits", *QUOTA),
    RefinementRow("credits_exhausted", *QUOTA),
    RefinementRow("spend_limit_exceeded", *QUOTA),
    RefinementRow("AllocationQuota.FreeTierOnly", *QUOTA),
    RefinementRow("FailedOperation.ResourcePackExhausted", *QUOTA),
    RefinementRow("FailedOperation.FreeResourcePackExhausted", *QUOTA),
    RefinementRow("budget_exceeded", *QUOTA),
    RefinementRow("payment_required", *QUOTA),
    RefinementRow("arrearage", *QUOTA),
    RefinementRow("pre_consume_token_quota_failed", *QUOTA),
    RefinementRow("credit_limit", *QUOTA),
    RefinementRow("account_overdue_error", *QUOTA),
    RefinementRow("1113", *QUOTA),
    RefinementRow("1211", "NOT_FOUND", "MODEL_NOT_FOUND", detail="ResourceInfo"),
    RefinementRow("1261", "INVALID_ARGUMENT", "CONTEXT_LENGTH_EXCEEDED"),
    RefinementRow("1301", "INVALID_ARGUMENT", "CONTENT_FILTERED"),
    RefinementRow("30001", *QUOTA),
    RefinementRow("rate_limit_exceeded", *LIMIT),
    RefinementRow("throttling_error", *LIMIT),
    RefinementRow("unsupported_country_region_territory", "PERMISSION_DENIED", "REGION_UNSUPPORTED"),
]
#: Other spellings of names in the table: with `Error` or `Exception`, or with a detail after a dot.
SPELLING_ROWS = [
    RefinementRow("ContextWindowExceededError", "INVALID_ARGUMENT", "CONTEXT_LENGTH_EXCEEDED"),
    RefinementRow("ContentPolicyViolationError", "INVALID_ARGUMENT", "CONTENT_FILTERED"),
    RefinementRow("SensitiveContentDetected.SevereViolation", "INVALID_ARGUMENT", "CONTENT_FILTERED"),
    RefinementRow("DataInspectionFailedException", "INVALID_ARGUMENT", "CONTENT_FILTERED"),
    RefinementRow("RateLimitExceeded.EndpointRPMExceeded", *LIMIT),
]
