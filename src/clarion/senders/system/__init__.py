"""The system sender: the one way by which Clarion itself writes mails to its people.

An administrator chooses one of the mail senders that are there, or gives a mail server of its own. A letter is kept,
sealed, until it is handed over, by the process that wrote it or, where that ends first, by the background jobs.
"""
