"""What messages cost: held when they are claimed, charged when they are accepted, booked to the account afterwards.

docs/adr/0009 says why it is done in these three steps, docs/explanation/money.md what they mean to people.
"""
