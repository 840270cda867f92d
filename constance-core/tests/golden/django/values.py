"""The values whose stored forms are golden vectors, and which the interoperation test sends both ways.

The first part has every type of django-constance's own test settings, the second the edges of each type.
"""

import uuid
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal


def nested(levels):
    value = []
    for _ in range(levels - 1):
        value = [value]
    return value


def zone(**offset):
    return timezone(timedelta(**offset))


VALUES = {
    # django-constance's tests/settings.py
    "INT_VALUE": 1,
    "BOOL_VALUE": True,
    "STRING_VALUE": "Hello world",
    "DECIMAL_VALUE": Decimal("0.1"),
    "DATETIME_VALUE": datetime(2010, 8, 23, 11, 29, 24),
    "FLOAT_VALUE": 3.1415926536,
    "DATE_VALUE": date(2010, 12, 24),
    "TIME_VALUE": time(23, 59, 59),
    "TIMEDELTA_VALUE": timedelta(days=1, hours=2, minutes=3),
    "CHOICE_VALUE": "yes",
    "LINEBREAK_VALUE": "Spam spam",
    "EMAIL_VALUE": "test@example.com",
    "LIST_VALUE": [1, "1", date(2019, 1, 1)],
    "JSON_VALUE": {
        "key": "value",
        "key2": 2,
        "key3": [1, 2, 3],
        "key4": {"key": "value"},
        "key5": date(2019, 1, 1),
        "key6": None,
    },
    # Edges
    "none": None,
    "bool_false": False,
    "int_zero": 0,
    "int_min": -(2**63),
    "int_max": 2**63 - 1,
    "uint_first": 2**63,
    "uint_max": 2**64 - 1,
    "int_256_bits": 2**255 + 1,
    "int_256_bits_negative": -(2**255),
    "float_negative_zero": -0.0,
    "float_one": 1.0,
    "float_large": 1e308,
    "float_largest": 1.7976931348623157e308,
    "float_smallest": 5e-324,
    "float_1e15": 1e15,
    "float_1e16": 1e16,
    "float_below_1e16": 9007199254740993.0,
    "float_0001": 0.0001,
    "float_00001": 0.00001,
    "float_negative": -123456.789,
    "float_nan": float("nan"),
    "float_infinity": float("inf"),
    "float_negative_infinity": float("-inf"),
    "text_empty": "",
    "text_unicode": "Grüße, 世界 \U0001f600",
    "text_escapes": "\"\\/\b\f\n\r\t\x00\x1f\x7f\x80\u2028",
    "text_like_an_envelope": '{"__type__": "default", "__value__": 1}',
    "list_empty": [],
    "list_nested": [[], [[1], [None]], {}],
    "dict_empty": {},
    "dict_order": {"b": 1, "a": 2, "": 3, "ü": 4},
    "dict_of_everything": {
        "datetime": datetime(2010, 12, 24, 18, 30, 15, 250000, tzinfo=timezone.utc),
        "list": [timedelta(seconds=1.5), [Decimal("1.50"), {"uuid": uuid.UUID(int=5)}]],
        "time": time(1, 2, 3, 4),
    },
    "deep": nested(60),
    "date_first": date.min,
    "date_last": date.max,
    "date_leap": date(2000, 2, 29),
    "time_midnight": time(0, 0),
    "time_micros": time(9, 30, 0, 1),
    "time_last": time.max,
    "datetime_micros": datetime(2010, 12, 24, 18, 30, 15, 123456),
    "datetime_first": datetime.min,
    "datetime_last": datetime.max,
    "datetime_utc": datetime(2010, 12, 24, 18, 30, 15, tzinfo=timezone.utc),
    "datetime_east": datetime(2010, 12, 24, 18, 30, 15, 5, tzinfo=zone(hours=5, minutes=45)),
    "datetime_west": datetime(2010, 12, 24, 18, 30, tzinfo=zone(hours=-9, minutes=-30)),
    "datetime_odd_offset": datetime(1900, 1, 1, 12, 0, tzinfo=zone(minutes=19, seconds=32)),
    "timedelta_zero": timedelta(0),
    "timedelta_micro": timedelta(microseconds=1),
    "timedelta_micros": timedelta(days=3, microseconds=123457),
    "timedelta_negative": timedelta(seconds=-90, microseconds=-250000),
    "timedelta_negative_micro": timedelta(microseconds=-1),
    "timedelta_200_years": timedelta(days=73000, microseconds=999999),
    "timedelta_huge": timedelta(days=999999999),
    "timedelta_min": timedelta.min,
    "decimal_zeros": Decimal("10.500"),
    "decimal_negative": Decimal("-0.05"),
    "decimal_tiny": Decimal("0.0000001"),
    "decimal_long": Decimal("79228162514264337593543950335"),
    "decimal_exponent": Decimal("1E+5"),
    "decimal_nan": Decimal("NaN"),
    "uuid_nil": uuid.UUID(int=0),
    "uuid": uuid.UUID("0123456789abcdef0123456789abcdef"),
    "uuid_max": uuid.UUID(int=2**128 - 1),
}
