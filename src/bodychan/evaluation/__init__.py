"""How well a tracker does.

`benchmark` runs a tracker over sequences whose true joints are known (`truth`), matches bodies to people and
measures them capture by capture (`measures`) and over time (`motion`); `result` holds what came out, `tables`
and `plots` show it, `speed` times whole conversions. `debug_frame` draws what each stage of the built-in
tracker did with one capture.
"""
