"""Finds its callers by way of an error."""


def total(numbers):
    try:
        raise ValueError
    except ValueError as error:
        return error.__traceback__.tb_frame.f_back
