"""What to say to whom by which senders, when: the campaign, its steps and its one lifecycle table."""
