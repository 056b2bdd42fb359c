"""The foundation of ML infrastructure: from a fresh machine to a server that stays up.

Rule: importing groundwork does nothing. Each part is a package with a door of its own.
"""
