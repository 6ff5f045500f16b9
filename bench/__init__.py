"""Measures the service against others, side by side in one run. ``python -m bench --help`` explains."""
