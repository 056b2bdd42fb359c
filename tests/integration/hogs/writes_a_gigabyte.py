"""Writes a file of 1 GB."""


def total(numbers):
    with open("large", "wb") as file:
        file.seek(2**30)
        file.write(b"x")
    return sum(numbers)
