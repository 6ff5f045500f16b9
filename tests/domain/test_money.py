import pytest

from actor_ticketing.domain.money import amount


@pytest.mark.parametrize(
    ("price", "currency", "text"),
    [
        (4500, "EUR", "45.00 EUR"),
        (5, "EUR", "0.05 EUR"),
        (0, "EUR", "0.00 EUR"),
        (123456789, "USD", "1,234,567.89 USD"),
        (7800, "JPY", "7,800 JPY"),
        (0, "JPY", "0 JPY"),
        (7800, "KWD", "7.800 KWD"),
        (7800, "CLF", "0.7800 CLF"),
        (7800, "XXX", "78.00 XXX"),
        (10**12, "IDR", "10,000,000,000.00 IDR"),
    ],
)
def test_an_amount_has_the_digits_of_its_currency(price: int, currency: str, text: str) -> None:
    assert amount(price, currency) == text
