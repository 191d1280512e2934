"""The REST API, `/api/v1`: what screens and commands do, for programs.

It reads requests, calls the queries and operations of the domain and writes answers; it decides nothing. Modules
beside `frame` and `urls` load pydantic, so the program imports them with the first request, and never where it sends.
"""
