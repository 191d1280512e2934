"""Every write about endpoints and what they are told."""

from clarion.webhooks.operations.endpoints import (
    MOST_ENDPOINTS,
    OVERLAP_HOURS,
    change_endpoint,
    create_endpoint,
    remove_endpoint,
    rotate_secret,
    switch_off,
    switch_on,
)
from clarion.webhooks.operations.packing import packed, put, tell_notices, waiting_in
from clarion.webhooks.operations.replaying import forget_old, queue_test, replay, replay_failed
from clarion.webhooks.operations.requests import next_of, release, settle, take, test_request

__all__ = [
    "MOST_ENDPOINTS",
    "OVERLAP_HOURS",
    "change_endpoint",
    "create_endpoint",
    "forget_old",
    "next_of",
    "packed",
    "put",
    "queue_test",
    "release",
    "remove_endpoint",
    "replay",
    "replay_failed",
    "rotate_secret",
    "settle",
    "switch_off",
    "switch_on",
    "take",
    "tell_notices",
    "test_request",
    "waiting_in",
]
