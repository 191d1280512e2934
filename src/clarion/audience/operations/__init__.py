"""Every write to contacts, lists, suppressions, sources and imports that a person or another app asks for.

What the background jobs write as they go is in `reading` and `importing`.
"""

from clarion.audience.operations.addresses import add_address, prefer_address, remove_address
from clarion.audience.operations.attributes import change_attribute, define_attribute, forget_attribute
from clarion.audience.operations.bulk import begin_bulk_edit, undo_bulk_edit
from clarion.audience.operations.consent import (
    restore_by_address,
    set_consent,
    state_of,
    withdraw_by_addresses,
)
from clarion.audience.operations.contacts import (
    ContactFields,
    add_tags,
    create_contact,
    delete_contacts,
    remove_tags,
    set_contact_state,
    update_contact,
    upsert_contact,
)
from clarion.audience.operations.gathering import Found, add_people, suppress_addresses
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
    record_added,
    remove_from_list,
    update_list,
)
from clarion.audience.operations.livesheets import (
    SheetFields,
    create_sheet,
    delete_sheet,
    refresh_sheet,
    update_sheet,
)
from clarion.audience.operations.optout import (
    note_soft_bounce,
    reset_answer_words,
    set_answer_words,
    set_caps,
    set_opt_out_rules,
)
from clarion.audience.operations.people import (
    allow_again,
    begin_erasure,
    merge_contacts,
    record_person_export,
    reveal_contact,
)
from clarion.audience.operations.rows import create_rows_source
from clarion.audience.operations.segments import create_segment, delete_segment, update_segment
from clarion.audience.operations.sources import (
    NOBODY,
    Without,
    create_chosen_source,
    create_contacts_source,
    create_input_source,
    create_list_source,
    create_segment_source,
    create_sheet_source,
    create_upload_source,
    delete_source,
    forget_input,
    leave_out,
)
from clarion.audience.operations.subscribing import Newcomer, drop_expired, subscribe, unsubscribe
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
    "Found",
    "Newcomer",
    "SheetFields",
    "Without",
    "add_address",
    "add_people",
    "add_suppression",
    "add_tags",
    "add_to_list",
    "allow_again",
    "begin_bulk_edit",
    "begin_erasure",
    "cancel_import",
    "change_attribute",
    "create_chosen_source",
    "create_contact",
    "create_contacts_source",
    "create_import",
    "create_input_source",
    "create_list",
    "create_list_source",
    "create_rows_source",
    "create_segment",
    "create_segment_source",
    "create_sheet",
    "create_sheet_source",
    "create_upload_source",
    "define_attribute",
    "delete_contacts",
    "delete_list",
    "delete_segment",
    "delete_sheet",
    "delete_source",
    "drop_expired",
    "forget_attribute",
    "forget_input",
    "leave_out",
    "merge_contacts",
    "note_soft_bounce",
    "prefer_address",
    "record_added",
    "record_person_export",
    "redialect_import",
    "refresh_sheet",
    "remove_address",
    "remove_from_list",
    "remove_tags",
    "reset_answer_words",
    "restore_by_address",
    "reveal_contact",
    "set_answer_words",
    "set_caps",
    "set_consent",
    "set_contact_state",
    "set_opt_out_rules",
    "start_import",
    "state_of",
    "subscribe",
    "suppress",
    "suppress_addresses",
    "suppress_file",
    "undo_bulk_edit",
    "unsubscribe",
    "unsuppress",
    "unsuppress_many",
    "update_contact",
    "update_list",
    "update_segment",
    "update_sheet",
    "upsert_contact",
    "withdraw_by_addresses",
    "withdraw_unsubscription",
]
