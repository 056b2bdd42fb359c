"""Never comes to an end."""


def total(numbers):
    while True:
        pass
