"""Judge the predictions in a CSV file."""

import argparse
import sys


def main():
    parser = argparse.ArgumentParser(prog="scorecard")
    parser.add_argument("file")
    parser.parse_args()
    return 0


if __name__ == "__main__":
    sys.exit(main())
