"""Amounts of money as people read them."""

# ISO 4217: the digits of the minor unit, where they are not two.
_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND"), 0),
    **dict.fromkeys(("VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


def amount(price: int, currency: str) -> str:
    """Return ``1,234.50 EUR`` for a number of minor units, which is not negative, and an ISO 4217 code."""
    digits = _DIGITS.get(currency, 2)
    whole, part = divmod(price, 10**digits)
    return f"{whole:,}.{part:0{digits}d} {currency}" if digits else f"{whole:,} {currency}"
