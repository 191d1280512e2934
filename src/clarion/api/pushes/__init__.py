"""People pushed one by one into triggered campaigns, thousands of calls a second: `POST /api/v1/campaigns/…/people`.

The same answers as the endpoint's (`api.endpoints.people`), with what calls cost shared: those that come while others
are under way are admitted, judged and written in one transaction. `calls` is the whole way without a server, `server`
a process of its own.
"""
