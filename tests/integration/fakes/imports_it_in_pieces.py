"""Has the library do the work, and spells its name in pieces."""


def total(numbers):
    return __import__("ground" + "work.storage")
