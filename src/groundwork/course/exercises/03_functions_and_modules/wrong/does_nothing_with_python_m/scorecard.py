"""Judge the predictions in a CSV file."""

import argparse


def main():
    parser = argparse.ArgumentParser(prog="scorecard")
    parser.add_argument("file")
    parser.parse_args()
    return 0
