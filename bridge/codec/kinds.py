"""The JSON type of each `_json` field for which the API accepts only one. The comments in the protos say the same.

Other `_json` fields hold any JSON. `tests/contract` compares this table with the comments.
"""

from collections.abc import Mapping
from typing import Final

KINDS: Final[Mapping[str, type]] = {
    **dict.fromkeys(
        (
            "byok_json",
            "chat_template_kwargs_json",
            "citation_json",
            "context_json",
            "cost_json",
            "debug_json",
            "extra_body_json",
            "format_json",
            "json_schema_json",
            "latency_checkpoint_json",
            "max_price_json",
            "mm_processor_kwargs_json",
            "parameters_json",
            "provider_metadata_json",
            "schema_json",
            "search_parameters_json",
            "search_settings_json",
            "structured_outputs_json",
            "trace_json",
            "usage_breakdown_json",
        ),
        dict,
    ),
    **dict.fromkeys(
        (
            "documents_json",
            "embedding_json",
            "images_json",
            "messages_json",
            "plugins_json",
            "prompt_logprobs_json",
            "structures_json",
        ),
        list,
    ),
}
