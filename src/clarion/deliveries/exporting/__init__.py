"""Files of a run's recipients: what stands in them (`rows`), how it is written (`formats`), where they lie (`files`),
how one is made from beginning to end (`writing`), and the background job that does it (`working`).
"""
