"""Every write to contacts, lists, suppressions, sources and imports that a person or another app asks for.

What the background jobs write as they go is in `reading` and `importing`.
"""

from clarion.audience.operations.contacts import (
    ContactFields,
    add_tags,
    create_contact,
    delete_contacts,
    remove_tags,
    set_contact_state,
    update_contact,
)
from clarion.audience.operations.imports import (
    cancel_import,
    create_import,
    redialect_import,
    start_import,
)
from clarion.audience.operations.lists import (
    add_to_list,
    create_list,
    delete_list,
    remove_from_list,
    update_list,
)
from clarion.audience.operations.optout import (
    note_soft_bounce,
    reset_answer_words,
    set_answer_words,
    set_caps,
    set_opt_out_rules,
)
from clarion.audience.operations.segments import create_segment, delete_segment, update_segment
from clarion.audience.operations.sources import (
    NOBODY,
    Without,
    create_contacts_source,
    create_list_source,
    create_segment_source,
    create_upload_source,
    delete_source,
)
from clarion.audience.operations.suppressions import (
    add_suppression,
    suppress,
    suppress_file,
    unsuppress,
    unsuppress_many,
    withdraw_unsubscription,
)

__all__ = [
    "NOBODY",
    "ContactFields",
    "Without",
    "add_suppression",
    "add_tags",
    "add_to_list",
    "cancel_import",
    "create_contact",
    "create_contacts_source",
    "create_import",
    "create_list",
    "create_list_source",
    "create_segment",
    "create_segment_source",
    "create_upload_source",
    "delete_contacts",
    "delete_list",
    "delete_segment",
    "delete_source",
    "note_soft_bounce",
    "redialect_import",
    "remove_from_list",
    "remove_tags",
    "reset_answer_words",
    "set_answer_words",
    "set_caps",
    "set_contact_state",
    "set_opt_out_rules",
    "start_import",
    "suppress",
    "suppress_file",
    "unsuppress",
    "unsuppress_many",
    "update_contact",
    "update_list",
    "update_segment",
    "withdraw_unsubscription",
]
