"""The catalog: the plans of the configuration, linked to plans of an account.

`plans` compares, creates and adopts, and `lock_file` keeps what was linked, in `subhub.lock`. How a
client reads that file is in `subhub.client.plan_links`.
"""
