"""What the examples of the document are about. Tests send them, with the ids that the service has made meanwhile."""

INSTANT_MS = 1_795_373_155_023

SESSION = "IeiSI3xhICw-Gck0WUk7jE4EtKpjs_Nj"
EVENT = "ev_lecture_night"
SEAT = "tt_seat"
STREAM = "tt_livestream"

# What the service makes itself.
HOLD = "01M828P6RE23B1MPE2EKV3H3SG"
HOLD_CODE = "9NWMNV-H3EPCM-MKFQU7"
MAIL = f"{HOLD}.purchased"
WEBHOOK = "01M8295Z3JAX4GRYPBW62RMT0K"
TICKET = "P79X-4V3Y-9DP4-QUQ7"
QR_PAYLOAD = "eyJhbGciOiJFZERTQSIsImtpZCI6IlQwQUlXUlZOIn0.eyJjIjoiUDc5WC00VjNZIn0.pVQb"
REFRESH_TOKEN = "tnrqnlGXVMY_bFNP6vM6UqnhapWntAwTfW1nsg9rCKo"  # noqa: S105 - an example.

EMAIL = "ayu@example.com"
BUYER = {
    "fullName": "Ayu Lestari",
    "identityType": "passport",
    "identityNumber": "X1234567",
    "email": EMAIL,
    "whatsapp": "+62 812 3456 789",
}
HOLDER = {"fullName": "Budi Santoso", "identityType": "passport", "identityNumber": "X7654321"}
SIGN_UP = {"email": EMAIL, "password": "correct horse battery"}
