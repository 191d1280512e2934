"""Mails to those who administer: a sender broke, a campaign failed or was paused by the program, nobody sends.

What is written is what the dashboard lists (`deliveries.attention`), once for each occurrence.
"""
