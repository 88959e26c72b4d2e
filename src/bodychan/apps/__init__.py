"""What the commands do: convert, run live, record, inspect, measure."""
